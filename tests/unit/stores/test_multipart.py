"""A large object sent in parts: it is told to be there only where the library has said so."""

import pytest
from obstore.store import MemoryStore

from cxr.errors import StorageError
from cxr.stores import multipart
from cxr.stores.bucket import Bucket
from cxr.stores.multipart import Multipart

BUCKET = Bucket("s3", "bucket")


class PanicError(BaseException):
    """As a panic of the library's is raised."""


@pytest.fixture
def panicking(monkeypatch):
    """The library takes all parts, and panics then."""

    def put(_, __, parts, **___):
        for _ in parts:
            pass
        raise PanicError("the library")

    monkeypatch.setattr(multipart.obstore, "put", put)


def test_what_the_library_dies_of_is_raised_by_finish(panicking):
    upload = Multipart(BUCKET, MemoryStore(), "a.zip")
    upload.send(b"pixels")
    with pytest.raises(PanicError):
        upload.finish()


def test_what_the_library_dies_of_is_raised_by_the_next_part(monkeypatch):
    def put(*_, **__):
        raise PanicError("the library")

    monkeypatch.setattr(multipart.obstore, "put", put)
    upload = Multipart(BUCKET, MemoryStore(), "a.zip")
    upload._thread.join(10)
    with pytest.raises(PanicError):
        upload.send(b"pixels")


def test_an_upload_that_was_given_up_is_never_finished():
    client = MemoryStore()
    upload = Multipart(BUCKET, client, "a.zip")
    upload.send(b"pixels")
    upload.abort()
    with pytest.raises(StorageError, match="not taken whole") as caught:
        upload.finish()
    assert caught.value.next_step
    assert client.list().collect() == []


def test_one_that_is_finished_is_there():
    client = MemoryStore()
    upload = Multipart(BUCKET, client, "a.zip")
    upload.send(b"pixels")
    upload.finish()
    assert bytes(client.get("a.zip").bytes()) == b"pixels"
