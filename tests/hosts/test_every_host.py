"""The same questions to every host. A new one is asked them too, once it is told here how to be reached."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from cxr import hosts
from cxr.hosts import Access, Host, folder
from cxr.model import Remote


class Reached(NamedTuple):
    """A host and what is known to be there."""

    host: Host
    remotes: list[Remote]


def reach_folder(tmp_path: Path) -> Reached:
    for path, size in (("b.png", 3_000_000), ("a/c.png", 10), ("a/empty.png", 0), ("a-b.png", 1)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(bytes(range(251)) * (size // 251) + bytes(size % 251))
    host = folder.connect(tmp_path)
    return Reached(host, list(host.list()))


def reach_phantoms(tmp_path: Path) -> Reached:
    return Reached(
        hosts.connect("phantoms"), [Remote("seed42/size64/000000.png"), Remote("seed7/size80/000003.png")]
    )


REACH: dict[str, Callable[[Path], Reached]] = {"folder": reach_folder, "phantoms": reach_phantoms}


@pytest.fixture(params=hosts.keys())
def reached(request, tmp_path) -> Reached:
    assert request.param in REACH, f"say in {__file__} how the host {request.param!r} is reached"
    return REACH[request.param](tmp_path)


def content(host: Host, remote: Remote, start: int = 0) -> bytes:
    with host.open(remote, start) as blocks:
        return b"".join(blocks)


def test_each_has_a_card_and_the_key_of_its_file(reached):
    assert type(reached.host).__module__ == f"cxr.hosts.{reached.host.key}"
    assert type(reached.host).__doc__


def test_access_is_ready_or_one_step_is_missing(reached):
    access = reached.host.check_access()
    assert isinstance(access, Access)
    assert access.ready == (access.missing == "")


def test_the_list_is_sorted_and_has_each_file_once(reached):
    paths = [remote.path for remote in reached.host.list()]
    assert paths == sorted(set(paths))
    assert paths == [remote.path for remote in reached.host.list()]


def test_paths_stay_below_the_root(reached):
    for remote in reached.remotes:
        assert not {"", ".", ".."} & set(remote.path.split("/"))


def test_a_file_has_the_size_that_is_announced_and_the_same_bytes_each_time(reached):
    for remote in reached.remotes:
        whole = content(reached.host, remote)
        assert remote.size in (None, len(whole))
        assert content(reached.host, remote) == whole


@pytest.mark.parametrize("share", [0, 0.3, 0.999, 1, 1.5])
def test_opening_at_a_byte_gives_what_follows_it(reached, share):
    for remote in reached.remotes:
        whole = content(reached.host, remote)
        start = int(len(whole) * share)
        assert content(reached.host, remote, start) == whole[start:]


def test_blocks_are_bytes_of_bounded_size_and_none_is_empty(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as blocks:
            sizes = [len(block) for block in blocks]
        assert all(0 < size <= 16 << 20 for size in sizes)


def test_a_file_may_be_left_half_read(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as blocks:
            first = next(blocks, b"")
        with reached.host.open(remote) as blocks:
            assert next(blocks, b"") == first, "nothing of the first reading is left over"


@pytest.mark.parametrize("path", ["gone.png", "../gone.png", "/etc/hostname", "", "a\0b", "x" * 5000])
def test_what_is_not_there_is_an_error_of_the_file_and_has_an_address(reached, path):
    remote = Remote(path)
    with pytest.raises(OSError, match=r"\S"), reached.host.open(remote) as blocks:
        list(blocks)
    assert reached.host.url(remote)


def test_an_address_is_plain_and_has_no_secret(reached):
    for remote in reached.remotes:
        parts = urlsplit(reached.host.url(remote))
        assert parts.scheme
        assert (parts.username, parts.password, parts.query, parts.fragment) == (None, None, "", "")
        assert reached.host.url(remote).isprintable()


def test_a_local_path_is_the_file_itself(reached):
    for remote in reached.remotes:
        path = reached.host.local_path(remote)
        assert path is None or path.read_bytes() == content(reached.host, remote)
