"""One file over HTTP: whole or not at all, and a large one goes on where it broke off."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from support.file_server import Treatment, png, serving
from support.nih_folder import make_nih_folder
from support.web_host import WebHost

from cxr.errors import StorageError
from cxr.hosts import folder
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.model import Failure, Fetched, Remote, Transfer
from cxr.stores.local import LocalStore
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.receive import receive
from cxr.transfer.unit import Job

LARGE = png(3 << 20, seed=1)
OTHER = png(3 << 20, seed=2)
SMALL = png(60_000)
SIZE = len(LARGE)
CUT = 1 << 20
LARGE_ENOUGH = 1_200_000  # bytes for a note


class Listener:
    """A report that keeps what it is told."""

    def __init__(self):
        self.results, self.bytes_moved, self.bytes_kept, self.stop_after = [], 0, 0, float("inf")

    def moved(self, size):
        self.bytes_moved += size

    def kept(self, size):
        self.bytes_kept += size

    def done(self, job, result):
        self.results.append(result)

    @property
    def stopping(self):
        return self.bytes_moved >= self.stop_after


@pytest.fixture
def served():
    with serving({"large.png": LARGE, "small.png": SMALL}) as server:
        yield server


@pytest.fixture
def host(served):
    host = WebHost(served.address, settings=HttpSettings(stall_timeout=0.3))
    yield host
    host.close()


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


def unit_for(path="large.png", *, size=SIZE, checksum="", verify=True):
    return FileUnit(Job("1", Remote(path, size, checksum), "1.png"), verify)


def attempt(unit, host, store, listener=None):
    """Try once, and return what was reported."""
    listener = listener or Listener()
    unit.attempt(host, store, listener)
    return listener.results[0]


def break_off(unit, host, store, served, treatment=None):
    """Try once while the connection does not hold."""
    listener = Listener()
    served.treat = lambda _: treatment or Treatment(cut=CUT)
    with pytest.raises(TransientError):
        unit.attempt(host, store, listener)
    served.treat = lambda _: Treatment()
    assert listener.results == []
    return listener


def leftovers(store):
    return sorted(entry.name for entry in store.part("x").parent.iterdir())


def content(store):
    return store.path("1.png").read_bytes()


@pytest.mark.parametrize(("path", "body"), [("large.png", LARGE), ("small.png", SMALL)])
def test_a_file_comes_whole_and_leaves_nothing_beside_it(path, body, host, store):
    listener = Listener()
    result = attempt(unit_for(path, size=len(body)), host, store, listener)
    assert content(store) == body
    assert (result.size, result.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert result.how is Transfer.RECEIVED
    assert listener.bytes_moved == len(body)
    assert leftovers(store) == []


@pytest.mark.parametrize("treatment", [Treatment(cut=CUT), Treatment(stall=CUT)], ids=["reset", "stall"])
def test_a_large_file_goes_on_where_the_connection_broke(treatment, host, store, served):
    listener = break_off(unit_for(), host, store, served, treatment)
    assert 0 < listener.bytes_kept <= CUT
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    second = served.requests[1]
    assert (second.start, second.condition) == (listener.bytes_kept, served.etag)
    assert leftovers(store) == []


def test_a_small_file_is_begun_anew(host, store, served):
    unit = unit_for("small.png", size=len(SMALL))
    listener = break_off(unit, host, store, served, Treatment(cut=40_000))
    assert listener.bytes_kept == 0
    assert leftovers(store) == []
    assert isinstance(attempt(unit, host, store), Fetched)
    assert served.requests[1].start == 0


def test_a_file_that_is_small_enough_leaves_no_note_unless_it_breaks_off(host, store, served):
    """Of 377,110 files that come in one go, none should cost a second file."""
    size = (2 << 20) - 1
    served.files["large.png"] = png(size)
    notes = []
    listener = Listener()
    listener.moved = lambda _: notes.append(leftovers(store))
    assert isinstance(attempt(unit_for(size=size), host, store, listener), Fetched)
    assert {name for found in notes for name in found} <= {"1.png.part"}
    break_off(unit_for(size=size), host, store, served)
    assert "1.png.resume.part" in leftovers(store)


def test_a_file_that_changed_meanwhile_comes_from_its_beginning(host, store, served):
    break_off(unit_for(), host, store, served)
    served.files["large.png"], served.etag = OTHER, '"two"'
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == OTHER


def test_a_host_that_gives_the_whole_instead_of_a_part_is_taken_at_its_word(host, store, served):
    break_off(unit_for(), host, store, served)
    served.treat = lambda _: Treatment(whole=True)
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    assert len(served.requests) == 2


def test_a_part_with_wrong_bytes_is_fetched_once_more_from_zero(host, store, served):
    """A power cut may leave such a part; the published checksum tells."""
    unit = unit_for(checksum=f"sha256:{hashlib.sha256(LARGE).hexdigest()}")
    break_off(unit, host, store, served)
    with store.part("1.png").open("r+b") as part:
        part.seek(1000)
        part.write(b"\0" * 1000)
    assert isinstance(attempt(unit, host, store), Fetched)
    assert content(store) == LARGE
    assert [request.start > 0 for request in served.requests] == [False, True, False]


def test_a_file_that_stays_wrong_is_a_failure_after_three_more_tries(host, store, served):
    unit = unit_for(checksum=f"sha256:{hashlib.sha256(OTHER).hexdigest()}")
    break_off(unit, host, store, served)
    failure = attempt(unit, host, store)
    assert isinstance(failure, Failure)
    assert failure.code == "hash_differs"
    assert len(served.requests) == 5
    assert leftovers(store) == []
    assert store.listing() == {}


def test_a_part_that_was_complete_is_only_confirmed(host, store, served):
    """The run was killed between the last byte and the name."""
    break_off(unit_for(), host, store, served)
    store.part("1.png").write_bytes(LARGE)
    before = served.sent
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    assert served.sent == before


def rewrite(note, **changes):
    note.write_text(json.dumps(json.loads(note.read_text()) | changes))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.write_text("{"),
        lambda note: note.write_text("[]"),
        lambda note: note.write_bytes(b"\xff" * 100),
        lambda note: note.unlink(),
        lambda note: rewrite(note, url="http://elsewhere/large.png"),
        lambda note: rewrite(note, size=SIZE - 1),
        lambda note: rewrite(note, validator=None),
    ],
    ids=["cut off", "no object", "no text", "gone", "another file", "another size", "no validator"],
)
def test_a_part_that_nobody_vouches_for_is_begun_anew(spoil, host, store, served):
    break_off(unit_for(), host, store, served)
    spoil(store.note("1.png"))
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    assert [request.start for request in served.requests] == [0, 0]


def test_a_file_whose_size_changed_is_another_one_whatever_its_validator_says(host, store, served):
    unit = unit_for(size=None)
    break_off(unit, host, store, served)
    served.files["large.png"] = png(SIZE + 1000, seed=3)
    with pytest.raises(TransientError, match="other bytes"):
        attempt(unit, host, store)
    assert isinstance(attempt(unit, host, store), Fetched)
    assert content(store) == served.files["large.png"]
    assert served.requests[-1].start == 0


def test_bytes_from_another_place_are_not_joined_to_a_part(host, store, served):
    break_off(unit_for(), host, store, served)
    with pytest.raises(TransientError, match="other bytes"):
        attempt(unit_for(), _Saying(host, shift=-5), store)
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE


def test_a_part_that_came_another_way_is_not_continued(host, store, served):
    """Killed, fetched from another host's archive, killed again: the note was of the first part."""
    break_off(unit_for(), host, store, served)
    with closing(store.new_part("1.png")) as part:
        part.write(OTHER[:CUT])
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    assert [request.start for request in served.requests] == [0, 0]


def test_a_part_that_is_longer_than_the_file_is_begun_anew(host, store, served):
    break_off(unit_for(), host, store, served)
    store.part("1.png").write_bytes(OTHER + b"more")
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    assert [request.start for request in served.requests] == [0, 0]


@pytest.mark.parametrize("kind", ["hard link", "symbolic link"])
def test_a_part_that_is_a_link_to_a_file_of_the_users_is_left_alone(kind, host, store, served, tmp_path):
    break_off(unit_for(), host, store, served)
    original = tmp_path / "original.png"
    original.write_bytes(OTHER[:CUT])
    part = store.part("1.png")
    part.unlink()
    (os.link if kind == "hard link" else os.symlink)(original, part)
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert original.read_bytes() == OTHER[:CUT]
    assert content(store) == LARGE
    assert served.requests[1].start == 0


def test_without_a_validator_only_a_published_checksum_lets_a_part_go_on(host, store, served):
    served.etag = ""
    break_off(unit_for(), host, store, served)
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert served.requests[1].start == 0
    checked = unit_for(checksum=f"md5:{hashlib.md5(LARGE).hexdigest()}")
    break_off(checked, host, store, served)
    assert isinstance(attempt(checked, host, store), Fetched)
    assert served.requests[-1].start > 0
    assert content(store) == LARGE


def test_a_file_of_unknown_size_goes_on_too(host, store, served):
    break_off(unit_for(size=None), host, store, served)
    assert isinstance(attempt(unit_for(size=None), host, store), Fetched)
    assert content(store) == LARGE
    assert served.requests[1].start > 0


@pytest.mark.parametrize("came", [OTHER, LARGE[:-7]])
def test_bytes_that_changed_on_the_way_come_once_more(host, store, served, came):
    served.files["large.png"] = came

    def treat(_):
        if len(served.requests) > 1:
            served.files["large.png"] = LARGE
        return Treatment()

    served.treat = treat
    unit = unit_for(size=None, checksum=f"sha256:{hashlib.sha256(LARGE).hexdigest()}")
    assert isinstance(attempt(unit, host, store), Fetched)
    assert content(store) == LARGE
    assert len(served.requests) == 2


def test_a_body_whose_end_nobody_announced_is_held_to_the_announced_size(host, store, served):
    served.treat = lambda _: Treatment(sized=False)
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    served.files["large.png"] = LARGE[:-1]
    assert attempt(unit_for(), host, store).code == "size_differs"


@pytest.mark.parametrize(("verify", "code"), [(True, "hash_differs"), (False, None)])
@pytest.mark.parametrize("who", ["the list", "the answer"])
def test_a_published_checksum_is_compared_unless_the_user_does_not_want_it(verify, code, who, host, store):
    wrong = "md5:" + "0" * 32
    unit = unit_for(checksum=wrong if who == "the list" else "", verify=verify)
    if who == "the answer":
        host = _Saying(host, wrong)
    result = attempt(unit, host, store)
    assert getattr(result, "code", None) == code


def test_a_checksum_of_a_kind_that_is_not_known_is_not_compared(host, store):
    assert isinstance(attempt(unit_for(), _Saying(host, "crc32c:AAAAAA=="), store), Fetched)


class _Saying:
    """A host whose answers say something else."""

    def __init__(self, host, checksum="", shift=0):
        self.ceiling, self.key, self.url, self._host = 1, "web", host.url, host
        self._checksum, self._shift = checksum, shift

    @contextmanager
    def open(self, *arguments):
        with self._host.open(*arguments) as content:
            content.checksum = self._checksum
            content.start += self._shift
            yield content


def test_what_the_host_refuses_is_raised(host, store):
    with pytest.raises(RefusedError) as caught:
        attempt(unit_for("gone.png"), host, store)
    assert caught.value.status == 404
    assert leftovers(store) == []


def test_a_run_that_stops_keeps_the_part_of_a_large_file(host, store, served):
    listener = Listener()
    listener.stop_after = 1
    with pytest.raises(TransientError):
        unit_for().attempt(host, store, listener)
    assert listener.results == []
    assert listener.bytes_moved < SIZE
    assert leftovers(store) == ["1.png.part", "1.png.resume.part"]


def test_a_full_disk_ends_the_run_and_gives_its_bytes_back(host, store):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CUT, hard))
    try:
        with pytest.raises(StorageError, match="No space left"):
            attempt(unit_for(), host, store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(store) == []


@pytest.mark.parametrize("keep", [False, True])
def test_a_full_disk_is_not_taken_for_the_connection_that_breaks_with_it(store, keep):
    """The last bytes that came are still in a buffer then."""

    def blocks():
        yield SMALL[:900]
        raise TransientError("reset", "the connection broke")

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (800, hard))
    try:
        with pytest.raises(StorageError, match="No space left"):
            receive(store, unit_for().job, blocks(), remote=Remote("large.png"), url="", where="", keep=keep)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(store) == []


def test_a_file_of_this_machine_is_linked(tmp_path):
    [image] = (make_nih_folder(tmp_path / "nih", 1) / "images").iterdir()
    store = LocalStore(tmp_path / "Images", tmp_path / "temp")
    unit = unit_for(f"images/{image.name}", size=image.stat().st_size)
    assert attempt(unit, folder.connect(tmp_path / "nih"), store).how is Transfer.LINKED


ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
KILLED = """
import sys
from pathlib import Path
from support.web_host import WebHost
from cxr.model import Remote
from cxr.stores.local import LocalStore
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.unit import Job

class Silent:
    stopping = False
    def moved(self, size): pass
    def kept(self, size): pass
    def done(self, job, result): pass

base, folder, size = sys.argv[1:]
store = LocalStore(Path(folder) / "Images", Path(folder) / "temp")
FileUnit(Job("1", Remote("large.png", int(size)), "1.png")).attempt(WebHost(base), store, Silent())
"""


def test_a_kill_costs_only_what_was_on_its_way(host, store, served, tmp_path):
    served.treat = lambda request: Treatment(pause=0.01 if request.number < 5 else 0)
    for kill in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, served.address, str(tmp_path), str(SIZE)], env=ENVIRONMENT
        )
        part = store.part("1.png")
        reached = LARGE_ENOUGH + kill * 300_000
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size > reached) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert isinstance(attempt(unit_for(), host, store), Fetched)
    assert content(store) == LARGE
    starts = [request.start for request in served.requests]
    assert starts == sorted(starts)
    assert all(start > 0 for start in starts[1:])
    assert leftovers(store) == []


def test_a_unit_is_what_it_says():
    unit = unit_for()
    assert (unit.jobs, unit.size, unit.exclusive) == ((unit.job,), SIZE, "")
    assert unit.without(frozenset({"1"})).jobs == unit.jobs
    assert list(unit.elsewhere()) == []
    assert replace(unit, job=replace(unit.job, remote=Remote("x"))).size == 0
