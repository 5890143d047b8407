"""What is to be done for one image, decided from what is known without reading it."""

from enum import StrEnum


class Action(StrEnum):
    """What to do."""

    KEEP = "keep"  # complete and in the ledger
    VERIFY = "verify"  # on disk under its final name, but the ledger does not know it
    FETCH = "fetch"


def decide(recorded_size: int | None, size_on_disk: int | None) -> Action:
    """Choose the action for one image.

    Args:
        recorded_size: Bytes that the ledger says were finished; ``None`` without such a row.
        size_on_disk: Bytes under the image's final name; ``None`` where there is no file.
    """
    if size_on_disk is None:
        return Action.FETCH
    if recorded_size is None:
        return Action.VERIFY
    return Action.KEEP if recorded_size == size_on_disk else Action.FETCH
