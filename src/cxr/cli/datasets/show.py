"""Describe one dataset: its card, and counts from its published tables.

--tables names a table or the folder it lies in. Only tables are read: no library is needed, no image touched.

Examples:
    cxr datasets show nih
    cxr datasets show nih --labels
    cxr datasets show nih --tables ChestXray-NIHCC --json
"""

from typing import TYPE_CHECKING, Annotated

import typer

from cxr.cli import _options
from cxr.cli._card import card, card_lines, label_map
from cxr.cli._names import dataset_key, known
from cxr.cli._published import count_tables
from cxr.cli._run import Run
from cxr.cli._tally import tell_tally

if TYPE_CHECKING:
    from cxr.datasets import Dataset


def command(
    run: Run,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The dataset.")],
    *,
    tables: _options.Tables = None,
    release: _options.Release = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="How each published word maps to a common finding.")
    ] = False,
) -> None:
    """Print the card, the counts, or the label map."""
    from cxr import datasets

    found = dataset_key(key)
    dataset = datasets.load(found)
    chosen = _release(found, dataset, release)
    if labels:
        _show_labels(run, dataset)
    elif tables is not None:
        counts = count_tables(run, dataset, chosen, tables)
        run.out.document(counts)
        tell_tally(run.out, dataset.TITLE, counts)
    else:
        run.out.document(card(found, dataset))
        for line in card_lines(found, dataset):
            run.out.show(line)


def _release(key: str, dataset: "Dataset", release: str | None) -> str:
    if release is None:
        return next(iter(dataset.RELEASES))
    return known(release, dataset.RELEASES, f"release of {key}")


def _show_labels(run: Run, dataset: "Dataset") -> None:
    mapped = label_map(dataset)
    run.out.document(mapped)
    rows = [
        (labeller, published, common or "(none)")
        for labeller, words in mapped.items()
        for published, common in words.items()
    ]
    run.out.table(("labeller", "as published", "common finding"), rows)
    if not rows:
        run.out.show(f"{dataset.TITLE} has no labels.")
