import hashlib
import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import pytest
from support.archive_server import Shelf, shelf
from support.tar_files import ARCHIVE, TarHost, Told

from cxr.http import RefusedError, TransientError
from cxr.model import Remote
from cxr.transfer import archive_source
from cxr.transfer.archive_source import EDGE, FIRST, ArchiveSource
from cxr.transfer.zip_member import StoppedError

DATA = Random(1).randbytes(3 << 20)


@pytest.fixture
def served() -> Iterator[Shelf]:
    with shelf({ARCHIVE: DATA}) as one:
        yield one


@pytest.fixture
def open_source(served: Shelf):
    """Open the archive; everything is closed at the end."""
    with ExitStack() as stack:

        def opened(*, patience: float = 0.0, told: Told | None = None, checksum: str = "") -> ArchiveSource:
            host = TarHost(served)
            stack.callback(host.close)
            source = ArchiveSource(host, Remote(ARCHIVE, None, checksum), told or Told(), patience=patience)
            stack.callback(source.close)
            return source

        yield opened


def rest_of(source: ArchiveSource) -> bytes:
    return b"".join(iter(source.read, b""))


def first_cut(number: int, length: int) -> int | None:
    """Reset the first connection after most of its bytes."""
    return length * 3 // 4 if number == 0 else None


def test_all_bytes_come_and_are_told(served: Shelf, open_source):
    told = Told()
    source = open_source(told=told)
    assert rest_of(source) == DATA
    assert source.finished
    assert (source.size, source.validator, source.head) == (len(DATA), '"one"', DATA[:EDGE])
    assert told.bytes_moved == served.sent == len(DATA)


def test_more_and_more_is_asked_for(served: Shelf, open_source):
    """So that stopping early wastes as much again at most, and the whole takes few requests."""
    source = open_source()
    assert rest_of(source) == DATA
    ends = [request.end for request in served.requests]
    assert ends == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, len(DATA)]


def test_what_is_left_of_a_large_archive_is_asked_for_at_once(
    served: Shelf, open_source, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(archive_source, "_ENOUGH", 2 * FIRST)
    assert rest_of(open_source()) == DATA
    assert [request.end for request in served.requests] == [FIRST, 2 * FIRST, len(DATA)]


def test_reading_goes_on_elsewhere(served: Shelf, open_source):
    source = open_source()
    source.read()
    source.seek(2_000_000, 1000)
    assert source.read() == DATA[2_000_000:2_001_000]
    assert served.requests[-1].end == 2_001_000
    assert served.requests[-1].conditional == '"one"'
    assert rest_of(source) == DATA[2_001_000:]


def test_a_reset_connection_is_replaced_where_it_broke(served: Shelf, open_source):
    """What was inflated so far is still good, so that no byte is asked for twice."""
    served.cut = first_cut
    assert rest_of(open_source()) == DATA
    first, second = served.requests[:2]
    assert first.sent == FIRST * 3 // 4
    assert second.start <= first.sent
    assert second.conditional == '"one"'


def test_a_connection_that_gives_nothing_is_for_others_to_judge(served: Shelf, open_source):
    served.cut = lambda _number, _length: 0
    with pytest.raises(TransientError):
        open_source().read()
    assert len(served.requests) == 1


def test_a_host_that_has_too_much_to_do_is_for_others_to_judge(served: Shelf, open_source):
    """They ask it for less; what was inflated is had again from the last point."""
    served.refuse = lambda number: 503 if number == 2 else 0
    source = open_source()
    with pytest.raises(TransientError) as caught:
        rest_of(source)
    assert caught.value.throttled
    assert len(served.requests) == 3


def test_who_would_have_to_begin_anew_waits_for_a_busy_host(served: Shelf, open_source):
    served.cut = first_cut
    served.refuse = lambda number: 503 if number in {1, 2} else 0
    assert rest_of(open_source(patience=0.01)) == DATA


def test_waiting_comes_to_an_end(served: Shelf, open_source):
    served.cut = first_cut
    served.refuse = lambda number: 500 if number else 0
    with pytest.raises(TransientError):
        rest_of(open_source(patience=0.001))
    assert len(served.requests) < 10


def test_who_waits_can_be_stopped(served: Shelf, open_source, monkeypatch: pytest.MonkeyPatch):
    """At once, though the waiting has no end here."""
    monkeypatch.setattr(archive_source, "_LONGEST", 1e9)
    served.cut = first_cut
    served.refuse = lambda number: 503 if number else 0
    told = Told()
    source = open_source(patience=1e8, told=told)
    timer = threading.Timer(0.3, setattr, (told, "stop_after", 0))
    timer.start()
    with pytest.raises(StoppedError):
        rest_of(source)
    timer.join()


def test_stopping_is_heeded_before_each_block(served: Shelf, open_source):
    told = Told()
    source = open_source(told=told)
    source.read()
    told.stop_after = 0
    with pytest.raises(StoppedError):
        source.read()


def test_a_host_without_parts_gives_all_at_once(served: Shelf, open_source):
    served.ranges = False
    assert rest_of(open_source()) == DATA
    assert len(served.requests) == 1


def test_a_host_without_parts_is_read_again_from_its_beginning(served: Shelf, open_source):
    served.ranges, served.cut = False, first_cut
    assert rest_of(open_source()) == DATA
    assert [request.start for request in served.requests][:2] == [0, 0]


@pytest.mark.parametrize("changed", [Random(2).randbytes(len(DATA)), DATA + b"more"], ids=["bytes", "size"])
def test_an_archive_that_was_replaced_is_noticed(served: Shelf, open_source, changed: bytes):
    source = open_source()
    source.read()
    served.files[ARCHIVE], served.etag = changed, lambda: '"two"'
    with pytest.raises(RefusedError, match="replaced by another") as caught:
        rest_of(source)
    assert caught.value.code == "archive_changed"


def test_validators_that_change_with_every_answer_do_no_harm(served: Shelf, open_source):
    """As those of servers do that hold the same file and count for themselves: size and beginning decide."""
    numbers = itertools.count()
    served.etag = lambda: f'"{next(numbers)}"'
    assert rest_of(open_source()) == DATA
    assert sum(request.start > 0 for request in served.requests) == 4, "parts are given all the same"


def test_a_host_that_says_neither_size_nor_state_is_read_to_its_end(served: Shelf, open_source):
    served.size_known, served.etag = False, lambda: ""
    assert rest_of(open_source()) == DATA


def test_an_archive_that_ends_with_a_request_ends(served: Shelf, open_source):
    served.files[ARCHIVE] = DATA[: 2 * FIRST]
    for known in (True, False):
        served.size_known = known
        assert rest_of(open_source()) == DATA[: 2 * FIRST]


def test_its_md5_is_known_when_it_came_in_one_go(served: Shelf, open_source):
    """Over several connections, too."""
    served.cut = first_cut
    source = open_source(checksum="md5:" + "0" * 32)
    rest_of(source)
    assert source.whole_md5 == "md5:" + hashlib.md5(DATA).hexdigest()


def test_its_md5_is_not_known_of_a_part(served: Shelf, open_source):
    source = open_source(checksum="md5:" + "0" * 32)
    source.read()
    assert source.whole_md5 == ""
    source.seek(1000)
    rest_of(source)
    assert source.whole_md5 == ""


def test_a_probe_costs_its_first_bytes(served: Shelf, open_source):
    source = open_source()
    source.probe()
    assert (source.size, source.validator, source.head) == (len(DATA), '"one"', DATA[:EDGE])
    assert served.sent == EDGE
    source.seek(5000, 100)
    assert source.read() == DATA[5000:5100]


def test_an_archive_that_is_not_there_is_refused(served: Shelf, open_source):
    served.files.clear()
    with pytest.raises(RefusedError) as caught:
        open_source().read()
    assert caught.value.status == 404
