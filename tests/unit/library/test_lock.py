"""One writer a library."""

import os
import time

import pytest

from cxr.errors import LibraryError
from cxr.library import lock
from cxr.library.lock import LEASE_SECONDS, hold


@pytest.fixture(params=["local disk", "network file system"])
def path(request, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "is_network", lambda _: request.param == "network file system")
    return tmp_path / "metadata" / "library.lock"


def test_a_second_writer_is_told_who_holds_the_library(path):
    with hold(path, "download --source nih"), pytest.raises(LibraryError) as caught, hold(path, "validate"):
        pass
    assert caught.value.exit_code == 6
    assert f"process {os.getpid()}" in str(caught.value)
    assert "download --source nih" in str(caught.value)


def test_the_lock_is_free_again_when_its_holder_ends(path):
    with hold(path, "download"):
        pass
    with hold(path, "validate"):
        pass


def test_a_lease_that_nobody_renewed_has_lapsed(path, monkeypatch):
    monkeypatch.setattr(lock, "is_network", lambda _: True)
    path.parent.mkdir()
    lease = path.with_suffix(".lease")
    lease.write_text("{}")
    with pytest.raises(LibraryError), hold(path, "validate"):
        pass
    old = time.time() - LEASE_SECONDS - 1
    os.utime(lease, (old, old))
    with hold(path, "validate"):
        assert "validate" in lease.read_text()
    assert not lease.exists()
