"""No secret shows itself, whatever is printed and whatever breaks."""

import traceback

import pytest

from cxr.http import Client, HttpSettings, RequestError

CANARY = "c4n4ry-9d1e"
URLS = [
    f"https://a..example/x?X-Goog-Signature={CANARY}",
    f"http://127.0.0.1:1/x?sig={CANARY}",
    f"http://example.org/x?sig={CANARY}",
    f"ftp://localhost/{CANARY}",
    f"https://ann:{CANARY}@example.org/",
    f"https://example.org:{CANARY}/",
    f"https://[{CANARY}/",
    f"https://example.org\uff0f{CANARY}@x/",
]


def told(error):
    """Return all that a traceback would show of an error, of what caused it and of what it holds."""
    shown = "".join(traceback.format_exception(error))
    source = (line for line in shown.splitlines() if not line.startswith("    "))
    return "\n".join([*source, repr(error), str(error), str(error.args), str(vars(error))])


@pytest.mark.parametrize("url", URLS)
def test_no_error_tells_the_address(clients, url):
    client = clients({"http://127.0.0.1:1": f"Bearer {CANARY}", "https://example.org": f"Bearer {CANARY}"})
    with pytest.raises(RequestError) as caught, client.open(url):
        pass
    assert CANARY not in told(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        "close",
        b"nonsense\r\n\r\n",
        f"HTTP/1.1 302 Found\r\nLocation: https://ann:{CANARY}@x/\r\n\r\n".encode(),
        f"HTTP/1.1 302 Found\r\nLocation: http://example.org/?sig={CANARY}\r\n\r\n".encode(),
        f"HTTP/1.1 302 Found\r\nLocation: //[{CANARY}\r\n\r\n".encode(),
        f"HTTP/1.1 302 Found\r\nLocation: /?sig={CANARY}\r\nContent-Length: 0\r\n\r\n".encode(),
    ],
)
def test_no_error_tells_what_was_sent_or_answered(serve, clients, answer):
    server = serve(*[answer] * 3)
    client = clients({server.origin: f"Bearer {CANARY}"})
    with pytest.raises(RequestError) as caught, client.open(f"{server.origin}/?sig={CANARY}", follow=2):
        pass
    assert CANARY not in told(caught.value)


@pytest.mark.parametrize("value", [f"Bearer {CANARY}\r\nX: y", f"Bearer {CANARY}\u20ac"])
def test_a_credential_that_cannot_be_sent_is_not_told(serve, clients, value):
    server = serve()
    with pytest.raises(RequestError) as caught, clients({server.origin: value}).open(server.origin):
        pass
    assert caught.value.code == "header"
    assert CANARY not in told(caught.value)
    assert server.asked == []


@pytest.mark.parametrize("proxy", ["http://ann:{}@127.0.0.1:1", "socks5://ann:{}@x", "http://ann:{}@x:y"])
def test_the_password_of_a_proxy_is_not_told(clients, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy.format(CANARY))
    with pytest.raises(RequestError) as caught, clients().open("https://storage.example/"):
        pass
    assert CANARY not in told(caught.value)


def test_neither_a_client_nor_an_answer_shows_any(serve, clients):
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    client = clients({server.origin: f"Bearer {CANARY}"})
    with client.open(f"{server.origin}/?sig={CANARY}") as answer:
        for thing in (client, answer, client._authorization, client._idle, vars(client), HttpSettings()):
            assert CANARY not in f"{thing} {thing!r}"


def test_an_origin_that_may_not_be_asked_gets_no_credentials():
    with pytest.raises(RequestError):
        Client(HttpSettings(), {"http://example.org": f"Bearer {CANARY}"})
