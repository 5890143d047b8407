"""Asking: connections are kept, redirects followed, credentials sent where they belong and nowhere else."""

import concurrent.futures
import pickle
import threading
import time

import pytest

from cxr.http import Client, HttpSettings, RefusedError, TransientError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"


def moved(location, status=302):
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def get(client, url, **options):
    with client.open(url, **options) as answer:
        return answer.status, b"".join(answer.blocks())


def test_an_answer_is_its_status_headers_and_body(serve, client):
    server = serve(
        b"HTTP/1.1 206 Partial\r\nContent-Length: 3\r\nX-Goog-Hash: a\r\nx-goog-hash: b\r\n\r\nabc"
    )
    with client.open(f"{server.origin}/x?y=1", headers={"Range": "bytes=0-2"}) as answer:
        assert (answer.status, answer.headers["X-GOOG-HASH"]) == (206, "a, b")
        assert answer.url == f"{server.origin}/x?y=1"
        assert b"".join(answer.blocks()) == b"abc"
    asked = server.asked[0]
    assert asked.line == "GET /x?y=1 HTTP/1.1"
    assert asked.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "cxr/test",
        "accept": "*/*",
        "accept-encoding": "identity",
        "range": "bytes=0-2",
    }


def test_what_the_caller_sends_replaces_what_the_client_would_send(serve, client):
    server = serve(OK)
    get(client, server.origin, headers={"Accept": "application/json", "USER-AGENT": "Wget/1.21"})
    assert server.asked[0].headers["accept"] == "application/json"
    assert server.asked[0].headers["user-agent"] == "Wget/1.21"


def test_a_body_is_sent_with_its_length(serve, client):
    server = serve(OK, OK)
    get(client, server.origin, method="POST", body=b"{}", headers={"Content-Type": "application/json"})
    get(client, server.origin, method="POST")
    assert [asked.body for asked in server.asked] == [b"{}", b""]
    assert [asked.headers["content-length"] for asked in server.asked] == ["2", "0"]


def test_we_name_ourselves():
    assert HttpSettings().user_agent.startswith("cxr/")


@pytest.mark.parametrize("limit", [0, 1, 5, 9, 10, 11, 10**9])
def test_no_more_is_read_of_a_body_than_asked_for(serve, client, limit):
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789")
    with client.open(server.origin) as answer:
        assert answer.read(limit) == b"0123456789"[:limit]


def test_an_endless_body_is_read_to_the_limit_without_waiting_for_more(serve, clients):
    was_read = threading.Event()
    in_time = []
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100
    server = serve([begun, lambda _: in_time.append(was_read.wait(2)) or b""])
    with clients(stall_timeout=10).open(server.origin) as answer:
        assert answer.read(100) == b"x" * 100
        was_read.set()
    server.close()
    assert in_time == [True]


def test_a_connection_is_used_again(serve, client):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    server = serve(OK, chunked, NOT_FOUND, OK, moved("/x"), OK, OK)
    statuses = [get(client, server.origin)[0] for _ in range(5)]
    get(client, server.origin, method="POST")
    assert statuses == [200, 200, 404, 200, 200]
    assert [asked.connection for asked in server.asked] == [0] * 7


@pytest.mark.parametrize("limit", [2, 3])
def test_a_connection_is_used_again_after_all_of_a_body_was_read(serve, client, limit):
    server = serve(OK, OK)
    for _ in range(2):
        with client.open(server.origin) as answer:
            assert answer.read(limit) == b"ok"
    assert [asked.connection for asked in server.asked] == [0, 0]


def test_a_small_body_that_nobody_read_leaves_the_connection_usable(serve, client):
    server = serve(NOT_FOUND, OK)
    with client.open(server.origin) as answer:
        assert answer.status == 404
    get(client, server.origin)
    assert [asked.connection for asked in server.asked] == [0, 0]


def test_a_large_body_that_nobody_read_is_not_waited_for(serve, client):
    server = serve([b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nx", "hold"], OK)
    with client.open(server.origin):
        pass
    assert get(client, server.origin) == (200, b"ok")
    assert [asked.connection for asked in server.asked] == [0, 1]


@pytest.mark.parametrize(
    "answer",
    [
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "hold"],
        [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "hold"],
        [b"HTTP/1.1 200 OK\r\n\r\nok", "close"],
        [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "hold"],
    ],
    ids=["close", "old", "open-end", "surplus"],
)
def test_a_connection_that_is_at_its_end_is_not_used_again(serve, client, answer):
    server = serve(answer, OK)
    assert get(client, server.origin) == (200, b"ok")
    assert get(client, server.origin) == (200, b"ok")
    assert [asked.connection for asked in server.asked] == [0, 1]


def test_a_connection_in_whose_use_something_broke_is_not_used_again(serve, client):
    server = serve(OK, OK)
    with pytest.raises(ZeroDivisionError), client.open(server.origin):
        raise ZeroDivisionError
    get(client, server.origin)
    assert [asked.connection for asked in server.asked] == [0, 1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_kept_connection_that_ends_at_the_next_request_is_no_failure(serve, client, method, end):
    """The host closes it just when we ask: nothing says that it saw the request."""
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    server = serve(empty, end, empty)
    assert get(client, server.origin, method=method)[0] == 200
    assert get(client, server.origin, method=method)[0] == 200
    assert [asked.connection for asked in server.asked] == [0, 0, 1]


def test_a_new_connection_that_ends_so_is_one(serve, client):
    server = serve(OK, "close", "close", OK)
    get(client, server.origin)
    with pytest.raises(TransientError) as caught:
        get(client, server.origin)
    assert caught.value.code == "connection"
    assert len(server.asked) == 3


def test_a_post_is_not_sent_twice(serve, client):
    server = serve(OK, "close", OK)
    get(client, server.origin)
    with pytest.raises(TransientError):
        get(client, server.origin, method="POST", body=b"{}")
    assert len(server.asked) == 2


def test_a_kept_connection_that_has_ended_is_noticed_before_it_is_used(serve, client):
    """A POST is not sent twice, so it must not be lost."""
    kept = threading.Event()
    server = serve([OK, lambda _: kept.wait(10) and b"", "close"], OK)
    get(client, server.origin)
    kept.set()
    until = time.monotonic() + 10
    while client._idle._waiting[0][1].idle and time.monotonic() < until:
        time.sleep(0.01)
    assert get(client, server.origin, method="POST", body=b"{}") == (200, b"ok")
    assert [asked.connection for asked in server.asked] == [0, 1]


def test_an_answer_that_began_is_not_asked_for_again(serve, client):
    server = serve(OK, [b"HTTP/1.1 200", "close"], OK)
    get(client, server.origin)
    with pytest.raises(TransientError):
        get(client, server.origin)
    assert len(server.asked) == 2


def test_threads_share_a_client_and_its_connections(serve, client):
    server = serve(*[OK] * 200)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: get(client, server.origin), range(200))) == [(200, b"ok")] * 200
    assert len({asked.connection for asked in server.asked}) <= 8


def test_informational_answers_are_passed_over(serve, client):
    server = serve(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)
    assert get(client, server.origin) == (200, b"ok")


@pytest.mark.parametrize("location", ["/b?sig=1", "b?sig=1", "{origin}/b?sig=1"])
def test_a_redirect_is_followed_and_the_answer_says_where_it_came_from(serve, client, location):
    server = serve(lambda _: moved(location.format(origin=server.origin)), OK)
    with client.open(f"{server.origin}/a", method="POST", body=b"{}") as answer:
        assert answer.url == f"{server.origin}/b?sig=1"
    assert [asked.line for asked in server.asked] == ["POST /a HTTP/1.1", "GET /b?sig=1 HTTP/1.1"]
    assert "content-length" not in server.asked[1].headers


def test_a_redirect_is_the_answer_where_none_is_to_be_followed(serve, client):
    server = serve(moved("https://storage.example/x"))
    with client.open(server.origin, follow=0) as answer:
        assert (answer.status, answer.headers["location"]) == (302, "https://storage.example/x")


@pytest.mark.parametrize("follow", [1, 3, 5])
def test_a_circle_of_redirects_ends(serve, client, follow):
    server = serve(*[moved("/")] * 20)
    with pytest.raises(RefusedError) as caught:
        get(client, server.origin, follow=follow)
    assert caught.value.code == "redirects"
    assert len(server.asked) == follow + 1


def test_as_many_redirects_as_allowed_are_followed(serve, client):
    server = serve(*[moved("/")] * 5, OK)
    assert get(client, server.origin, follow=5) == (200, b"ok")


@pytest.mark.parametrize(
    ("location", "code"),
    [("http://example.org/", "not_https"), ("ftp://localhost/", "address"), ("", "redirect")],
)
def test_a_redirect_that_must_not_be_followed_is_not(serve, client, location, code):
    server = serve(moved(location))
    with pytest.raises(RefusedError) as caught:
        get(client, server.origin)
    assert caught.value.code == code


def test_credentials_go_to_their_origin_alone(serve, clients):
    """Another port of the same host is another origin."""
    storage, other = serve(OK, OK), serve(OK)
    api = serve(OK, lambda _: moved(storage.origin), OK)
    client = clients({api.origin: "Bearer hunter22", other.origin: "Basic eDp5"})
    for url in (api.origin, api.origin, api.origin, other.origin, storage.origin):
        assert get(client, url) == (200, b"ok")
    assert [asked.headers.get("authorization") for asked in api.asked] == ["Bearer hunter22"] * 3
    assert [asked.headers.get("authorization") for asked in storage.asked] == [None] * 2
    assert [asked.headers.get("authorization") for asked in other.asked] == ["Basic eDp5"]


def test_credentials_are_sent_again_where_a_redirect_comes_back(serve, clients):
    other = serve(lambda _: moved(f"{api.origin}/b"))
    api = serve(moved(other.origin), OK)
    assert get(clients({api.origin: "Bearer hunter22"}), api.origin) == (200, b"ok")
    assert "authorization" not in other.asked[0].headers
    assert api.asked[1].headers["authorization"] == "Bearer hunter22"


def test_an_origin_is_the_same_however_it_is_written(serve, clients):
    server = serve(OK)
    client = clients({server.origin.replace("http://", "HTTP://") + "/v1/x": "Bearer hunter22"})
    get(client, server.origin)
    assert server.asked[0].headers["authorization"] == "Bearer hunter22"


def test_an_address_of_ipv6_is_asked(serve, client):
    server = serve(OK, host="::1")
    assert get(client, f"{server.origin}/x") == (200, b"ok")
    assert server.asked[0].headers["host"] == f"[::1]:{server.port}"


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_an_encoding_that_was_not_asked_for_is_refused(serve, client, encoding):
    answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 2\r\n\r\nok".encode()
    server = serve(answer, answer)
    with client.open(server.origin) as got, pytest.raises(RefusedError) as caught:
        got.read(10)
    assert caught.value.code == "encoded"
    assert get(client, server.origin, headers={"Accept-Encoding": encoding}) == (200, b"ok")


def test_the_status_of_an_answer_is_told_whatever_its_encoding(serve, client):
    server = serve(b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")
    with client.open(server.origin) as answer:
        assert answer.status == 403


def test_identity_is_no_encoding(serve, client):
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok")
    assert get(client, server.origin) == (200, b"ok")


def test_a_client_comes_out_of_a_pickle_as_good(serve, clients):
    server = serve(OK, OK)
    client = clients({server.origin: "Bearer hunter22"}, user_agent="cxr/pickled")
    get(client, server.origin)
    copy = pickle.loads(pickle.dumps(client))
    try:
        assert get(copy, server.origin) == (200, b"ok")
    finally:
        copy.close()
    assert server.asked[1].connection == 1
    assert server.asked[1].headers["authorization"] == "Bearer hunter22"
    assert server.asked[1].headers["user-agent"] == "cxr/pickled"


def test_idle_connections_do_not_pile_up(serve, client, monkeypatch):
    """A host may send each request to another of its machines."""
    monkeypatch.setattr("cxr.http.idle.MOST_IDLE", 3)
    servers = [serve(OK, OK) for _ in range(5)]
    for server in [*servers, *servers]:
        get(client, server.origin)
    assert [[asked.connection for asked in server.asked] for server in servers] == [[0, 1]] * 5
    assert client._idle._waiting.__len__() == 3


def test_nothing_stays_open_after_close(serve):
    server = serve(OK, OK)
    before = threading.active_count()
    client = Client(HttpSettings())
    get(client, server.origin)
    client.close()
    client.close()
    with pytest.raises(TransientError) as caught:
        get(client, server.origin)
    assert caught.value.code == "closed"
    assert threading.active_count() <= before + 1  # the server's own
