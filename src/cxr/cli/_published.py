"""Counting a dataset's published tables, without a library."""

from pathlib import Path
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._words import count, one_line
from cxr.errors import TableError, UsageError

if TYPE_CHECKING:
    from cxr.datasets import Dataset, Published
    from cxr.model import TableProblem

_SHOWN = 5


def no_rows(dataset: "Dataset", published: "Published", problems: "list[TableProblem]") -> TableError:
    """Return the error for tables that name no image at all."""
    first = next(iter(problems), None)
    return TableError(
        f"{next(iter(published.tables.values()))} names no image of {dataset.TITLE}.",
        think=f"The first problem: line {first.line}: {first.message}." if first else "It has no rows.",
        next_step="Get the table again from where it is published, or name another: --tables FILE.",
    )


def count_tables(run: Run, dataset: "Dataset", release: str, tables: Path) -> dict[str, object]:
    """Return the counts of the tables at a path, ready for JSON; what could not be used is told on stderr.

    Raises:
        UsageError: the dataset has no tables, or there are none at the path.
        TableError: a table cannot be read.
    """
    from cxr.datasets import Published
    from cxr.hosts.folder import tables_in
    from cxr.tally import tally, to_json

    place, paths = tables_in(tables)
    found = dataset.find_tables(paths)
    if not found:
        raise UsageError(
            f"{dataset.TITLE} has no published tables to count.",
            next_step="Leave --tables out to see its card.",
        )
    published = Published(release, tables={role: place / path for role, path in found.items()})
    problems: list[TableProblem] = []
    counted = to_json(tally(dataset.read(published, problems.append), dataset.LABELLERS))
    if not counted["images"]:
        raise no_rows(dataset, published, problems)
    for problem in problems[:_SHOWN]:
        run.out.remark(one_line(f"{problem.table}, line {problem.line}: {problem.message}"))
    if len(problems) > _SHOWN:
        run.out.remark(f"... and {count(len(problems) - _SHOWN, 'more row')} with problems")
    return counted
