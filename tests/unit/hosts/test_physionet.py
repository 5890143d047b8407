"""PhysioNet: who is asked in which way, what a refusal means, and lists that are streams."""

import hashlib
import pickle
import shutil

import pytest
from support.physionet_server import IMAGES, PASSWORD, REPORTS, USER, image, images, project, running
from support.stub_service import Told, part_of, serving

from cxr import hosts
from cxr.credentials import stored, variables
from cxr.errors import HostError, UsageError
from cxr.hosts import Place
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.logs import redact, redaction
from cxr.model import Remote

FILES = {name: f"{REPORTS}/{name}" for name in ("cxr-record-list.csv.gz", "mimic-cxr-reports.zip")}
QUICK = HttpSettings(answer_timeout=5, stall_timeout=5)
WAYS = ["own", "wget"]


@pytest.fixture(autouse=True)
def account(tmp_path, monkeypatch):
    """One account, and nothing hidden yet."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHYSIONET_USERNAME", USER)
    monkeypatch.setenv("PHYSIONET_PASSWORD", PASSWORD)


@pytest.fixture
def physionet():
    reports = project(
        {
            "cxr-record-list.csv.gz": b"records",
            "mimic-cxr-reports.zip": b"PK reports",
            **{f"files/p10/s{number}.txt": b"x" for number in range(3000)},
        }
    )
    assert len(reports["SHA256SUMS.txt"]) > 2 * (64 << 10), "the list's ends are not the whole"
    with running({IMAGES: images(), REPORTS: reports}) as physionet:
        yield physionet


@pytest.fixture
def connect(physionet):
    made = []

    def connect(settings=QUICK, *, files=FILES, credentials=True):
        place = Place(
            IMAGES, files=files, addresses={"files": f"{physionet.address}/"}, credentials=credentials
        )
        made.append(hosts.connect("physionet", place, settings))
        return made[-1]

    yield connect
    for host in made:
        host.close()


@pytest.fixture(params=WAYS)
def way(request, physionet):
    """Either way of asking."""
    if request.param == "wget":
        need_wget()
        physionet.agents = "Wget/"
    return request.param


def need_wget():
    if shutil.which("wget") is None:
        pytest.skip("needs GNU wget: apt-get install wget")


def content(host, path, *part):
    with host.open(Remote(path), *part) as found:
        return b"".join(found)


def test_files_of_both_projects_come_in_either_way(connect, physionet, way):
    host = connect()
    assert host.check_access() == hosts.Access(ready=True)
    assert content(host, image(3)) == bytes([3]) * 3000
    assert content(host, "mimic-cxr-reports.zip") == b"PK reports"
    agent = {"own": "cxr/", "wget": "Wget/"}[way]
    assert all(asked.headers["user-agent"].startswith(agent) for asked in physionet.asked[1:])


def test_the_first_request_of_all_has_no_password_and_bears_our_name(connect, physionet, way):
    connect().check_access()
    first = physionet.asked[0]
    assert first.headers["user-agent"].startswith("cxr/")
    assert "authorization" not in first.headers
    assert first.headers["range"] == "bytes=0-0"


def test_which_way_is_asked_once(connect, physionet, way):
    host = connect()
    for _ in range(3):
        content(host, image(0))
    without = [asked for asked in physionet.asked if "authorization" not in asked.headers]
    assert len(without) == {"own": 1, "wget": 2}[way]
    other = pickle.loads(pickle.dumps(host))
    content(other, image(0))
    other.close()
    assert len([asked for asked in physionet.asked if "authorization" not in asked.headers]) == len(without)


def test_the_password_is_verified_once_since_cookies_go_back(connect, physionet, way):
    host = connect()
    host.check_access()
    for number in range(4):
        content(host, image(number))
    assert physionet.verified == 1
    other = pickle.loads(pickle.dumps(host))
    content(other, image(1))
    other.close()
    assert physionet.verified == 1, "another process goes on with the session"
    physionet.sessions.clear()
    content(host, image(1))
    assert physionet.verified == 2, "and a session that has run out is made anew"


def test_another_host_gets_neither_password_nor_cookie(connect, physionet, way):
    def bulk(asked):
        return part_of(asked, physionet.files[asked.path.lstrip("/")])

    with serving(bulk) as second:
        physionet.moved_to = second.origin.replace("127.0.0.1", "localhost")
        host = connect()
        assert host.check_access().ready
        assert content(host, image(2), 5, 50) == bytes([2]) * 45
        assert second.asked
        for asked in second.asked:
            assert not {"authorization", "cookie"} & asked.headers.keys()
            assert "canary" not in str(asked.headers)


@pytest.mark.parametrize(
    "part", [(0, None), (0, 10), (7, None), (7, 20), (2999, None), (3000, None), (4000, 5000), (9, 9)]
)
def test_parts(connect, way, part):
    start, end = part
    with connect().open(Remote(image(1)), start, end) as found:
        assert found.start == start
        assert found.size in (None, 3000)
        assert b"".join(found) == (bytes([1]) * 3000)[start:end]


def test_a_part_of_what_is_another_file_by_now_is_the_whole(connect, physionet, way):
    with connect().open(Remote(image(1)), 5, None, '"before"') as found:
        assert (found.start, b"".join(found)) == (0, bytes([1]) * 3000)


def test_the_list_is_both_lists_and_the_single_files_with_their_checksums(connect, physionet, way):
    listed = {remote.path: remote for remote in connect().list()}
    assert list(listed) == sorted(listed)
    assert {remote.size for remote in listed.values()} == {None}
    assert listed["SHA256SUMS.txt"].checksum == ""
    for path in [image(0), "LICENSE.txt", "IMAGE_FILENAMES"]:
        assert (
            listed[path].checksum
            == "sha256:" + hashlib.sha256(physionet.files[f"{IMAGES}/{path}"]).hexdigest()
        )
    for name, path in FILES.items():
        assert listed[name].checksum == "sha256:" + hashlib.sha256(physionet.files[path]).hexdigest()
    assert not any(asked.path.endswith("/") for asked in physionet.asked), "folders are not crawled"


def test_the_second_project_s_list_is_read_at_its_ends_alone(connect, physionet):
    list(connect().list())
    ranges = [
        asked.headers.get("range") for asked in physionet.asked if f"{REPORTS}/SHA256SUMS" in asked.path
    ]
    size = len(physionet.files[f"{REPORTS}/SHA256SUMS.txt"])
    assert ranges == ["bytes=0-65535", f"bytes={size - 65536}-"]


def test_a_file_in_the_middle_of_the_second_project_s_list_is_found_all_the_same(connect, physionet):
    path = "files/p10/s1700.txt"
    listed = {one.path: one for one in connect(files={"a.txt": f"{REPORTS}/{path}"}).list()}
    assert listed["a.txt"].checksum == "sha256:" + hashlib.sha256(b"x").hexdigest()


def test_names_without_checksum_are_listed_too_and_projects_without_names_are(connect, physionet):
    physionet.files[f"{IMAGES}/IMAGE_FILENAMES"] += b"files/p19/new.jpg\n"
    assert Remote("files/p19/new.jpg") in list(connect().list())
    del physionet.files[f"{IMAGES}/IMAGE_FILENAMES"]
    assert image(0) in [remote.path for remote in connect().list()]


def test_the_single_files_are_listed_where_their_agreement_is_missing(connect, physionet):
    physionet.signed = {IMAGES}
    host = connect()
    assert Remote("mimic-cxr-reports.zip") in list(host.list())
    with pytest.raises(RefusedError, match=r"sign-dua/mimic-cxr/2\.1\.0/") as caught:
        content(host, "mimic-cxr-reports.zip")
    assert f"though it does {IMAGES}" in caught.value.reason
    assert "credentialed" not in caught.value.reason


def test_a_list_goes_on_where_the_connection_broke(connect, physionet, way):
    path = f"{IMAGES}/SHA256SUMS.txt"
    sums = physionet.files[path]
    host = connect(files={})
    host.check_access()
    etag = ("ETag", '"one"')
    physionet.treat[path] = [Told(200, sums[:300], [("Content-Length", str(len(sums))), etag])]
    assert [one.path for one in host.list() if one.checksum] == sorted(
        path.removeprefix(f"{IMAGES}/")
        for path in physionet.files
        if path.startswith(IMAGES) and "SHA256" not in path
    )
    assert physionet.asked[-1].headers["range"] == "bytes=300-"


@pytest.mark.parametrize(
    "wrong", [b"<!DOCTYPE html><html>", b"abc path\n", b"0" * 64 + b" ../x\n", b"x" * 9000]
)
def test_what_is_no_list_is_an_error_and_not_an_empty_one(connect, physionet, wrong):
    physionet.files[f"{IMAGES}/SHA256SUMS.txt"] = wrong
    with pytest.raises(HostError, match="sorted list"):
        list(connect(files={}).list())


def test_a_list_out_of_order_is_an_error(connect, physionet):
    physionet.files[f"{IMAGES}/IMAGE_FILENAMES"] = b"files/b\nfiles/a\n"
    with pytest.raises(HostError, match="IMAGE_FILENAMES"):
        list(connect(files={}).list())


def test_without_credentials_it_says_how_to_get_them(connect, monkeypatch, physionet, way):
    monkeypatch.delenv("PHYSIONET_PASSWORD")
    monkeypatch.delenv("PHYSIONET_USERNAME")
    host = connect()
    assert "cxr credentials set physionet" in host.check_access().missing
    with pytest.raises(RefusedError, match="asks for a user name and password"):
        content(host, image(0))


def test_credentials_do_not_go_where_the_place_says_so(connect, physionet):
    assert not connect(credentials=False).check_access().ready
    assert all("authorization" not in asked.headers for asked in physionet.asked)


def test_half_of_the_credentials_is_said_before_anybody_is_asked(connect, monkeypatch, physionet):
    monkeypatch.delenv("PHYSIONET_PASSWORD")
    host = connect()
    assert "password" in host.check_access().missing
    with pytest.raises(RefusedError, match="password"):
        content(host, image(0))
    assert physionet.asked == []


def test_a_wrong_password_is_told_with_its_place_and_not_shown(connect, monkeypatch, physionet, way):
    monkeypatch.setenv("PHYSIONET_PASSWORD", "canary-wrong")
    host = connect()
    missing = host.check_access().missing
    assert "does not accept" in missing
    assert "PHYSIONET_PASSWORD" in missing
    with pytest.raises(RefusedError, match="does not accept") as caught:
        content(host, image(0))
    assert caught.value.status == 401
    assert "canary" not in missing + str(caught.value)


def test_an_account_that_may_read_nothing_is_told_all_that_may_be_missing(connect, physionet, way):
    physionet.signed = set()
    missing = connect().check_access().missing
    for cause in ("credentialing", "training", f"sign-dua/{IMAGES}/", f"sign-dua/{REPORTS}/"):
        assert cause in missing
    with pytest.raises(RefusedError, match="training") as caught:
        content(connect(), image(0))
    assert caught.value.status == 403


def test_a_missing_agreement_is_named_where_the_other_project_may_be_read(connect, physionet, way):
    physionet.signed = {IMAGES}
    access = connect().check_access()
    assert access.ready
    assert access.missing == ""
    assert f"sign-dua/{REPORTS}/" in access.lacking
    assert "credentialing" not in access.lacking
    physionet.signed = {REPORTS}
    access = connect().check_access()
    assert not access.ready
    assert f"sign-dua/{IMAGES}/" in access.missing
    assert "credentialing" not in access.missing


def test_a_program_that_is_not_known_is_told_to_install_wget(connect, monkeypatch, physionet, tmp_path):
    physionet.agents = "Wget/"
    monkeypatch.setenv("PATH", str(tmp_path))
    host = connect()
    missing = host.check_access().missing
    assert "apt install wget" in missing
    assert "download.user_agent" in missing
    with pytest.raises(RefusedError) as caught:
        content(host, image(0))
    assert caught.value.code == "no_wget"


@pytest.mark.parametrize("program", ["echo 'GNU Wget2 2.1.0 - multithreaded'", "exit 1"])
def test_what_is_only_called_wget_is_not_taken(connect, monkeypatch, physionet, tmp_path, program):
    physionet.agents = "Wget/"
    fake = tmp_path / "wget"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "GNU wget is not on this machine" in connect().check_access().missing


def test_who_is_refused_in_either_way_is_told_both_reasons(connect, physionet):
    need_wget()
    physionet.blocked = True
    missing = connect().check_access().missing
    assert "this network" in missing
    assert "wget" in missing


def test_another_name_of_the_user_s_is_used_as_it_is(connect, physionet):
    physionet.agents = "libwfdb/"
    host = connect(HttpSettings(answer_timeout=5, stall_timeout=5, user_agent="libwfdb/10.7"))
    assert host.check_access().ready
    assert {asked.headers["user-agent"] for asked in physionet.asked} == {"libwfdb/10.7"}


def test_a_version_that_is_not_there_is_told(connect, physionet):
    for path in [*physionet.files]:
        del physionet.files[path]
    missing = connect().check_access().missing
    assert f"content/{IMAGES}/" in missing


def test_an_absent_file_is_one(connect, way):
    with pytest.raises(RefusedError) as caught:
        content(connect(), "files/p10/none.jpg")
    assert caught.value.code == "http_404"


def test_a_web_page_is_no_file(connect, physionet, way):
    host = connect()
    host.check_access()
    physionet.treat[f"{IMAGES}/{image(0)}"] = [Told(200, b"<html>", [("Content-Type", "text/html")])]
    with pytest.raises(RefusedError) as caught:
        content(host, image(0))
    assert caught.value.code == "web_page"
    behind = [("Content-Type", "text/html"), ("Content-Range", "bytes */3000")]
    physionet.treat[f"{IMAGES}/{image(0)}"] = [Told(416, b"<html>", behind)]
    assert content(host, image(0), 3000) == b""


def test_trouble_is_no_refusal(connect, physionet, way):
    path = f"{IMAGES}/{image(0)}"
    host = connect()
    host.check_access()
    physionet.treat[path] = [Told(503, b"", [("Retry-After", "7")])]
    with pytest.raises(TransientError) as caught:
        content(host, image(0))
    assert (caught.value.status, caught.value.retry_after, caught.value.throttled) == (503, 7, True)
    physionet.treat[path] = [Told(200, b"short", [("Content-Length", "3000")])]
    with pytest.raises(TransientError) as caught:
        content(host, image(0))
    assert caught.value.code == "cut_short"
    assert content(host, image(0)) == bytes(3000)


def test_trouble_while_the_way_is_asked_decides_nothing(connect, physionet):
    physionet.treat[f"{IMAGES}/SHA256SUMS.txt"] = [Told(503)]
    host = connect()
    with pytest.raises(TransientError):
        host.check_access()
    assert host.check_access().ready


@pytest.mark.parametrize("dataset", ["", "mimic-cxr-jpg", "../x", "mimic-cxr-jpg/2.1.0/files", "a b/1"])
def test_what_is_no_project_is_an_error(dataset):
    with pytest.raises(UsageError, match="no project"):
        hosts.connect("physionet", Place(dataset))


def test_no_secret_is_in_a_log_or_an_address(connect, physionet, way):
    host = connect()
    content(host, image(0))
    session = next(iter(physionet.sessions))
    assert redact(f"x {PASSWORD} {session} y") == "x [redacted] [redacted] y"
    assert "canary" not in host.url(Remote(image(0)))


def test_it_is_gentle():
    host = hosts.connect("physionet", Place(IMAGES, credentials=False))
    assert host.ceiling == 4
    assert host.speed.whole == 4 * host.speed.connection
    assert host.url(Remote("files/x.jpg")) == f"https://physionet.org/files/{IMAGES}/files/x.jpg"
    host.close()
