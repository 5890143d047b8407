"""What a cut connection tells whoever uses it."""

import socket
import threading

import pytest

from cxr.http import TransientError
from cxr.http.sockets import Sockets
from cxr.http.wire import Wire


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    sockets = Sockets()
    sockets.add(ours)
    yield Wire(ours, sockets, "http://localhost"), theirs, sockets
    sockets.close(ours)
    theirs.close()


def test_a_request_over_a_cut_connection_says_that_it_was_cut(ends):
    wire, _, sockets = ends
    sockets.cut()
    with pytest.raises(TransientError) as caught:
        wire.ask(b"GET / HTTP/1.1\r\n\r\n", 5)
    assert caught.value.code == "closed"


def test_a_request_that_the_system_does_not_take_at_once_is_sent_whole(ends):
    wire, theirs, _ = ends
    request = bytes(range(256)) * 20_000
    received = bytearray()

    def answer():
        while len(received) < len(request):
            received.extend(theirs.recv(65536))
        theirs.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    other = threading.Thread(target=answer)
    other.start()
    assert wire.ask(request, 10).status == 204
    other.join(10)
    assert received == request


def test_a_request_that_nobody_takes_is_given_up(ends):
    wire, _, _ = ends
    with pytest.raises(TransientError) as caught:
        wire.ask(bytes(10 << 20), 0.2)
    assert caught.value.code == "no_answer"


def test_what_had_arrived_before_the_cut_is_not_given_out(ends):
    wire, theirs, sockets = ends
    theirs.sendall(b"0123456789")
    sockets.cut()
    with pytest.raises(TransientError) as caught:
        wire.some(10)
    assert caught.value.code == "closed"


def test_after_the_cut_none_is_opened(ends):
    _, _, sockets = ends
    sockets.cut()
    with socket.socket() as late:
        with pytest.raises(TransientError) as caught:
            sockets.add(late)
        assert late.fileno() == -1
    assert caught.value.code == "closed"


def test_a_closed_connection_is_not_cut(ends):
    """Its number may be another file by now."""
    wire, _, sockets = ends
    wire.close()
    sockets.cut()
    assert sockets._open == set()


def test_a_connection_with_something_to_read_or_at_its_end_is_not_idle(ends):
    wire, theirs, _ = ends
    assert wire.idle
    theirs.sendall(b"x")
    assert not wire.idle
    assert wire.some(1) == b"x"
    assert wire.idle
    theirs.close()
    assert not wire.idle
