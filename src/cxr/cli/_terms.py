"""Accepting a dataset's terms: what ``--accept-terms KEY`` records, and who must."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cxr.cli._names import dataset_key
from cxr.errors import TermsError, UsageError

if TYPE_CHECKING:
    from cxr.datasets import Dataset


class Acceptance:
    """What the user accepts with this command, in one library.

    Args:
        metadata: The library's metadata folder.
        typed: What was given after ``--accept-terms``.

    Raises:
        UsageError: there is no dataset of that name.
    """

    def __init__(self, metadata: Path, typed: Sequence[str] | None) -> None:
        self._metadata = metadata
        self._keys = tuple(map(dataset_key, typed or ()))

    def only_of(self, key: str) -> None:
        """See that no other dataset's terms are accepted, which nothing would come of.

        Raises:
            UsageError: one is named.
        """
        others = [other for other in self._keys if other != key]
        if others:
            raise UsageError(
                f"--accept-terms {others[0]}: this command takes {key} and nothing of {others[0]}.",
                next_step=f"Accept the terms of {others[0]} when you download or index it.",
            )

    def require(self, key: str, dataset: "Dataset") -> None:
        """See that the terms are accepted, now or before, changing nothing; open data ask for neither.

        Raises:
            TermsError: they have to be accepted first.
            StorageError: what was accepted before cannot be read.
        """
        from cxr.library.obligations import terms_of
        from cxr.terms import require_acceptance

        if key not in self._keys and dataset.TERMS.access != "open":
            require_acceptance(self._metadata, terms_of(key))

    def settle(self, key: str, dataset: "Dataset") -> None:
        """Record what is accepted now, or see that it was before. The library's lock is held.

        Raises:
            TermsError: the terms have to be accepted first.
            StorageError: it could not be recorded.
        """
        from cxr.library.obligations import terms_of
        from cxr.terms import accept

        self.require(key, dataset)
        if key in self._keys:
            accept(self._metadata, terms_of(key), f"--accept-terms {key}")

    def missing_step(self, key: str, dataset: "Dataset") -> str:
        """Return what is to be typed before a dataset may come in, or nothing."""
        try:
            self.require(key, dataset)
        except TermsError as error:
            return f"{error.happened} {error.next_step}"
        return ""
