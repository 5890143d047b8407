"""Files that are no images reach a store whole and right, or not at all."""

import hashlib
from types import SimpleNamespace

import pytest

from cxr.hosts import folder
from cxr.ledger.read import Finished
from cxr.library.mirror_others import Others, put
from cxr.library.mirror_tree import Other
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer.digest import NotTheImageError
from cxr.transfer.retry import RetryPolicy

TABLE = b"dicom_id,subject_id\n"
SHA256 = hashlib.sha256(TABLE).hexdigest()
NAME = "mimic-cxr/2.1.0/cxr-record-list.csv"


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "there", tmp_path / "temp")


@pytest.fixture
def bringing(tmp_path, store):
    """What brings the files of a folder that has the table."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "list.csv").write_bytes(TABLE)
    prepared = SimpleNamespace(host=folder.connect(tmp_path / "own"), holdings=None)
    return Others(prepared, store, tmp_path / "temp", RetryPolicy())


def other(checksum="", **more):
    return Other(Remote("list.csv", len(TABLE), checksum), NAME, **more)


def left(tmp_path):
    return [path for path in tmp_path.rglob("*.part") if path.is_file()]


def test_a_file_with_the_published_checksum_is_put_below_its_folders(tmp_path, store):
    assert put(store, NAME, [TABLE[:5], TABLE[5:]], f"sha256:{SHA256}").size == len(TABLE)
    assert (tmp_path / "there" / NAME).read_bytes() == TABLE
    assert not left(tmp_path)


def test_a_file_with_another_checksum_leaves_nothing(tmp_path, store):
    with pytest.raises(NotTheImageError):
        put(store, NAME, [TABLE], "sha256:" + "0" * 64)
    assert store.listing() == {}
    assert not left(tmp_path)


def test_a_file_whose_bytes_end_in_an_error_leaves_nothing(tmp_path, store):
    def breaking():
        yield TABLE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        put(store, NAME, breaking())
    assert store.listing() == {}
    assert not left(tmp_path)


def test_what_is_not_as_published_is_a_failure_with_its_reason(bringing, store):
    failure = bringing.bring(other("sha256:" + "0" * 64))
    assert isinstance(failure, Failure)
    assert failure.code == "hash_differs"
    assert "list.csv" in failure.reason
    assert store.listing() == {}


def test_a_table_that_is_here_and_is_another_comes_from_the_host(tmp_path, bringing, store):
    stale = tmp_path / "stale.csv"
    stale.write_bytes(b"of another release\n")
    assert isinstance(bringing.bring(other(f"sha256:{SHA256}", here=stale)), Fetched)
    assert b"".join(store.read(NAME)) == TABLE


def test_a_file_that_is_gone_is_a_failure(bringing):
    assert bringing.bring(Other(Remote("gone.csv"), "gone.csv")).code == "not_readable"


@pytest.mark.parametrize(
    ("checksum", "known", "right"),
    [
        (f"sha256:{SHA256}", None, True),
        ("sha256:" + "0" * 64, None, False),
        ("", Finished(NAME, len(TABLE), SHA256), True),
        ("", Finished(NAME, len(TABLE), "0" * 64), False),
        ("", None, False),
    ],
)
def test_what_lies_there_is_right_by_what_is_published_or_came_before(
    bringing, store, checksum, known, right
):
    put(store, NAME, [TABLE])
    assert (bringing.right(other(checksum), known) is not None) == right


def test_what_does_not_lie_there_is_not_right(bringing):
    assert bringing.right(other(f"sha256:{SHA256}"), None) is None
