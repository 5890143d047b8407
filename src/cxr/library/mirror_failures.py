"""The list of what could not be had, at a mirror's destination; it is there once something could not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxr.errors import CxrError, StorageError
from cxr.library.mirror_others import put
from cxr.stores import Store


@contextmanager
def failures_put(store: Store, name: str, kept: Path) -> Iterator[None]:
    """Put the list after a run, however that ends; what stopped the run is told, not what putting meets then.

    Args:
        store: The destination.
        name: Of the list there.
        kept: The list in the state folder, which the run's end writes.

    Raises:
        StorageError: it cannot be put after a run that came to its end.
        AccessError: likewise.
        HostError: likewise.
    """
    try:
        yield
    except StorageError:  # nothing can be written there
        raise
    except BaseException:
        # Whether an earlier list lies there is not asked: a store that cannot be reached answers late.
        with suppress(CxrError, OSError):
            if _names_failures(kept):
                put(store, name, [kept.read_bytes()])
        raise
    _put(store, name, kept)


def _put(store: Store, name: str, kept: Path) -> None:
    """Put the list where something failed or an earlier list lies."""
    if _names_failures(kept) or _lies_there(store, name):
        put(store, name, [kept.read_bytes()])


def _names_failures(kept: Path) -> bool:
    return kept.read_bytes().count(b"\n") > 1  # its first line is a header


def _lies_there(store: Store, name: str) -> bool:
    with suppress(OSError):
        return any(store.read(name))
    return False
