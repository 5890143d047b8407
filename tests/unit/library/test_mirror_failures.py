"""The list of failures at a destination, however a run ends."""

import pytest

from cxr.errors import HostError, StorageError
from cxr.library.mirror_failures import failures_put
from cxr.stores.local import LocalStore

HEADER, ROW = b"source\timage_id\n", b"mimic\tx\n"


@pytest.fixture
def put(tmp_path):
    """Run to an end with a list of so many bytes, and return what lies at the destination then."""
    store = LocalStore(tmp_path / "there", tmp_path / "temp")
    kept = tmp_path / "kept.txt"

    def run(content, ending=None):
        try:
            with failures_put(store, "tree/failed_images.txt", kept):
                kept.write_bytes(content)
                if ending is not None:
                    raise ending
        finally:
            kept.unlink()
        path = tmp_path / "there" / "tree" / "failed_images.txt"
        return path.read_bytes() if path.exists() else None

    return run


def test_there_is_none_until_something_fails_and_it_is_emptied_when_all_has_come(put):
    assert put(HEADER) is None
    assert put(HEADER + ROW) == HEADER + ROW
    assert put(HEADER) == HEADER


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), HostError("gone", next_step="wait")])
def test_a_run_that_is_stopped_leaves_it_too(put, tmp_path, ending):
    with pytest.raises(type(ending)):
        put(HEADER + ROW, ending)
    assert (tmp_path / "there" / "tree" / "failed_images.txt").read_bytes() == HEADER + ROW


def test_a_run_that_was_stopped_before_anything_failed_asks_the_store_nothing(put, tmp_path):
    assert put(HEADER + ROW) == HEADER + ROW
    with pytest.raises(HostError):
        put(HEADER, HostError("gone", next_step="wait"))
    assert (tmp_path / "there" / "tree" / "failed_images.txt").read_bytes() == HEADER + ROW


def test_what_stopped_the_run_is_told_where_the_list_cannot_be_put_either(put, tmp_path):
    (tmp_path / "there").mkdir(exist_ok=True)
    (tmp_path / "there" / "tree").write_bytes(b"a file where the folder would be")
    with pytest.raises(KeyboardInterrupt):
        put(HEADER + ROW, KeyboardInterrupt())


def test_nothing_is_put_where_the_destination_cannot_be_written(put, tmp_path):
    with pytest.raises(StorageError):
        put(HEADER + ROW, StorageError("full", next_step="empty it"))
    assert not (tmp_path / "there" / "tree").exists()
