"""Whether a dataset's tables are among some paths."""

from collections.abc import Sequence

from cxr.datasets import Dataset
from cxr.errors import UsageError


def finds(dataset: Dataset, paths: Sequence[str]) -> bool:
    """Say whether a dataset finds the tables that it needs among paths."""
    try:
        dataset.find_tables(paths)
    except UsageError:
        return False
    return True


def has_tables(dataset: Dataset) -> bool:
    """Say whether a dataset reads published tables at all."""
    return not finds(dataset, [])
