"""A prefix of a bucket as the place where bytes go, at each kind of object store."""

import hashlib
import os
import pickle
import random
import signal
import subprocess
import sys
from contextlib import closing

import obstore
import pytest
from support.object_servers import Flipping, uploads_under_way

from cxr.errors import StorageError
from cxr.stores import Stored, objects
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.objects import SINGLE, ObjectStore
from cxr.stores.uploads import Uploads

MARK = b"a mark that passes in one piece!"


def put(store, name, content, *, block=1 << 20, sha256=None):
    with closing(store.new_part(name)) as part:
        for start in range(0, len(content), block):
            part.write(content[start : start + block])
    store.commit(name, hashlib.sha256(content).hexdigest() if sha256 is None else sha256)


def content_of(store, name):
    return b"".join(store.read(name))


def large():
    """More than is put in one request, and not a multiple of a part."""
    return random.Random(1).randbytes(SINGLE + 3_000_001)


NAMES = [
    "files/p10/p10000001/s50000001/a.jpg",
    "SHA256SUMS.txt",
    "CheXpert-v1.0 batch 2 (train 1)/patient90001/view1.jpg",
    "a+b&c=d.jpg",
    "50 %.jpg",
    "c%2Fd.jpg",
    "[1]#2~3.jpg",
    "röntgen.png",
]


def test_what_is_put_is_listed_and_read_under_its_published_name(store):
    contents = {name: f"{name}: pixels".encode() for name in NAMES}
    for name, content in contents.items():
        put(store, name, content)
    assert store.listing() == {name: len(content) for name, content in contents.items()}
    assert {name: content_of(store, name) for name in contents} == contents


def test_the_hash_that_was_put_beside_an_object_is_told_of_it(store, server):
    put(store, "a/b.jpg", b"pixels")
    # What stands for Google here keeps no metadata by Google's names.
    kept = "" if server.scheme == "gs" else hashlib.sha256(b"pixels").hexdigest()
    assert store.kept_sha256("a/b.jpg") == kept
    assert store.kept_sha256("absent.jpg") == ""


def test_a_listing_has_the_md5_where_the_store_keeps_one(store, server):
    put(store, "a/b.jpg", b"pixels")
    md5 = "" if server.name == "azurite" else hashlib.md5(b"pixels").hexdigest()
    assert list(store.stored()) == [Stored("a/b.jpg", 6, md5)]


def test_our_own_hash_stays_with_the_object(store, server):
    put(store, "a.jpg", b"pixels")
    if server.name == "google":
        return  # rclone, which stands in for it, keeps metadata of S3's name alone
    kept = dict(obstore.get(store.client, "a.jpg").attributes)
    assert kept["sha256"] == hashlib.sha256(b"pixels").hexdigest()


def test_putting_again_replaces(store):
    put(store, "a.jpg", b"old")
    put(store, "a.jpg", b"newer")
    assert store.listing() == {"a.jpg": 5}
    assert content_of(store, "a.jpg") == b"newer"


def test_nothing_is_there_before_the_commit_nor_after_giving_up(store):
    for content in (b"small", large()):
        store.new_part("a.jpg").write(content)
        assert store.listing() == {}
        store.discard("a.jpg")
        assert store.listing() == {}
    store.discard("never begun")


def test_an_empty_object_is_one(store):
    put(store, "empty", b"")
    assert store.listing() == {"empty": 0}
    assert content_of(store, "empty") == b""


def test_a_large_object_goes_in_parts_and_comes_back_whole(store):
    content = large()
    put(store, "large.zip", content, block=777_777)
    assert store.listing() == {"large.zip": len(content)}
    assert hashlib.sha256(content_of(store, "large.zip")).digest() == hashlib.sha256(content).digest()


def test_giving_up_a_large_object_leaves_no_parts_to_pay_for(moto, bucket):
    moto.make(bucket, False)
    store = moto.store(bucket)
    store.new_part("large.zip").write(large())
    store.discard("large.zip")
    store.new_part("large.zip").write(large())
    store.new_part("large.zip").write(b"begun again")
    assert uploads_under_way(moto, bucket) == 0
    store.commit("large.zip")
    assert store.listing() == {"large.zip": len(b"begun again")}


def test_a_large_object_of_another_hash_never_appears(moto, bucket):
    moto.make(bucket, False)
    store = moto.store(bucket)
    with pytest.raises(StorageError, match="Other bytes"):
        put(store, "large.zip", large(), sha256="0" * 64)
    store.discard("large.zip")
    assert store.listing() == {}
    assert uploads_under_way(moto, bucket) == 0


def test_a_byte_that_flips_on_the_way_is_caught_and_sent_again(server, bucket):
    server.make(bucket, False)
    with Flipping(server.origin, MARK, times=1) as proxy:
        store = server.store(bucket, through=proxy.origin)
        put(store, "a.jpg", MARK * 3)
        assert proxy.left == 0
        assert content_of(store, "a.jpg") == MARK * 3


def test_bytes_that_always_flip_end_the_run_and_leave_nothing(server, bucket):
    server.make(bucket, False)
    with Flipping(server.origin, MARK, times=1000) as proxy:
        store = server.store(bucket, through=proxy.origin)
        with pytest.raises(StorageError) as caught:
            put(store, "a.jpg", MARK * 3)
        assert "Other bytes arrived" in str(caught.value)
        assert proxy.left < 1000
    assert server.store(bucket).listing() == {}


def test_a_byte_of_a_large_object_that_flips_leaves_nothing(server, bucket):
    server.make(bucket, False)
    content = bytearray(large())
    content[5000 : 5000 + len(MARK)] = MARK
    with Flipping(server.origin, MARK, times=1000) as proxy:
        store = server.store(bucket, through=proxy.origin)
        with pytest.raises(StorageError):
            put(store, "large.zip", bytes(content))
        store.discard("large.zip")
        assert proxy.left < 1000
    assert server.store(bucket).listing() == {}


def test_an_object_that_is_not_there_is_told_as_a_file_is(store):
    with pytest.raises(FileNotFoundError):
        next(store.read("not/there.jpg"))
    store.remove("not/there.jpg")


def test_a_removed_object_is_gone(store):
    put(store, "a.jpg", b"pixels")
    store.remove("a.jpg")
    assert store.listing() == {}


def test_a_name_that_leads_out_of_the_prefix_is_refused(store):
    for name in ("../a.jpg", "a/../../b.jpg", "/a.jpg", "a//b.jpg"):
        with pytest.raises(StorageError, match="leads out"):
            store.new_part(name)


def test_a_store_reaches_other_processes(store):
    put(store, "a.jpg", b"pixels")
    assert content_of(pickle.loads(pickle.dumps(store)), "a.jpg") == b"pixels"


def test_a_listing_stays_below_its_prefix(server, bucket):
    server.make(bucket, False)
    put(server.store(bucket, "a/prefix"), "a.jpg", b"1")
    put(server.store(bucket, "a/prefix2"), "b.jpg", b"1")
    put(server.store(bucket, ""), "c.jpg", b"1")
    assert server.store(bucket, "a/prefix").listing() == {"a.jpg": 1}
    assert set(server.store(bucket, "").listing()) == {"a/prefix/a.jpg", "a/prefix2/b.jpg", "c.jpg"}


KILLED = """
import pickle, sys
store = pickle.loads(bytes.fromhex(sys.stdin.readline().strip()))
part = store.new_part("large.zip")
part.write(bytes(30 << 20))
print("sent", flush=True)
sys.stdin.readline()
"""


def test_a_process_killed_on_the_way_leaves_nothing_to_be_seen(store):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write(pickle.dumps(store).hex() + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "sent\n"
        os.kill(process.pid, signal.SIGKILL)
    assert store.listing() == {}
    put(store, "large.zip", b"smaller now")
    assert store.listing() == {"large.zip": 11}


def read_back(uploads, monkeypatch):
    """Return the names of the objects that are read back from now on."""
    read = []
    plain = uploads.read

    def counted(name):
        read.append(name)
        return plain(name)

    monkeypatch.setattr(uploads, "read", counted)
    return read


def test_once_read_back_right_amazon_is_believed_where_etags_are_no_md5s(moto, bucket, monkeypatch):
    """A bucket that encrypts with its own keys: reading all of it back would cost as much as it holds."""
    moto.make(bucket, False)
    store = moto.store(bucket)
    put(store, "1.jpg", b"pixels")
    uploads = Uploads(store.bucket, store.client, believed=True)
    read = read_back(uploads, monkeypatch)
    sha256 = hashlib.sha256(b"pixels").hexdigest()
    for _ in range(3):
        assert uploads.is_right("1.jpg", "0" * 32, "f" * 32, sha256)
    assert read == ["1.jpg"]


def test_an_odd_etag_of_an_object_in_parts_says_nothing_of_those_in_one_request(moto, bucket, monkeypatch):
    moto.make(bucket, False)
    store = moto.store(bucket)
    put(store, "1.jpg", b"pixels")
    uploads = Uploads(store.bucket, store.client, believed=True)
    read = read_back(uploads, monkeypatch)
    for _ in range(3):
        uploads.settle("1.jpg", "odd-1", "0-1", hashlib.sha256(b"pixels").hexdigest())
    assert read == ["1.jpg"]
    assert not uploads.is_right("1.jpg", "0" * 32, "f" * 32, hashlib.sha256(b"sent").hexdigest())


def test_who_else_speaks_s3_is_read_back_after_every_odd_etag(moto, bucket, monkeypatch):
    """Nobody says that it looks at the SHA-256 that it is sent."""
    moto.make(bucket, False)
    store = moto.store(bucket)
    read = read_back(store.uploads, monkeypatch)
    put(store, "1.jpg", b"pixels")
    assert read == []
    for _ in range(3):
        assert store.uploads.is_right("1.jpg", "0" * 32, "f" * 32, hashlib.sha256(b"pixels").hexdigest())
    assert read == ["1.jpg"] * 3


def test_amazon_alone_is_believed():
    region = {"region": "us-east-1"}
    assert ObjectStore("s3://bucket", BucketAccess(region)).uploads._believed
    assert not ObjectStore("s3://bucket", BucketAccess(region, "https://s3.example.org")).uploads._believed
    assert not ObjectStore("az://bucket", BucketAccess({"account_name": "lab"})).uploads._believed


def test_every_method_that_the_transfer_asks_for_is_there(store):
    assert not store.resumes
    assert store.open_part("a") is None
    assert store.read_note("a") is None
    assert isinstance(store.explained("a", OSError(5, "no")), StorageError)
    assert objects.ObjectStore.__doc__
