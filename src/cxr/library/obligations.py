"""The terms of what a library holds, which lie beside it."""

from cxr import datasets
from cxr.index.read import sources
from cxr.library.open import Library
from cxr.stores.storage_errors import writing
from cxr.terms import DatasetTerms, write_note


def terms_of(key: str) -> DatasetTerms:
    """Return a dataset's terms as they go with everything made from it.

    Raises:
        UsageError: there is no such dataset.
    """
    dataset = datasets.load(key)
    return DatasetTerms(
        dataset=key,
        licence=dataset.TERMS.licence,
        restrictions=dataset.TERMS.summary,
        shareable=dataset.TERMS.shareable,
        citation=dataset.CITATION,
    )


def refresh_terms(library: Library) -> None:
    """Write ``TERMS.json`` for what the library holds now; none for an empty one.

    Raises:
        StorageError: it cannot be written.
    """
    held = sources(library.database)
    if held:
        write_note(library.layout.base, [terms_of(key) for key in held], replace=True)
        return
    with writing(library.layout.terms):
        library.layout.terms.unlink(missing_ok=True)
