"""Encrypted connections: whom we believe, and through which proxies."""

import re
import socket
import ssl
import threading
import time

import pytest
import trustme

from cxr.http import Client, HttpSettings, RefusedError, TransientError
from cxr.http.trust import knows_the_system, tls_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CA_VARIABLES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


def get(client, url, **options):
    with client.open(url, **options) as answer:
        return answer.status, b"".join(answer.blocks())


@pytest.fixture
def believed(authority, tmp_path, monkeypatch):
    """Make the environment name the authority of the tests."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_an_authority_that_the_environment_names_is_believed(
    serve, client, server_tls, authority, tmp_path, monkeypatch, variable
):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    server = serve(OK, OK, tls=server_tls)
    assert get(client, server.origin) == (200, b"ok")
    assert get(client, f"https://localhost:{server.port}/") == (200, b"ok")


@pytest.mark.usefixtures("believed")
def test_encrypted_connections_are_kept_too(serve, client, server_tls):
    body = bytes(range(256)) * 4096
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    server = serve(whole, whole, whole, tls=server_tls)
    for _ in range(3):
        with client.open(server.origin) as answer:
            blocks = list(answer.blocks())
        assert b"".join(blocks) == body
        assert len(blocks) < 32  # not one for each record of 16 KiB
    assert [asked.connection for asked in server.asked] == [0, 0, 0]
    assert len(client._sockets._open) == 1


def test_another_authority_is_not_believed_and_the_user_told_what_to_do(serve, client, server_tls):
    server = serve(OK, tls=server_tls)
    with pytest.raises(RefusedError) as caught:
        get(client, server.origin)
    assert caught.value.code == "certificate"
    assert "127.0.0.1" in caught.value.reason
    assert "SSL_CERT_FILE" in caught.value.reason
    assert server.asked == []


@pytest.mark.usefixtures("believed")
def test_the_certificate_of_another_host_is_not_believed(serve, client, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("storage.example").configure_cert(context)
    server = serve(OK, tls=context)
    with pytest.raises(RefusedError) as caught:
        get(client, server.origin)
    assert caught.value.code == "certificate"
    assert server.asked == []


def test_a_server_that_does_not_encrypt_is_refused(client, listen):
    port = listen(lambda sock: sock.recv(9999) and sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(RefusedError) as caught:
        get(client, f"https://127.0.0.1:{port}/")
    assert caught.value.code == "tls"


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize("read", [10, 9999])
def test_a_handshake_that_ends_early_can_be_tried_again(client, listen, read):
    """It is reset where something was left unread, and ends otherwise."""
    port = listen(lambda sock: sock.recv(read))
    with pytest.raises(TransientError) as caught:
        get(client, f"https://127.0.0.1:{port}/")
    assert caught.value.code == "connection"


@pytest.mark.usefixtures("believed")
def test_a_handshake_that_does_not_come_in_time(client, monkeypatch, listen):
    monkeypatch.setattr("cxr.http.connect.STEP_TIMEOUT", 0.2)
    port = listen(lambda sock: [None for _ in iter(lambda: sock.recv(9999), b"")])
    with pytest.raises(TransientError) as caught:
        get(client, f"https://127.0.0.1:{port}/")
    assert (caught.value.code, caught.value.throttled) == ("connect_timeout", True)


@pytest.mark.usefixtures("believed")
def test_a_body_that_ends_early_is_seen_under_encryption_too(serve, client, server_tls):
    server = serve([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", "close"], tls=server_tls)
    with pytest.raises(TransientError) as caught:
        get(client, server.origin)
    assert caught.value.code in {"cut_short", "connection"}


@pytest.mark.usefixtures("believed")
def test_a_redirect_does_not_lead_out_of_encryption(serve, client, server_tls):
    plain = serve(OK)
    moved = f"HTTP/1.1 302 Found\r\nLocation: {plain.origin}\r\nContent-Length: 0\r\n\r\n".encode()
    server = serve(moved, tls=server_tls)
    with pytest.raises(RefusedError) as caught:
        get(client, server.origin)
    assert caught.value.code == "not_https"
    assert plain.asked == []


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize("begun", [[], [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"]])
def test_close_wakes_readers_of_encrypted_connections(serve, server_tls, begun):
    server = serve([*begun, "hold"], tls=server_tls)
    client = Client(HttpSettings())
    codes = []

    def read():
        try:
            get(client, server.origin)
        except TransientError as error:
            codes.append(error.code)

    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + 10
    while not server.asked and time.monotonic() < until:
        time.sleep(0.01)
    client.close()
    reader.join(10)
    assert not reader.is_alive()
    assert codes == ["closed"]


@pytest.mark.usefixtures("believed")
def test_close_wakes_whoever_waits_for_a_handshake(listen):
    client = Client(HttpSettings())

    def close_then_wait(sock):
        sock.recv(9999)
        client.close()
        sock.recv(9999)

    with pytest.raises(TransientError) as caught:
        get(client, f"https://127.0.0.1:{listen(close_then_wait)}/")
    assert caught.value.code == "closed"


@pytest.mark.parametrize("variable", CA_VARIABLES)
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_variable_that_names_no_certificates_is_named(tmp_path, variable, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(RefusedError) as caught:
        tls_context({variable: str(tmp_path / "ca.pem")})
    assert caught.value.code == "certificates"
    assert variable in caught.value.reason


def test_the_authorities_of_the_system_stay_believed(tmp_path, authority, monkeypatch):
    """As many as without the variable, and one more."""
    system = tmp_path / "system.pem"
    system.write_bytes(b"".join(trustme.CA().cert_pem.bytes() for _ in range(3)))
    monkeypatch.setattr("cxr.http.trust._USUAL", (tmp_path / "missing.pem", system))
    own = tmp_path / "own.pem"
    own.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    context = tls_context({"SSL_CERT_FILE": str(own)})
    assert context.cert_store_stats()["x509_ca"] == 4
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize(
    ("file", "folder", "content", "environ", "known"),
    [
        ("ca.pem", None, (), {}, True),
        (None, "certs", ("a.pem",), {}, True),
        (None, "certs", (), {}, False),  # as where Python for macOS was just installed
        (None, None, (), {}, False),
        ("ca.pem", None, (), {"SSL_CERT_FILE": "own.pem"}, False),
        ("ca.pem", None, (), {"SSL_CERT_DIR": "own"}, False),
    ],
)
def test_python_may_not_know_where_the_authorities_of_the_system_are(
    tmp_path, file, folder, content, environ, known
):
    if folder:
        (tmp_path / folder).mkdir()
        for name in content:
            (tmp_path / folder / name).touch()
        folder = str(tmp_path / folder)
    paths = ssl.DefaultVerifyPaths(file, folder, "", "", "", "")
    assert knows_the_system(paths, environ) == known


@pytest.mark.usefixtures("believed")
class TestProxy:
    """Between us and an encrypted host."""

    @pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
    def test_the_host_is_asked_through_it_and_stays_encrypted(
        self, serve, client, server_tls, tunnels, monkeypatch, variable
    ):
        server = serve(OK, OK, tls=server_tls)
        monkeypatch.setenv(variable, f"http://ann:hunter22@127.0.0.1:{tunnels.port}")
        assert get(client, f"{server.origin}/x", headers={"Range": "bytes=0-1"}) == (200, b"ok")
        assert get(client, f"{server.origin}/y") == (200, b"ok")
        (asked,) = tunnels.asked
        assert asked.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic YW5uOmh1bnRlcjIy\r\n" in asked
        assert not re.search("(?i)range|user-agent", asked)
        assert "proxy-authorization" not in server.asked[0].headers

    def test_credentials_of_the_host_are_not_told_to_it(
        self, serve, clients, server_tls, tunnels, monkeypatch
    ):
        server = serve(OK, tls=server_tls)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{tunnels.port}")
        get(clients({server.origin: "Bearer hunter22"}), server.origin)
        assert server.asked[0].headers["authorization"] == "Bearer hunter22"
        assert "uthorization" not in tunnels.asked[0]

    def test_a_host_that_no_proxy_names_is_asked_directly(
        self, serve, client, server_tls, tunnels, monkeypatch
    ):
        server = serve(OK, tls=server_tls)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{tunnels.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
        assert get(client, server.origin) == (200, b"ok")
        assert tunnels.asked == []

    @pytest.mark.parametrize(
        ("status", "kind", "code"),
        [
            ("407 Proxy Authentication Required", RefusedError, "proxy_407"),
            ("403 Forbidden", RefusedError, "proxy_403"),
            ("502 Bad Gateway", TransientError, "proxy_502"),
            ("503 Service Unavailable", TransientError, "proxy_503"),
            ("429 Too Many Requests", TransientError, "proxy_429"),
        ],
    )
    def test_what_it_answers_is_told_without_the_password(
        self, client, tunnels, monkeypatch, status, kind, code
    ):
        tunnels.status = status
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:hunter22@127.0.0.1:{tunnels.port}")
        with pytest.raises(kind) as caught:
            get(client, "https://storage.example/x?sig=hunter23")
        assert caught.value.code == code
        assert f"127.0.0.1:{tunnels.port} (HTTPS_PROXY)" in caught.value.reason
        assert "hunter2" not in str(caught.value)

    def test_a_proxy_that_is_not_there_is_named(self, client, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(TransientError) as caught:
            get(client, "https://storage.example/")
        assert f"the proxy 127.0.0.1:{port} (HTTPS_PROXY)" in caught.value.reason

    def test_the_certificate_is_that_of_the_host(self, serve, client, authority, tunnels, monkeypatch):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("proxy.example").configure_cert(context)
        server = serve(OK, tls=context)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{tunnels.port}")
        with pytest.raises(RefusedError) as caught:
            get(client, server.origin)
        assert caught.value.code == "certificate"

    def test_a_host_of_ipv6_is_named_in_brackets(self, serve, client, authority, tunnels, monkeypatch):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("::1").configure_cert(context)
        server = serve(OK, host="::1", tls=context)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{tunnels.port}")
        assert get(client, server.origin) == (200, b"ok")
        assert tunnels.asked[0].startswith(f"CONNECT [::1]:{server.port} HTTP/1.1\r\n")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_what_is_not_encrypted_is_told_to_no_proxy(serve, clients, monkeypatch, variable):
    proxy, server = serve(OK), serve(OK)
    monkeypatch.setenv(variable, f"http://ann:hunter22@127.0.0.1:{proxy.port}")
    client = clients({server.origin: "Bearer abcdefg"})
    assert get(client, f"{server.origin}/x?y=1") == (200, b"ok")
    assert server.asked[0].line == "GET /x?y=1 HTTP/1.1"
    assert "proxy-authorization" not in server.asked[0].headers
    assert proxy.asked == []
