"""What lies below a prefix of a bucket, listed at several places side by side.

A store lists a thousand names a request, one page after the other: 377,110 names in one row would take
minutes. The folders near the top are listed beside each other instead.
"""

import queue
import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import obstore
from obstore.store import ObjectStore

from cxr.stores import Stored
from cxr.stores.bucket import AZURE, Bucket
from cxr.stores.bucket_errors import LIBRARY_ERRORS, explained_refusal

if TYPE_CHECKING:
    from obstore import ObjectMeta

_PAGE: Final = 1000
_ENOUGH: Final = 8
"""Folders from which on no more are looked for."""
_DEEPEST: Final = 6
_AT_ONCE: Final = 16
_PAGES_WAITING: Final = 32
_MD5: Final = re.compile(r"[0-9a-f]{32}")


def stored_below(bucket: Bucket, client: ObjectStore) -> Iterator[Stored]:
    """Yield every object below a bucket's prefix, in no order; a few pages are held at a time.

    Raises:
        AccessError: the store refuses.
        HostError: it cannot be reached, or has failed for longer than is tried.
        StorageError: it cannot be listed.
    """
    try:
        folders, pages = _folders(client)
        for page in pages:
            yield from _stored(bucket, page)
        for page in _side_by_side(client, folders):
            yield from _stored(bucket, page)
    except LIBRARY_ERRORS as error:
        raise explained_refusal(bucket, error) from None


def _folders(client: ObjectStore) -> tuple[list[str], list[Sequence["ObjectMeta"]]]:
    """Return folders that hold all objects but those returned with them."""
    folders, pages = [""], list[Sequence["ObjectMeta"]]()
    for _ in range(_DEEPEST):
        if len(folders) >= _ENOUGH or not folders:
            break
        below = list[str]()
        for folder in folders:
            inside, page = _look_into(client, folder)
            below += inside
            pages.append(page)
        if below == folders:
            break
        folders = below
    return folders, pages


def _look_into(client: ObjectStore, folder: str) -> tuple[list[str], Sequence["ObjectMeta"]]:
    """Return the folders of a folder and the objects beside them; of a large flat folder itself alone."""
    first = next(iter(obstore.list(client, folder or None, chunk_size=_PAGE)), ())
    if len(first) < _PAGE:
        return [], first
    start = len(folder) + 1 if folder else 0
    if not any("/" in one["path"][start:] for one in first):
        return [folder], ()
    found = obstore.list_with_delimiter(client, folder or None)
    return list(found["common_prefixes"]), found["objects"]


def _side_by_side(client: ObjectStore, folders: list[str]) -> Iterator[Sequence["ObjectMeta"]]:
    """Yield the pages of several folders as they come."""
    if not folders:
        return
    left: queue.SimpleQueue[str] = queue.SimpleQueue()
    for folder in folders:
        left.put(folder)
    came: queue.Queue[Sequence[ObjectMeta] | BaseException | None] = queue.Queue(_PAGES_WAITING)
    over = threading.Event()
    listing = [
        threading.Thread(target=_list, args=(client, left, came, over), name="listing", daemon=True)
        for _ in range(min(_AT_ONCE, len(folders)))
    ]
    for thread in listing:
        thread.start()
    running = len(listing)
    try:
        while running:
            page = came.get()
            if page is None:
                running -= 1
            elif isinstance(page, BaseException):
                raise page
            else:
                yield page
    finally:
        over.set()
        while not came.empty():
            came.get()  # whoever waits to hand over a page sees that it is over


def _list(
    client: ObjectStore,
    left: "queue.SimpleQueue[str]",
    came: "queue.Queue[Sequence[ObjectMeta] | BaseException | None]",
    over: threading.Event,
) -> None:
    try:
        while not over.is_set():
            folder = left.get_nowait()
            for page in obstore.list(client, folder or None, chunk_size=_PAGE):
                came.put(page)
                if over.is_set():
                    return
    except queue.Empty:
        came.put(None)
    except BaseException as error:  # noqa: BLE001  raised by whoever waits, for ever otherwise
        came.put(error)


def _stored(bucket: Bucket, page: Sequence["ObjectMeta"]) -> Iterator[Stored]:
    for one in page:
        e_tag = "" if bucket.scheme == AZURE else (one["e_tag"] or "").strip('"').lower()
        yield Stored(one["path"], one["size"], e_tag if _MD5.fullmatch(e_tag) else "")
