"""A body arrives whole, however it is cut up on the way, or it is an error after all that came."""

import contextlib
import itertools
import socket
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.http import TransientError
from cxr.http.body import Body
from cxr.http.head import Framing
from cxr.http.sockets import Sockets
from cxr.http.wire import Wire

COUNTED = Framing(10, chunked=False, reusable=True)
CHUNKED = Framing(None, chunked=True, reusable=True)
OPEN_END = Framing(None, chunked=False, reusable=False)


@contextlib.contextmanager
def arriving(pieces, frame, *, ends=True, patience=10):
    """Give the body of what another thread sends, piece by piece."""
    ours, theirs = socket.socketpair()
    sockets = Sockets()
    sockets.add(ours)
    wire = Wire(ours, sockets, "http://localhost")
    wire.patience(patience)

    def send():
        with contextlib.suppress(OSError):
            for piece in pieces:
                theirs.sendall(piece)
            if ends:
                theirs.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield Body(wire, frame, "http://localhost"), wire
    finally:
        wire.close()
        thread.join(10)
        theirs.close()


def read(body):
    """Return what came, and the code of the error after it."""
    came = b""
    try:
        for block in body.blocks():
            assert 0 < len(block) <= 1 << 20
            came += block
    except TransientError as error:
        return came, error.code
    return came, ""


def cut(data, places):
    """Return the data in pieces, cut at those places."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def chunked(parts, extension=b"", trailer=b""):
    body = b"".join(b"%X%s\r\n%s\r\n" % (len(part), extension, part) for part in parts if part)
    return body + b"0\r\n" + trailer + b"\r\n"


PLACES = st.lists(st.integers(0, 10**6), max_size=8)
PARTS = st.lists(st.binary(max_size=60), max_size=8)


@given(st.binary(max_size=300), PLACES)
@settings(max_examples=50)
def test_a_counted_body_is_whole_and_the_connection_stays_usable(data, places):
    frame = Framing(len(data), chunked=False, reusable=True)
    with arriving(cut(data, places), frame, ends=False) as (body, _):
        assert read(body) == (data, "")
        assert body.leaves_usable()


@given(
    PARTS, PLACES, st.sampled_from([b"", b";x=1", b" ; name"]), st.sampled_from([b"", b"A: 1\r\nB: 2\r\n"])
)
@settings(max_examples=100)
def test_a_chunked_body_is_whole_and_the_connection_stays_usable(parts, places, extension, trailer):
    pieces = cut(chunked(parts, extension, trailer), places)
    with arriving(pieces, CHUNKED, ends=False) as (body, _):
        assert read(body) == (b"".join(parts), "")
        assert body.leaves_usable()


@given(PARTS, PLACES, st.integers(1, 10**6))
@settings(max_examples=100)
def test_a_chunked_body_that_ends_early_is_an_error_wherever_it_was_cut(parts, places, missing):
    whole = chunked(parts)
    sent = whole[: -(missing % len(whole) or 1)]
    with arriving(cut(sent, places), CHUNKED) as (body, _):
        came, code = read(body)
        assert code == "cut_short"
        assert b"".join(parts).startswith(came)
        assert not body.leaves_usable()


@given(st.integers(0, 9), PLACES)
@settings(max_examples=30)
def test_a_counted_body_that_ends_early_is_cut_short_after_all_that_came(size, places):
    with arriving(cut(b"0123456789"[:size], places), COUNTED) as (body, _):
        assert read(body) == (b"0123456789"[:size], "cut_short")
        assert not body.leaves_usable()


def test_a_body_without_an_end_goes_to_the_end_of_the_connection():
    with arriving([b"0123", b"456789"], OPEN_END) as (body, _):
        assert read(body) == (b"0123456789", "")
        assert not body.leaves_usable()


@pytest.mark.parametrize("frame", [COUNTED, OPEN_END])
def test_what_came_before_a_stall_is_not_lost(frame):
    with arriving([b"01234"], frame, ends=False, patience=0.1) as (body, _):
        assert read(body) == (b"01234", "stalled")
        assert not body.leaves_usable()


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            b"x\r\n",
            b"-1\r\n",
            b"\r\n",
            b"5\r\n01234XX\r\n",
            b"5\r\n01234567\r\n",
            b"5\r\n01234X\n0\r\n\r\n",
            b"0x5\r\n01234\r\n0\r\n\r\n",
        ),
        *(b"F" * 16 + b"\r\n", b"5;" + b"x" * 70_000 + b"\r\n", b"0\r\n" + b"A: 1\r\n" * 20_000 + b"\r\n"),
    ],
)
def test_chunks_that_cannot_be_read_are_told(wrong):
    with arriving([wrong], CHUNKED) as (body, _):
        assert read(body)[1] == "malformed"
        assert not body.leaves_usable()


def test_a_line_without_end_is_not_waited_for():
    with arriving([b"1" * 200_000], CHUNKED, ends=False, patience=2) as (body, _):
        assert read(body) == (b"", "malformed")


def test_many_small_chunks_are_handed_on_together():
    with arriving([chunked([b"abcdefghij"] * 50_000)], CHUNKED) as (body, _):
        blocks = list(body.blocks())
    assert b"".join(blocks) == b"abcdefghij" * 50_000
    assert len(blocks) < 100


def test_a_slow_body_is_shown_as_it_comes():
    def slowly():
        for piece in (b"01", b"23", b"45"):
            yield piece
            time.sleep(0.3)

    with arriving(slowly(), OPEN_END) as (body, _):
        assert len(list(body.blocks())) > 1


def test_a_large_body_comes_in_large_blocks():
    size = 8 << 20
    with arriving([bytes(size)], Framing(size, chunked=False, reusable=True)) as (body, _):
        blocks = list(body.blocks())
    assert sum(map(len, blocks)) == size
    assert min(map(len, blocks[:-1])) >= 256 << 10
    assert max(map(len, blocks)) <= 1 << 20


def test_an_unread_body_that_is_here_already_leaves_the_connection_usable():
    with arriving([b"5\n0123456789"], COUNTED, ends=False) as (body, wire):
        assert wire.line(5) == b"5"
        assert body.leaves_usable()
        assert wire.buffered == 0


def test_an_unread_body_that_is_still_to_come_is_not_waited_for():
    with arriving([b"5\n01234"], COUNTED, ends=False) as (body, wire):
        wire.line(5)
        assert not body.leaves_usable()


def test_more_than_was_announced_makes_the_connection_useless():
    with arriving([b"0123456789HTTP/1.1 200 OK"], COUNTED, ends=False) as (body, wire):
        assert read(body) == (b"0123456789", "")
        assert not (body.leaves_usable() and wire.idle)


def test_the_connection_is_usable_once_the_last_byte_is_taken():
    """Whoever knows how much there is does not ask for the end."""
    with arriving([b"0123456789"], COUNTED, ends=False) as (body, _):
        came = b""
        for block in body.blocks():
            came += block
            if len(came) == 10:
                break
        assert body.leaves_usable()
