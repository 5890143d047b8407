"""The server sends what it is told, breaks off where it is told, and knows what it sent."""

import http.client
import socket
import threading
import time
from http.client import IncompleteRead

import pytest
from support.asking import ask

from cxr.errors import UsageError
from cxr.lab.exchange import Accounts, Fault, FilePart, Reply
from cxr.lab.server import Server
from cxr.lab.service import Pace, Service

BODY = bytes(range(256)) * 4_000  # a megabyte


@pytest.fixture
def serve():
    """Starts servers that give one reply, or what a function returns; they end with the test."""
    servers = []

    def start(answer, **pace):
        reply = answer if callable(answer) else lambda _request: answer
        accounts = Accounts()
        servers.append(Server(0, Service("test", reply, accounts, Pace(**pace))))
        return servers[-1], accounts

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def part(tmp_path):
    """A body that lies on disk, in the middle of a file."""
    path = tmp_path / "body"
    path.write_bytes(b"before" + BODY + b"after")
    return FilePart(path, 6, 6 + len(BODY))


def test_a_body_comes_from_memory_or_from_the_middle_of_a_file(serve, part):
    for body in (BODY, part):
        server, accounts = serve(Reply(200, {"X-Own": "yes"}, body))
        said = ask(f"{server.origin}/some%20path?a=1&b=")
        assert (said.status, said.headers["x-own"], said.body == BODY) == (200, "yes", True)
        (exchange,) = accounts.exchanges
        assert (exchange.path, exchange.query) == ("/some path", {"a": "1", "b": ""})
        assert (exchange.sent, exchange.length, exchange.client_left) == (len(BODY), len(BODY), False)
        assert accounts.bytes_by_path == {"/some path": len(BODY)}


def test_head_has_the_length_and_no_body(serve, part):
    server, accounts = serve(Reply(200, {}, part))
    said = ask(server.origin, "HEAD")
    assert (said.status, said.headers["content-length"], said.body) == (200, str(len(BODY)), b"")
    assert accounts.bytes_sent == 0


def test_one_connection_carries_many_requests(serve):
    server, accounts = serve(lambda request: Reply(200, {}, request.body or request.path.encode()))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        for number in range(5):
            connection.request(
                "POST" if number % 2 else "GET", f"/{number}", b"posted" if number % 2 else None
            )
            own = connection.sock
            assert connection.getresponse().read() == (b"posted" if number % 2 else f"/{number}".encode())
            assert connection.sock is own
    finally:
        connection.close()
    assert [exchange.method for exchange in accounts.exchanges] == ["GET", "POST", "GET", "POST", "GET"]


def test_headers_are_seen_in_lower_case(serve):
    server, accounts = serve(Reply(204))
    ask(server.origin, headers={"Range": "bytes=0-1", "AUTHORIZATION": "Bearer x"})
    (exchange,) = accounts.exchanges
    assert exchange.range == "bytes=0-1"
    assert exchange.headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("close", IncompleteRead), ("reset", ConnectionResetError), ("stall", TimeoutError)],
)
def test_a_fault_ends_the_body_in_its_own_way(serve, part, kind, error):
    server, accounts = serve(Reply(200, {}, part, fault=Fault(kind, 0.25, "some-switch")), stall=60)
    with pytest.raises(error):
        ask(server.origin, timeout=0.5)
    (exchange,) = accounts.exchanges
    assert (exchange.sent, exchange.length) == (len(BODY) // 4, len(BODY))
    assert (exchange.failure, exchange.broken) == ("some-switch", True)
    assert exchange.client_left == (kind == "stall")


def test_a_stalled_connection_is_let_go_in_the_end(serve):
    server, _ = serve(Reply(200, {}, BODY, fault=Fault("stall", 0.1, "stall")), stall=0.2)
    with pytest.raises(IncompleteRead) as caught:
        ask(server.origin)
    assert len(caught.value.partial) == len(BODY) // 10


def test_a_client_that_leaves_early_is_seen_and_little_more_is_counted(serve, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    server, accounts = serve(Reply(200, {}, FilePart(path, 0, 200 << 20)))
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
        assert client.recv(1 << 16)
        before = 0
        while before != (before := accounts.bytes_sent):  # until no more is taken off the server's hands
            time.sleep(0.1)
    (exchange,) = accounts.exchanges
    assert exchange.client_left
    assert exchange.sent < 2 << 20
    assert accounts.bytes_sent == exchange.sent


def test_a_slow_pace_still_brings_every_byte(serve, part):
    for body in (BODY[:50_000], FilePart(part.path, 6, 50_006)):
        server, accounts = serve(Reply(200, {}, body), latency=0.01, bytes_per_second=500_000)
        assert ask(server.origin).body == BODY[:50_000]
        assert accounts.exchanges[0].sent == 50_000


def test_closing_ends_every_connection_and_leaves_no_thread(serve):
    before = threading.active_count()
    server, _ = serve(Reply(200, {}, BODY, fault=Fault("stall", 0.1, "stall")), stall=600)
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    stalled = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    with idle, stalled:
        stalled.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
        assert stalled.recv(100)
        server.close()
        assert idle.recv(1) == b""
        while stalled.recv(1 << 16):
            pass
    assert threading.active_count() == before


def test_a_taken_port_is_told_of(serve):
    server, _ = serve(Reply(204))
    with pytest.raises(UsageError, match=str(server.port)):
        Server(server.port, Service("second", lambda _: Reply(204), Accounts()))


def test_it_listens_on_loopback_alone(serve):
    server, _ = serve(Reply(204))
    assert server._http.socket.getsockname()[0] == "127.0.0.1"


def test_accounts_start_anew(serve):
    server, accounts = serve(Reply(200, {}, b"abc"))
    ask(server.origin)
    assert (accounts.count, accounts.bytes_sent, len(accounts.exchanges)) == (1, 3, 1)
    accounts.reset()
    assert (accounts.count, accounts.bytes_sent, accounts.exchanges) == (0, 0, ())
    ask(server.origin)
    assert accounts.count == 1
