"""What lies below a prefix, listed side by side: all of it, once, and never all in memory."""

import threading
import tracemalloc

import obstore
import pytest
from obstore.store import MemoryStore

from cxr.stores import bucket_listing
from cxr.stores.bucket import Bucket
from cxr.stores.bucket_listing import stored_below

BUCKET = Bucket("s3", "bucket")


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(bucket_listing, "_PAGE", 5)


def filled(names):
    client = MemoryStore()
    for name in names:
        obstore.put(client, name, b"1")
    return client


SHAPES = {
    "nothing": [],
    "one": ["a"],
    "flat": [f"mimic_{number:03}.jpg" for number in range(60)],
    "tree": [
        f"release/files/p{ten}/p{ten}{number}/a{number}.jpg" for ten in range(10, 20) for number in range(12)
    ]
    + ["release/SHA256SUMS.txt", "release/metadata.csv.gz", "TERMS.json"],
    "lopsided": [f"a/b/c/d/e/f/g/h/{number}" for number in range(30)] + ["a/b/x", "z/y"],
    "a name and a folder of that name": ["a", *(f"a/{number}" for number in range(20)), "b"],
    "flat beside deep": [f"flat/{number}" for number in range(20)]
    + [f"deep/{one}/{two}" for one in range(9) for two in range(3)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_object_is_listed_once_whatever_the_tree(small_pages, shape):
    names = SHAPES[shape]
    assert sorted(one.name for one in stored_below(BUCKET, filled(names))) == sorted(names)


@pytest.mark.parametrize("server", ["moto", "rclone"], indirect=True)
def test_every_real_store_lists_all_of_its_pages(store):
    names = {f"files/p{ten}/{number}.jpg" for ten in range(10, 20) for number in range(105)} | {"list.txt"}
    threads = []

    def fill(some):
        for name in some:
            obstore.put(store.client, name, b"1", use_multipart=False)

    left = sorted(names)
    for number in range(8):
        threads.append(threading.Thread(target=fill, args=(left[number::8],)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    listed = [one.name for one in store.stored()]
    assert len(listed) == len(names) == 1051
    assert set(listed) == names


def test_whoever_stops_early_leaves_no_thread_behind(small_pages):
    listing = stored_below(BUCKET, filled(SHAPES["tree"]))
    next(listing)
    for _ in range(30):
        next(listing)
    listing.close()
    for thread in threading.enumerate():
        if thread.name == "listing":
            thread.join(5)
            assert not thread.is_alive()


class PanicError(BaseException):
    """As a panic of the library's is raised."""


def test_a_thread_that_dies_ends_the_listing(monkeypatch):
    def panic(*_, **__):
        raise PanicError

    monkeypatch.setattr(bucket_listing, "_folders", lambda _: (["a", "b"], []))
    monkeypatch.setattr(bucket_listing.obstore, "list", panic)
    raised = []

    def listed():
        try:
            list(stored_below(BUCKET, MemoryStore()))
        except PanicError as error:
            raised.append(error)

    waiting = threading.Thread(target=listed, daemon=True)
    waiting.start()
    waiting.join(10)
    assert raised


def test_a_long_listing_is_never_held_whole(monkeypatch):
    """A page is some 0.5 MB of Python's: 128 of them would be twice what is allowed here."""
    page = [
        {"path": f"files/p10/{number}.jpg", "size": 1, "e_tag": None, "last_modified": None, "version": None}
        for number in range(1000)
    ]
    folders = [f"files/p{number}" for number in range(16)]
    monkeypatch.setattr(bucket_listing, "_folders", lambda _: (folders, []))
    monkeypatch.setattr(
        bucket_listing.obstore, "list", lambda *_, **__: ([dict(one) for one in page] for _ in range(8))
    )
    tracemalloc.start()
    try:
        count = sum(1 for _ in stored_below(BUCKET, MemoryStore()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 128_000
    assert peak < 40 << 20
