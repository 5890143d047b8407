"""What is half-written never bears an image's name."""

import resource
from contextlib import contextmanager

import pytest
from support.nih_folder import make_nih_folder

from cxr.errors import StorageError
from cxr.hosts import folder
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer.fetch import Job, fetch

SIZE = 256 * 256


class Elsewhere:
    """A folder as if it were at a remote host: its files cannot be linked."""

    def __init__(self, root):
        self._folder = folder.connect(root)
        self.key, self.open, self.url = "elsewhere", self._folder.open, self._folder.url

    def local_path(self, _):
        return None


@contextmanager
def files_of_at_most(size):
    """Cut a write short that crosses this size, without an error, as a disk does that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def job(tmp_path):
    [image] = (make_nih_folder(tmp_path / "nih", 1) / "images").iterdir()
    return Job(image.stem, Remote(f"images/{image.name}", image.stat().st_size), "nih_1.png")


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


def test_a_write_that_a_full_disk_cuts_short_leaves_nothing(tmp_path, job, store):
    host = Elsewhere(tmp_path / "nih")
    with files_of_at_most(SIZE // 2), pytest.raises(StorageError, match="No space left"):
        fetch(host, store, job)
    assert list(store.folder.iterdir()) == list((tmp_path / "temp").iterdir()) == []
    assert isinstance(fetch(host, store, job), Fetched)
    assert store.path(job.name).read_bytes() == (tmp_path / "nih" / job.remote.path).read_bytes()


def test_a_folder_that_bears_the_name_costs_this_image_alone(tmp_path, job, store):
    store.path(job.name).mkdir()
    for host in (Elsewhere(tmp_path / "nih"), folder.connect(tmp_path / "nih")):
        failure = fetch(host, store, job)
        assert isinstance(failure, Failure)
        assert failure.code == "name_taken"
        assert list((tmp_path / "temp").iterdir()) == []
