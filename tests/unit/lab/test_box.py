"""The lab's Box answers as NIH's shared folder does."""

import hashlib

import pytest
from support.asking import ask
from support.labs import lab

from cxr.lab.archives import BOX_ARCHIVES
from cxr.lab.box import ARCHIVE_OF


@pytest.fixture(scope="module")
def running():
    with lab(hosts=["box"]) as started:
        yield started


def follow(running, path, **headers):
    said = ask(running.origin("box") + path)
    assert (said.status, said.body) == (302, b"")
    return ask(said.headers["location"], headers=headers)


@pytest.mark.parametrize("path", list(ARCHIVE_OF))
def test_each_of_the_twelve_links_leads_to_its_archive_at_another_origin(running, path):
    name = ARCHIVE_OF[path]
    location = ask(running.origin("box") + path).headers["location"]
    assert location.startswith(f"{running.origin('box-download')}/d/1/")
    assert running.origin("box-download") != running.origin("box")
    said = follow(running, path)
    assert hashlib.md5(said.body).hexdigest() == running.shelf.files[name].md5
    assert said.headers["content-disposition"] == f'attachment;filename="{name}"'
    assert said.headers["accept-ranges"] == "bytes"


def test_an_archive_is_gone_on_with_by_range(running):
    path = next(iter(ARCHIVE_OF))
    whole = follow(running, path)
    rest = follow(running, path, **{"Range": "bytes=50-", "If-Range": whole.headers["etag"]})
    assert (rest.status, rest.body) == (206, whole.body[50:])


@pytest.mark.parametrize("path", ["/", "/shared/static/nothing.gz", "/shared/static/"])
def test_other_links_are_not_there(running, path):
    assert ask(running.origin("box") + path).status == 404


def test_a_download_address_that_nobody_gave_is_not_there(running):
    assert ask(f"{running.origin('box-download')}/d/1/b1!00/download").status == 404


def test_the_links_are_the_published_ones():
    assert list(ARCHIVE_OF.values()) == list(BOX_ARCHIVES)
    first, *_, last = ARCHIVE_OF
    assert first == "/shared/static/vfk49d74nhbxq3nqjg0900w5nvkorp5c.gz"
    assert last == "/shared/static/ioqwiy20ihqwyr8pf4c24eazhh281pbu.gz"
