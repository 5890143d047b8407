"""Accepting a dataset's terms: what ``--accept-terms KEY`` records, and who must."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxr.datasets import Dataset


def settle(metadata: Path, key: str, dataset: "Dataset", *, accepted: bool) -> None:
    """Record that the terms were accepted now, or see that they were before; open data ask for neither.

    Raises:
        TermsError: they have to be accepted first.
        StorageError: it could not be recorded.
    """
    from cxr.library.obligations import terms_of
    from cxr.terms import accept, require_acceptance

    if accepted:
        accept(metadata, terms_of(key), f"--accept-terms {key}")
    elif dataset.TERMS.access != "open":
        require_acceptance(metadata, terms_of(key))
