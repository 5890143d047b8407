"""Box: links that lead on, that run out, and that show a web page where they gave an archive."""

import gzip
import pickle
import threading
from collections import Counter

import pytest
from support.stub_service import Told, part_of, serving

from cxr import hosts
from cxr.hosts import Archive, Format, Place
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.model import Remote

ARCHIVE = gzip.compress(bytes(range(256)) * 300, mtime=0)
FIRST = Remote("images_001.tar.gz", None, "md5:fe8ed0a6961412fddcbb3603c11b3698")


class Folder:
    """Shared links that lead to addresses which are good until they are ended."""

    def __init__(self):
        self.given = 0
        self.ended = set()
        self.ended_status = 403
        self.shared = None  # in place of the redirect
        self.content = ARCHIVE

    def answer(self, asked):
        if asked.path.startswith("/shared/static/"):
            if asked.path != "/shared/static/vfk49d.gz":
                return Told(404, b"<html>gone</html>", [("Content-Type", "text/html")])
            self.given += 1
            return self.shared or Told(302, b"", [("Location", f"/d/{self.given}/download?token=secret")])
        if asked.path in self.ended:
            return Told(self.ended_status, b"too old")
        return part_of(asked, self.content)


@pytest.fixture
def folder():
    return Folder()


@pytest.fixture
def service(folder):
    with serving(folder.answer) as service:
        yield service


@pytest.fixture
def box(service):
    files = {"images_001.tar.gz": "vfk49d.gz", "images_002.tar.gz": "gone.gz", "list.csv": "csv.csv"}
    place = Place(
        files=dict(reversed(files.items())),
        checksums={"images_001.tar.gz": FIRST.checksum},
        addresses={"shared": f"{service.origin}/shared/static/"},
    )
    box = hosts.connect("box", place, HttpSettings(answer_timeout=5, stall_timeout=5))
    yield box
    box.close()


def content(box, remote=FIRST, *part):
    with box.open(remote, *part) as found:
        return b"".join(found)


def paths(service):
    return Counter(asked.path.split("/")[1] for asked in service.asked)


def test_it_lists_what_it_was_told_and_asks_nobody(box, service):
    assert list(box.list()) == [FIRST, Remote("images_002.tar.gz"), Remote("list.csv")]
    assert box.archives == (
        Archive(FIRST, Format.TAR_GZ, "images_001/"),
        Archive(Remote("images_002.tar.gz"), Format.TAR_GZ, "images_002/"),
    )
    assert service.asked == []


def test_a_link_is_followed_once_and_its_end_is_kept(box, service):
    assert content(box) == ARCHIVE
    assert content(box, FIRST, 100, 200) == ARCHIVE[100:200]
    assert paths(service) == {"shared": 1, "d": 2}


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_ran_out_is_asked_for_again(box, folder, service, status):
    content(box)
    folder.ended, folder.ended_status = {"/d/1/download"}, status
    assert content(box, FIRST, 50) == ARCHIVE[50:]
    assert content(box, FIRST, 60) == ARCHIVE[60:]
    assert folder.given == 2


def test_an_address_that_is_of_no_use_when_new_is_not_asked_for_a_third_time(box, folder):
    content(box)
    folder.ended = {f"/d/{n}/download" for n in range(20)}
    with pytest.raises(RefusedError) as caught:
        content(box)
    assert caught.value.status == 403
    assert folder.given == 2


def test_what_may_pass_is_not_a_reason_for_another_address(box, folder):
    content(box)
    folder.ended, folder.ended_status = {"/d/1/download"}, 503
    with pytest.raises(TransientError):
        content(box)
    assert folder.given == 1


def test_many_threads_read_at_once(box):
    found = []
    threads = [threading.Thread(target=lambda: found.append(content(box, FIRST, 9, 99))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ARCHIVE[9:99]] * 12


PAGE = b"<!doctype html><title>Error | Box</title>"


@pytest.mark.parametrize(
    "told",
    [
        Told(200, PAGE, [("Content-Type", "text/html; charset=utf-8")]),
        Told(200, PAGE, [("Content-Type", "application/octet-stream")]),
        Told(200, b"\x1f", [("Content-Type", "text/html")]),
    ],
)
def test_a_page_is_no_archive(box, folder, told):
    folder.shared = told
    with pytest.raises(RefusedError, match=r"Box, images_001\.tar\.gz: .*page") as caught:
        content(box)
    assert caught.value.code == "not_an_archive"
    access = box.check_access()
    assert not access.ready
    assert "page" in access.missing


def test_a_way_to_a_name_that_none_can_have_is_no_missing_link(box, folder):
    folder.shared = Told(302, b"", [("Location", "https://dl..example/x")])
    with pytest.raises(RefusedError) as caught:
        box.check_access()
    assert caught.value.code == "name"


def test_a_page_behind_an_address_means_that_it_ran_out(box, folder):
    content(box)
    original, folder.content = folder.content, PAGE
    with pytest.raises(RefusedError):
        content(box)
    assert folder.given == 2
    folder.content = original
    assert content(box) == ARCHIVE


def test_a_link_that_is_gone_is_told(box):
    with pytest.raises(RefusedError, match="the link is gone") as caught:
        content(box, Remote("images_002.tar.gz"))
    assert caught.value.code == "http_404"


def test_a_file_without_a_link_is_not_asked_for(box, service):
    with pytest.raises(RefusedError, match="no link"):
        content(box, Remote("images_009.tar.gz"))
    assert service.asked == []


def test_access_costs_two_bytes(box, service):
    assert box.check_access().ready
    assert [asked.headers.get("range") for asked in service.asked] == ["bytes=0-1"] * 2


def test_access_is_judged_by_the_first_link_that_is_not_gone(service):
    addresses = {"shared": f"{service.origin}/shared/static"}
    files = {"a.tar.gz": "gone.gz", "b.tar.gz": "vfk49d.gz"}
    for known, ready in ((files, True), ({"a.tar.gz": "gone.gz"}, False)):
        box = hosts.connect("box", Place(files=known, addresses=addresses))
        access = box.check_access()
        box.close()
        assert access.ready == ready
        assert ready or "Box, a.tar.gz: the link is gone" in access.missing


def test_access_where_nothing_is_known_or_nobody_answers():
    assert "--host" in hosts.connect("box").check_access().missing
    nobody = Place(files={"a.tar.gz": "a.gz"}, addresses={"shared": "http://127.0.0.1:9/shared"})
    with pytest.raises(TransientError):
        hosts.connect("box", nobody).check_access()


def test_no_credentials_go_there(box, service, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_canary")
    content(box)
    assert all("authorization" not in asked.headers for asked in service.asked)


def test_an_image_has_the_address_of_the_archive_it_lies_in(box, service):
    link = f"{service.origin}/shared/static/vfk49d.gz"
    assert box.url(FIRST) == link
    assert box.url(Remote("images_001/00040001_000.png")) == link
    assert box.url(Remote("images_0019/00040001_000.png")) != link


def test_another_process_follows_the_link_for_itself(box, folder):
    content(box)
    other = pickle.loads(pickle.dumps(box))
    assert content(other) == ARCHIVE
    assert folder.given == 2
    other.close()
