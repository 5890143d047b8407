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
    from cxr.terms import DatasetTerms, accept, require_acceptance

    declared = dataset.TERMS
    terms = DatasetTerms(
        dataset=key,
        licence=declared.licence,
        restrictions=declared.summary,
        shareable=declared.shareable,
        citation=dataset.CITATION,
    )
    if accepted:
        accept(metadata, terms, f"--accept-terms {key}")
    elif declared.access != "open":
        require_acceptance(metadata, terms)
