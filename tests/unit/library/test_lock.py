"""One writer a library."""

import errno
import fcntl
import json
import os
import threading
import time

import pytest

from cxr.errors import LibraryError, StorageError
from cxr.library import lease as leases
from cxr.library import lock
from cxr.library.lease import LEASE_SECONDS
from cxr.library.lock import hold


@pytest.fixture(params=["local disk", "network file system"])
def path(request, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "is_network", lambda _: request.param == "network file system")
    return tmp_path / "metadata" / "library.lock"


@pytest.fixture
def lease(tmp_path, monkeypatch):
    """Return where the lease of a library on a network file system lies."""
    monkeypatch.setattr(lock, "is_network", lambda _: True)
    (tmp_path / "metadata").mkdir()
    return tmp_path / "metadata" / "library.lease"


def held(lease, verb="validate"):
    return hold(lease.with_name("library.lock"), verb)


def of_another(lease, *, age):
    lease.write_text(json.dumps({"pid": 1, "machine": "elsewhere", "verb": "index", "since": "then"}))
    then = time.time() - age
    os.utime(lease, (then, then))


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


def test_the_holders_own_error_is_the_one_that_is_told(path):
    with pytest.raises(ZeroDivisionError), hold(path, "download"):
        _ = 1 / 0


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, number):
    def refuse(_descriptor, _operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError) as caught, hold(tmp_path / "library.lock", "download"):
        pass
    assert os.strerror(number) in caught.value.happened


def test_a_lease_that_nobody_renewed_has_lapsed(lease):
    of_another(lease, age=LEASE_SECONDS / 2)
    with pytest.raises(LibraryError, match="elsewhere"), held(lease):
        pass
    of_another(lease, age=LEASE_SECONDS + 1)
    with held(lease):
        assert "validate" in lease.read_text()
    assert list(lease.parent.iterdir()) == []


def test_of_many_that_see_a_lapsed_lease_one_gets_it(lease):
    """They all find it lapsed at once; a second one must not break the first one's new lease."""
    for _ in range(20):
        of_another(lease, age=LEASE_SECONDS + 1)
        claims = [leases._Lease(lease, f"token-{number}") for number in range(8)]
        ready, got = threading.Barrier(len(claims)), []

        def claim(one, ready=ready, got=got):
            ready.wait()
            try:
                one.take("validate")
            except LibraryError:
                return
            got.append(one)

        threads = [threading.Thread(target=claim, args=(one,)) for one in claims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        standing = [one for one in got if one.is_mine()]
        assert len(standing) == 1
        standing[0].give_back()
        assert list(lease.parent.iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_lease_that_another_took_meanwhile_is_put_back(lease, monkeypatch, links):
    def another_is_faster(self, _seen, _holder):
        self.path.unlink()
        of_another(self.path, age=0)
        return True

    def refuse(_one, _other):
        raise PermissionError(errno.EPERM, "no hard links here")

    of_another(lease, age=LEASE_SECONDS + 1)
    monkeypatch.setattr(leases._Lease, "_has_lapsed", another_is_faster)
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(LibraryError, match="elsewhere"), held(lease):
        pass
    assert "elsewhere" in lease.read_text()
    assert [path.name for path in lease.parent.iterdir()] == ["library.lease"]


def work_on(lease, happens):
    """Hold the lease and work while something happens to it; give up after half a minute."""
    with held(lease):
        happens()
        for _ in range(600):
            time.sleep(0.05)
    pytest.fail("the holder went on")


def test_a_holder_renews_its_lease(lease, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.2)
    with held(lease):
        first = lease.stat().st_mtime_ns
        for _ in range(600):
            if lease.stat().st_mtime_ns > first:
                return
            time.sleep(0.05)
    pytest.fail("it did not")


def test_a_holder_whose_lease_was_taken_stops_and_leaves_the_other_its_own(lease, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.2)
    with pytest.raises(LibraryError, match="was lost"):
        work_on(lease, lambda: of_another(lease, age=0))
    assert "elsewhere" in lease.read_text()


def test_a_holder_that_ends_before_it_was_stopped_is_told_too(lease, monkeypatch):
    """Where the main thread cannot be interrupted, such as in a thread of a program of the user's."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.2)
    told = []

    def work():
        try:
            with held(lease):
                lease.unlink()
                for thread in threading.enumerate():
                    if thread.name == "cxr-lease":
                        thread.join(30)
        except LibraryError as error:
            told.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "was lost" in told[0].happened


def test_a_lease_that_cannot_be_renewed_in_time_is_lost(lease, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "the server is away")

    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.2)
    with pytest.raises(LibraryError, match="was lost"):
        work_on(lease, lambda: monkeypatch.setattr(os, "utime", refuse))


def test_one_renewal_that_fails_loses_nothing(lease, monkeypatch):
    refused, renew = [], leases._Lease.renew

    def refuse_once(self):
        if not refused:
            refused.append(self)
            raise OSError(errno.ESTALE, "stale file handle")
        return renew(self)

    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(leases._Lease, "renew", refuse_once)
    with held(lease):
        first = lease.stat().st_mtime_ns
        for _ in range(600):
            if lease.stat().st_mtime_ns > first:
                break
            time.sleep(0.05)
    assert refused
