"""What breaks on the way is told apart, told at once, and never taken for the end of a body."""

import socket
import threading
import time
from contextlib import closing

import pytest

from cxr.http import Client, HttpSettings, RefusedError, TransientError

BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def broken(client, url, **options):
    """Return what came of a body and the error that ended it."""
    came = b""
    with pytest.raises(TransientError) as caught, client.open(url, **options) as answer:  # noqa: PT012
        for block in answer.blocks():
            came += block
    return came, caught.value


def test_a_body_that_stalls_is_a_sign_of_too_much_to_do(serve, clients):
    server = serve([BEGUN, lambda _: time.sleep(1) or b"56789"])
    came, error = broken(clients(stall_timeout=0.2), server.origin)
    assert (came, error.code, error.throttled) == (b"01234", "stalled", True)
    assert error.reason == f"{server.origin} sent nothing for 0.2 seconds."


def test_an_answer_that_does_not_come_is_one_too(serve, clients):
    server = serve(OK, "hold")
    client = clients(answer_timeout=0.2)
    with client.open(server.origin) as answer:
        answer.read(2)
    _, error = broken(client, server.origin)
    assert (error.code, error.throttled) == ("no_answer", True)
    assert len(server.asked) == 2  # a host that has too much to do is not asked again at once


def test_an_answer_has_to_be_there_in_time_not_just_its_first_byte(serve, clients):
    drops = []

    def drip(_):
        time.sleep(0.1)
        drops.append("H")
        return b"H"

    _, error = broken(clients(answer_timeout=0.5), serve([drip] * 30).origin)
    assert error.code == "no_answer"
    assert len(drops) < 30


def test_a_slow_body_is_no_stall(serve, clients):
    drops = [lambda _, drop=drop: time.sleep(0.3) or drop for drop in (b"5", b"6", b"7", b"89")]
    with clients(stall_timeout=1).open(serve([BEGUN, *drops]).origin) as answer:
        assert b"".join(answer.blocks()) == b"0123456789"


def test_the_answer_may_take_longer_than_a_body_may_pause(serve, clients):
    server = serve([lambda _: time.sleep(0.4) or OK])
    with clients(stall_timeout=0.1, answer_timeout=5).open(server.origin) as answer:
        assert answer.read(10) == b"ok"


def test_a_body_that_ends_early_is_cut_short(serve, client):
    server = serve([BEGUN, "close"])
    came, error = broken(client, server.origin)
    assert (came, error.code, error.throttled) == (b"01234", "cut_short", False)


def test_a_connection_that_is_reset_is_told_so(serve, client):
    server = serve([BEGUN, lambda _: time.sleep(0.2) or b"", "reset"])
    came, error = broken(client, server.origin)
    assert (came, error.code) == (b"01234", "connection")


@pytest.mark.parametrize("answer", ["close", "reset", [b"HTTP/1.1 200 OK\r\nContent-", "close"]])
def test_no_whole_answer_is_a_broken_connection(serve, client, answer):
    _, error = broken(client, serve(answer).origin)
    assert error.code == "connection"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: x\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n012345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"\0" * 70_000,
    ],
    ids=["ssh", "nul", "long", "many", "two-lengths", "coding", "zeros"],
)
def test_an_answer_that_cannot_be_read_is_told_so(serve, client, answer):
    _, error = broken(client, serve([answer, "hold"]).origin)
    assert error.code == "malformed"


def test_headers_that_come_bit_by_bit_are_not_read_without_end(serve, client):
    bit = b"A: " + b"x" * 30_000 + b"\r\n"
    later = [lambda _: time.sleep(0.1) or bit, lambda _: time.sleep(0.1) or bit + b"\r\n"]
    _, error = broken(client, serve([b"HTTP/1.1 200 OK\r\n" + bit, *later, "hold"]).origin)
    assert error.code == "malformed"


def test_a_port_where_nobody_listens(client):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    _, error = broken(client, f"http://127.0.0.1:{port}/x?sig=hunter22")
    assert error.code == "connection"
    assert f"127.0.0.1:{port}" in error.reason
    assert "hunter22" not in str(error)


@pytest.mark.parametrize("name", ["a..example", f"{'a' * 64}.example"])
def test_a_name_that_none_can_have_is_not_looked_up(client, name):
    with pytest.raises(RefusedError) as caught, client.open(f"https://{name}/"):
        pass
    assert caught.value.code == "name"


def test_a_name_that_nobody_knows_may_be_known_once_the_network_is_back(client, monkeypatch):
    """What the system says is the same; asking it here would ask the network."""

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    _, error = broken(client, "https://nowhere.invalid/")
    assert (error.code, error.throttled) == ("name", False)
    assert error.reason == "The name of nowhere.invalid is not known: Name or service not known."


def test_a_host_that_takes_no_connection_in_time(client, monkeypatch):
    """Its queue of connections is full, so the next ones wait."""
    monkeypatch.setattr("cxr.http.connect.STEP_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        place = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(place)
        _, error = broken(client, f"http://127.0.0.1:{place[1]}/")
        for sock in waiting:
            sock.close()
    assert (error.code, error.throttled) == ("connect_timeout", True)


@pytest.mark.parametrize(
    "answer",
    [["hold"], [BEGUN, "hold"], [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n01", "hold"]],
    ids=["before", "counted", "chunked"],
)
def test_close_wakes_whoever_reads(serve, answer):
    server = serve(*[answer] * 4)
    client = Client(HttpSettings())
    codes = []

    def read():
        try:
            with client.open(server.origin) as got:
                b"".join(got.blocks())
        except TransientError as error:
            codes.append(error.code)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    until = time.monotonic() + 10
    while len(server.asked) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    client.close()
    for reader in readers:
        reader.join(10)
        assert not reader.is_alive()
    assert codes == ["closed"] * 4


def test_close_wakes_whoever_connects():
    client = Client(HttpSettings())
    codes = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        place = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(place)

        def ask():
            try:
                with client.open(f"http://127.0.0.1:{place[1]}/"):
                    pass
            except TransientError as error:
                codes.append(error.code)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.2)
        client.close()
        asking.join(5)
        assert not asking.is_alive()
        for sock in waiting:
            sock.close()
    assert codes == ["closed"]


def test_what_arrives_after_close_is_not_given_as_a_body(serve):
    server = serve([BEGUN, lambda _: time.sleep(0.2) or b"56789", "hold"])
    with closing(Client(HttpSettings())) as client:
        with pytest.raises(TransientError) as caught, client.open(server.origin) as answer:  # noqa: PT012
            blocks = answer.blocks()
            client.close()
            for _ in blocks:
                pass
        assert caught.value.code == "closed"
