"""Counting a dataset's published tables, without a library."""

from pathlib import Path
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._words import count
from cxr.errors import UsageError

if TYPE_CHECKING:
    from cxr.datasets import Dataset
    from cxr.model import TableProblem

_SHOWN = 5


def count_tables(run: Run, dataset: "Dataset", release: str, tables: Path) -> dict[str, object]:
    """Return the counts of the tables at a path, ready for JSON; what could not be used is told on stderr.

    Raises:
        UsageError: the dataset has no tables, or there are none at the path.
        TableError: a table cannot be read.
    """
    from cxr.datasets import Published
    from cxr.hosts.folder import tables_in
    from cxr.index.statistics import to_json
    from cxr.tally import tally

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
    for problem in problems[:_SHOWN]:
        run.out.remark(f"{problem.table}, line {problem.line}: {problem.message}")
    if len(problems) > _SHOWN:
        run.out.remark(f"... and {count(len(problems) - _SHOWN, 'more row')} with problems")
    return counted
