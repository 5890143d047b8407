"""The maker answers like a host, and only to the names of phantoms."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.hosts import connect
from cxr.images.inspect import inspect
from cxr.images.phantom.names import PhantomName, parse
from cxr.model import Remote

REMOTE = Remote("seed42/size64/000017.png")


def content(remote, start=0):
    with connect("phantoms").open(remote, start) as blocks:
        return b"".join(blocks)


def test_it_is_ready_has_no_end_and_no_files():
    host = connect("phantoms")
    assert host.key == "phantoms"
    assert host.check_access().ready
    assert list(host.list()) == []
    assert host.local_path(REMOTE) is None
    assert host.url(REMOTE) == "phantom:seed42/size64/000017.png"


def test_the_bytes_are_those_of_the_phantom_asked_for():
    found = inspect(content(REMOTE))
    assert (found.fault, found.width, found.height) == (None, 64, 64)
    assert (
        len(
            {
                hashlib.sha256(content(Remote(f"seed{s}/size64/00000{i}.png"))).digest()
                for s in (0, 1)
                for i in (0, 1)
            }
        )
        == 4
    )


@pytest.mark.parametrize("start", [0, 1, 1000, 10**9])
def test_a_part_is_continued_where_it_ended(start):
    assert content(REMOTE, start) == content(REMOTE)[start:]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "000017.png",
        "seed42/size64/17.png",
        "seed42/size064/000017.png",
        "seed-1/size64/000017.png",
        "seed42/size64/000017.jpg",
        "seed42/size64/000017.png\n",
        "folder/seed42/size64/000017.png",
        "../seed42/size64/000017.png",
        "synthetic_s42_64_000017.png",
        "seed42/size15/000017.png",
        "seed42/size99999/000017.png",
        "seed" + "9" * 300 + "/size64/000017.png",
        "seed٤٢/size64/000017.png",
        "seed42/size64/\x00000017.png",
    ],
)
def test_any_other_name_is_a_file_that_is_not_there(path):
    with pytest.raises(FileNotFoundError):
        content(Remote(path))


@given(seed=st.integers(0, 10**17), size=st.integers(16, 4096), number=st.integers(0, 10**9))
def test_a_name_is_read_back_as_it_was_written(seed, size, number):
    name = PhantomName(seed, size, number)
    assert parse(name.path) == parse(name.image_id) == parse(f"Images/synthetic_{name.image_id}.png") == name
