"""PhysioNet's files from a server that nobody here wrote: nginx with passwords and folder pages."""

import hashlib
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
from support.physionet_server import IMAGES, REPORTS, USER, image, project

from cxr import hosts
from cxr.credentials import stored, variables
from cxr.hosts import Place
from cxr.http import HttpSettings, RefusedError
from cxr.model import Remote

PASSWORD = "canary-nginx-9"
CONF = """
daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format agents '$status $remote_user $http_user_agent';
  access_log {place}/access.log agents;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port}; root {place}/www; autoindex on; {more}
    auth_basic PhysioNet; auth_basic_user_file {place}/users;
  }}
}}
"""
ONLY_WGET = "if ($http_user_agent !~ ^(Wget|libwfdb)/) {{ return 403; }}"

pytestmark = [
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx: apt-get install nginx-light"),
    pytest.mark.skipif(shutil.which("wget") is None, reason="needs GNU wget: apt-get install wget"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Both projects as files."""
    place = tmp_path_factory.mktemp("nginx")
    pictures = {image(number): hashlib.sha256(bytes([number])).digest() * 40_000 for number in range(3)}
    listed = "".join(f"{path}\n" for path in sorted(pictures)).encode()
    held = {
        IMAGES: project({**pictures, "IMAGE_FILENAMES": listed, "empty.txt": b""}),
        REPORTS: project({"mimic-cxr-reports.zip": b"PK\x03\x04 reports"}),
    }
    for name, files in held.items():
        for path, content in files.items():
            file = place / "www" / "files" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    (place / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    return place, held


@contextmanager
def serving(place, more):
    """Run nginx on a free port; another one may take it in between, so that it is tried again."""
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        conf = place / "nginx.conf"
        conf.write_text(CONF.format(place=place, port=port, more=more.replace("{{", "{").replace("}}", "}")))
        command = ["nginx", "-c", conf, "-p", place, "-e", place / "error.log"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
            try:
                if answers(server, port):
                    yield f"http://127.0.0.1:{port}/files"
                    return
            finally:
                server.terminate()
    pytest.fail((place / "error.log").read_text())


def answers(server, port):
    """Return whether it can be reached; it ends where the port is taken."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return server.poll() is None
        if server.poll() is not None:
            return False
    return False


@pytest.fixture(params=["our client", "wget"])
def reached(request, tree, tmp_path, monkeypatch):
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PHYSIONET_USERNAME", USER)
    monkeypatch.setenv("PHYSIONET_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    place, held = tree
    (place / "access.log").unlink(missing_ok=True)
    with serving(place, "" if request.param == "our client" else ONLY_WGET) as address:
        files = {"mimic-cxr-reports.zip": f"{REPORTS}/mimic-cxr-reports.zip"}
        host = hosts.connect(
            "physionet", Place(IMAGES, files, addresses={"files": address}), HttpSettings(20, 20)
        )
        yield host, held
        host.close()
    agents = [line.split(" ", 2) for line in (place / "access.log").read_text().splitlines()]
    given = {agent.partition("/")[0] for status, _, agent in agents if status in {"200", "206"}}
    assert given == {"cxr" if request.param == "our client" else "Wget"}


def content(host, path, *part):
    with host.open(Remote(path), *part) as blocks:
        return b"".join(blocks)


def test_every_file_that_is_listed_comes_as_its_checksum_says(reached):
    host, held = reached
    assert host.check_access().ready
    listed = list(host.list())
    assert {one.path for one in listed} == {*held[IMAGES], "mimic-cxr-reports.zip"}
    for one in listed:
        came = content(host, one.path)
        assert came == held[IMAGES].get(one.path, held[REPORTS].get(one.path))
        assert one.checksum in {"", f"sha256:{hashlib.sha256(came).hexdigest()}"}


def test_parts_come_and_go_on_where_the_file_is_the_same(reached):
    host, held = reached
    path = image(1)
    there = held[IMAGES][path]
    with host.open(Remote(path)) as whole:
        validator = whole.validator
        assert whole.size == len(there)
    assert validator.startswith('"')
    for start, end in ((0, 5), (1, 70_000), (1_000_000, None), (len(there), None), (len(there) + 9, None)):
        assert content(host, path, start, end, validator) == there[start:end]
    assert content(host, "empty.txt", 0, 2) == b""
    with host.open(Remote(path), 1_000_000, None, '"another"') as anew:
        assert (anew.start, b"".join(anew)) == (0, there)


def test_refusals_of_nginx_are_told_apart(reached, monkeypatch):
    host, _ = reached
    with pytest.raises(RefusedError) as caught:
        content(host, "files/p10/none.jpg")
    assert caught.value.code == "http_404"
    with pytest.raises(RefusedError) as caught:
        content(host, "files/p10")
    assert caught.value.code == "web_page"
    monkeypatch.setenv("PHYSIONET_PASSWORD", "canary-wrong")
    address = host.url(Remote("x")).removesuffix(f"/{IMAGES}/x")
    other = hosts.connect("physionet", Place(IMAGES, addresses={"files": address}), HttpSettings(20, 20))
    assert "does not accept" in other.check_access().missing
    other.close()
