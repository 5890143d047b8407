"""The same questions to every host. A new one is asked them too, once it is told here how to be reached."""

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml
from support import physionet_server
from support.labs import lab
from support.xml_bucket import buckets

from cxr import hosts
from cxr.credentials import variables
from cxr.datasets import nih
from cxr.hosts import Access, Format, Host, Place, folder
from cxr.http import TransientError
from cxr.model import Remote


class Reached(NamedTuple):
    """A host and what is known to be there."""

    host: Host
    remotes: list[Remote]


@contextmanager
def reach_folder(tmp_path: Path) -> Iterator[Reached]:
    for path, size in (("b.png", 3_000_000), ("a/c.png", 10), ("a/empty.png", 0), ("a-b.png", 1)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(bytes(range(251)) * (size // 251) + bytes(size % 251))
    host = folder.connect(tmp_path)
    yield Reached(host, list(host.list()))


@contextmanager
def reach_phantoms(tmp_path: Path) -> Iterator[Reached]:
    yield Reached(
        hosts.connect("phantoms"), [Remote("seed42/size64/000000.png"), Remote("seed7/size80/000003.png")]
    )


def reach_in_lab(key: str) -> Callable[[Path], AbstractContextManager[Reached]]:
    @contextmanager
    def reach(tmp_path: Path) -> Iterator[Reached]:
        with lab(images=24, hosts=[key]) as running:
            addresses = yaml.safe_load(running.dataset_sources.read_text())["hosts"][key]
            place = nih.RELEASES["chestxray14"].places[key]
            host = hosts.connect(key, Place(place.dataset, place.files, addresses=addresses))
            yield Reached(host, [*host.list(), *(archive.remote for archive in host.archives)])

    return reach


def reach_bucket(key: str, address: str) -> Callable[[Path], AbstractContextManager[Reached]]:
    @contextmanager
    def reach(tmp_path: Path) -> Iterator[Reached]:
        files = {"b.png": bytes(3_000_000), "a/c.png": b"0123456789", "a/empty.png": b"", "a-b.png": b"1"}
        with buckets({f"some-bucket/png/{path}": content for path, content in files.items()}) as (_, there):
            place = Place("some-bucket/png", addresses={address: there.origin}, credentials=False)
            host = hosts.connect(key, place)
            yield Reached(host, list(host.list()))

    return reach


@contextmanager
def reach_physionet(tmp_path: Path) -> Iterator[Reached]:
    netrc = tmp_path.parent / "home" / ".netrc"
    netrc.write_text(f"machine physionet.org login {physionet_server.USER} password open-sesame\n")
    netrc.chmod(0o600)
    reports = physionet_server.project({"mimic-cxr-reports.zip": bytes(3_000_000)})
    held = {physionet_server.IMAGES: physionet_server.images(), physionet_server.REPORTS: reports}
    with physionet_server.running(held, password="open-sesame") as there:
        files = {"mimic-cxr-reports.zip": f"{physionet_server.REPORTS}/mimic-cxr-reports.zip"}
        place = Place(physionet_server.IMAGES, files, addresses={"files": there.address})
        host = hosts.connect("physionet", place)
        yield Reached(host, list(host.list()))


REACH: dict[str, Callable[[Path], AbstractContextManager[Reached]]] = {
    "folder": reach_folder,
    "phantoms": reach_phantoms,
    "kaggle": reach_in_lab("kaggle"),
    "box": reach_in_lab("box"),
    "physionet": reach_physionet,
    "gcs": reach_bucket("gcs", "storage"),
    "aws": reach_bucket("aws", "s3"),
}


@pytest.fixture(params=hosts.keys())
def reached(request, tmp_path, monkeypatch) -> Iterator[Reached]:
    assert request.param in REACH, f"say in {__file__} how the host {request.param!r} is reached"
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with REACH[request.param](tmp_path / "there") as found:
        yield found
        found.host.close()


def content(host: Host, remote: Remote, start: int = 0, end: int | None = None) -> bytes:
    with host.open(remote, start, end) as blocks:
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


def test_opening_at_a_byte_gives_what_follows_it(reached):
    for remote in reached.remotes:
        whole = content(reached.host, remote)
        for start in (int(len(whole) * share) for share in (0.3, 0.999, 1, 1.5)):
            assert content(reached.host, remote, start) == whole[start:]


def test_a_part_is_what_lies_between_its_ends(reached):
    for remote in reached.remotes:
        whole = content(reached.host, remote)
        for first, last in ((0, 0.1), (0.2, 0.7), (0.5, 0.5), (0.9, 2), (1, 2)):
            start, end = int(len(whole) * first), int(len(whole) * last)
            with reached.host.open(remote, start, end) as part:
                assert part.start == start
                assert part.size in (None, len(whole))
                assert b"".join(part) == whole[start:end]


def test_a_part_goes_on_where_the_file_is_the_same_and_else_begins_anew(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as before:
            validator = before.validator
            whole = b"".join(before)
        with reached.host.open(remote, 5, None, validator) as part:
            assert b"".join(part) == whole[5:]
        if validator:
            with reached.host.open(remote, 5, None, '"another"') as part:
                assert (part.start, b"".join(part)) == (0, whole)


def test_a_checksum_is_of_a_known_kind(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as blocks:
            assert blocks.checksum == "" or blocks.checksum.partition(":")[0] in ("md5", "crc32c")


def test_blocks_are_bytes_of_bounded_size_and_none_is_empty(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as blocks:
            sizes = [len(block) for block in blocks]
        assert all(0 < size <= 1 << 20 for size in sizes)


def test_a_file_may_be_left_half_read(reached):
    for remote in reached.remotes:
        with reached.host.open(remote) as blocks:
            first = next(blocks, b"")
        with reached.host.open(remote) as blocks:
            again = next(blocks, b"")
        size = min(len(first), len(again))  # how much comes at once is up to the network
        assert again[:size] == first[:size], "nothing of the first reading is left over"
        assert bool(first) == bool(again)


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


def test_archives_can_be_opened_and_begin_as_what_they_are(reached):
    beginnings = {Format.ZIP: b"PK", Format.TAR_GZ: b"\x1f\x8b"}
    for archive in reached.host.archives:
        assert content(reached.host, archive.remote, 0, 2) == beginnings[archive.format]
        assert archive.prefix == "" or archive.prefix.endswith("/")


def test_a_network_has_a_ceiling_and_a_speed_that_somebody_vouches_for(reached):
    host = reached.host
    assert (host.ceiling > 0) == (host.speed is not None)
    if host.speed is not None:
        assert 0 < host.speed.connection <= host.speed.whole
        assert host.speed.source


def test_another_process_may_have_it(reached):
    if not reached.host.ceiling:
        return  # only what lies behind a network is shared among processes
    other = pickle.loads(pickle.dumps(reached.host))
    for remote in reached.remotes:
        assert content(other, remote, 0, 9) == content(reached.host, remote, 0, 9)
    other.close()


def test_threads_share_it(reached):
    wanted = [(remote, content(reached.host, remote, 1, 99)) for remote in reached.remotes]
    wrong = []

    def read() -> None:
        wrong.extend(remote for remote, part in wanted if content(reached.host, remote, 1, 99) != part)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_closed_gives_nothing_more_over_a_network(reached):
    reached.host.close()
    if reached.host.ceiling:
        with pytest.raises(TransientError):
            content(reached.host, reached.remotes[0])
