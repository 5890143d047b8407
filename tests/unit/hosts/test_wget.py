"""GNU wget as a client: what others see of it, how it ends, and what its exits mean."""

import os
import pickle
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from support.file_server import Treatment, serving
from support.stub_service import Told
from support.stub_service import serving as answering
from support.tls_front import ConnectProxy, Front

from cxr.hosts._ranges import Part, open_part
from cxr.hosts._wget import Wget, installed
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.secret import Secret

pytestmark = pytest.mark.skipif(shutil.which("wget") is None, reason="needs GNU wget: apt-get install wget")

QUICK = HttpSettings(answer_timeout=10, stall_timeout=10)
CANARY = "canary-Pa55="


@pytest.fixture
def wgets():
    made = []

    def make(settings=QUICK, authorization=None):
        made.append(Wget(installed(), settings, authorization))
        return made[-1]

    yield make
    for wget in made:
        wget.close()
    assert children() == [], "none is left behind"


def children():
    """Return the folders in /proc of the wgets that this process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name, _, rest = (folder / "stat").read_text().rpartition(")")
            if rest.split()[1] == str(os.getpid()) and "wget" in name:
                found.append(folder)
    return found


@contextmanager
def stalling(size=100_000, after=50_000, **treatment):
    """Serve a file that ceases to come."""
    with serving({"a": bytes(size)}) as served:
        served.treat = lambda _: Treatment(stall=after, **treatment)
        yield served


def whole(wget, url, part=None):
    with open_part(wget, url, part or Part(), what="a file") as content:
        return b"".join(content)


def test_no_secret_is_among_its_arguments_variables_or_files(wgets, tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIONET_PASSWORD", CANARY)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with stalling() as served:
        wget = wgets(authorization={served.address: Secret(f"Basic {CANARY}")})
        with wget.open(f"{served.address}/a", headers={"Cookie": f"x={CANARY}"}) as answer:
            next(answer.blocks())
            (process,) = children()
            assert b"--no-netrc" in (process / "cmdline").read_bytes()
            for file in ("cmdline", "environ"):
                assert CANARY not in (process / file).read_text()
            assert list(tmp_path.iterdir()) == []


def test_what_is_secret_gets_there_and_nowhere_else(wgets):
    there = []
    with answering(lambda asked: there.append(asked) or Told(200, b"x")) as second:
        moved = [("Location", second.origin.replace("127.0.0.1", "localhost") + f"/b?sig={CANARY}")]
        with answering(lambda _: Told(302, b"", moved)) as first:
            wget = wgets(authorization={first.origin: Secret(f"Basic {CANARY}")})
            with wget.open(f"{first.origin}/a", headers={"Cookie": "x=1"}) as answer:
                assert b"".join(answer.blocks()) == b"x"
    assert first.asked[0].headers["authorization"] == f"Basic {CANARY}"
    assert first.asked[0].headers["cookie"] == "x=1"
    assert not {"authorization", "cookie"} & there[0].headers.keys()
    assert there[0].query == {"sig": CANARY}


def test_it_may_be_sent_elsewhere_five_times(wgets):
    with answering(lambda _: Told(302, b"", [("Location", "/again")])) as service:
        with pytest.raises(RefusedError) as caught:
            whole(wgets(), service.origin)
        assert caught.value.code == "redirects"
        assert len(service.asked) == 6


def test_a_password_in_netrc_and_a_header_in_the_user_s_wgetrc_are_not_sent(wgets, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password canary\n")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / ".wgetrc").write_text("header = X-Own: canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(lambda _: Told(401, b"", [("WWW-Authenticate", 'Basic realm="x"')])) as service:
        with pytest.raises(RefusedError) as caught:
            whole(wgets(), service.origin)
        assert caught.value.status == 401
        assert len(service.asked) == 1
        assert "canary" not in str(service.asked[0].headers)


def test_a_header_that_would_add_a_line_is_not_sent(wgets):
    with answering(lambda _: Told()) as service:
        with pytest.raises(RefusedError) as caught:
            whole(wgets(authorization={service.origin: Secret("Basic x\nuser_agent = y")}), service.origin)
        assert caught.value.code == "header"
        assert service.asked == []


def test_an_answer_is_waited_for_as_long_as_set(wgets):
    ending = threading.Event()
    with answering(lambda _: (ending.wait(20), Told())[1]) as service:
        with pytest.raises(TransientError) as caught:
            whole(wgets(HttpSettings(answer_timeout=0.3)), service.origin)
        ending.set()
    assert (caught.value.code, caught.value.throttled) == ("no_answer", True)


def test_a_body_that_stalls_is_given_up_after_what_came(wgets):
    with stalling() as served:
        wget = wgets(HttpSettings(answer_timeout=10, stall_timeout=0.5))
        came = bytearray()
        with wget.open(f"{served.address}/a") as answer, pytest.raises(TransientError) as caught:
            all(came.extend(block) is None for block in answer.blocks())
        assert (caught.value.code, len(came)) == ("stalled", 50_000)


@pytest.mark.parametrize("sized", [True, False])
def test_a_body_that_is_cut_is_not_taken_for_whole(wgets, sized):
    with serving({"a": bytes(100_000)}) as served:
        served.treat = lambda _: Treatment(cut=50_000, sized=sized)
        with pytest.raises(TransientError) as caught:
            whole(wgets(), f"{served.address}/a")
        assert caught.value.code == "cut_short"


def test_what_a_killed_one_has_given_is_not_taken_for_whole(wgets):
    with stalling(sized=False) as served, wgets().open(f"{served.address}/a") as answer:
        blocks = answer.blocks()
        next(blocks)
        os.kill(int(children()[0].name), signal.SIGKILL)
        with pytest.raises(TransientError) as caught:
            list(blocks)
        assert caught.value.code == "cut_short"


def test_closing_wakes_whoever_reads_and_starts_no_other(wgets):
    wget = wgets()
    with stalling() as served:
        with wget.open(f"{served.address}/a") as answer:
            blocks = answer.blocks()
            came = 0
            while came < 50_000:
                came += len(next(blocks))
            closing = threading.Timer(0.1, wget.close)
            closing.start()
            with pytest.raises(TransientError) as caught:
                next(blocks)
            closing.join()
        assert caught.value.code == "closed"
        with pytest.raises(TransientError) as caught:
            whole(wget, f"{served.address}/a")
        assert caught.value.code == "closed"
        assert len(served.requests) == 1


def test_one_that_is_left_half_read_ends(wgets):
    with serving({"a": bytes(50_000_000)}) as served:
        with wgets().open(f"{served.address}/a") as answer:
            next(answer.blocks())
            assert len(children()) == 1
        assert children() == []


def test_a_slow_reader_is_waited_for(wgets):
    with serving({"a": bytes(30_000_000)}) as served, wgets().open(f"{served.address}/a") as answer:
        blocks = answer.blocks()
        came, before = len(next(blocks)), -1
        while served.sent != before:
            before = served.sent
            time.sleep(0.2)
        assert before < 20_000_000, "what nobody reads is not gathered anywhere"
        assert came + sum(map(len, blocks)) == 30_000_000


def test_nobody_there_is_a_reason_to_try_again(wgets):
    with pytest.raises(TransientError) as caught:
        whole(wgets(), "http://127.0.0.1:9/")
    assert caught.value.code == "connection"


def test_what_is_no_http_is_a_reason_to_try_again(wgets):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        talking = threading.Thread(target=talk)
        talking.start()
        with pytest.raises(TransientError):
            whole(wgets(), f"http://127.0.0.1:{server.getsockname()[1]}/")
        talking.join()


def test_a_network_is_not_asked_in_clear(wgets):
    with pytest.raises(RefusedError) as caught:
        whole(wgets(), "http://physionet.example/files")
    assert caught.value.code == "not_https"


def test_a_program_that_cannot_do_it_is_no_reason_to_try_again(tmp_path):
    program = tmp_path / "wget"
    program.write_text("#!/bin/sh\nexit 2\n")
    program.chmod(0o755)
    for path in (program, tmp_path / "none"):
        with pytest.raises(RefusedError) as caught:
            whole(Wget(str(path), QUICK), "http://127.0.0.1:9/")
        assert caught.value.code == "wget"


@pytest.fixture
def front(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving({"a": b"content"}) as served:
        one = Front(context, served.address)
        yield one
        one.close()


def test_authorities_of_the_environment_are_believed_and_no_others(wgets, front, tmp_path, monkeypatch):
    url = f"https://localhost:{front.port}/a"
    with pytest.raises(RefusedError) as caught:
        whole(wgets(), url)
    assert caught.value.code == "certificate"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    assert whole(wgets(), url) == b"content"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert whole(wgets(), url) == b"content"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(RefusedError, match=r"SSL_CERT_FILE names .*none\.pem") as caught:
        whole(wgets(), url)
    assert caught.value.is_on_the_way


def test_the_proxy_is_that_of_the_environment_in_either_spelling(wgets, front, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    proxy = ConnectProxy()
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
    assert whole(wgets(), f"https://localhost:{front.port}/a") == b"content"
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert whole(wgets(), f"https://localhost:{front.port}/a") == b"content"
    proxy.close()
    assert proxy.asked == [f"CONNECT localhost:{front.port}"]


def test_another_process_has_its_own(wgets):
    with serving({"a": b"content"}) as served:
        other = pickle.loads(pickle.dumps(wgets(authorization={served.address: Secret("Basic x")})))
        assert whole(other, f"{served.address}/a") == b"content"
