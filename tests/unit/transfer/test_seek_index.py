import getpass
import json
import resource
import socket
import stat
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.errors import StorageError
from cxr.hosts import Archive, Format
from cxr.logs import open_logs
from cxr.model import Remote
from cxr.transfer import seek_index
from cxr.transfer.point_finder import Found
from cxr.transfer.seek_file import append
from cxr.transfer.seek_index import Identity, SeekIndex, index_path, window_of
from cxr.transfer.seek_point import START, WINDOW, Point
from cxr.transfer.tar_members import Member

ARCHIVE = Archive(Remote("images_001.tar.gz"), Format.TAR_GZ, "images_001/")
IDENTITY = Identity("images_001.tar.gz", 9000, '"etag"', "ab" * 32)


def member(number: int) -> Member:
    return Member(f"images/{number:03d}.png", number * 2048, number * 2048 + 512, 1500)


def point(number: int) -> Found:
    place = Point(1000 * number, number % 8, 1500 * number, 0, 7 * number)
    return Found(place, bytes([number]) * WINDOW)


def filled(path: Path, points: int = 3) -> SeekIndex:
    """Write an index as a streaming run does: some members, then a point, and so on, then the end."""
    index = SeekIndex(path)
    for number in range(points):
        index.add(member(2 * number))
        index.add(member(2 * number + 1))
        index.save(IDENTITY, point(number + 1))
    index.add(member(2 * points))
    index.save(IDENTITY, complete=True)
    return index


def state(index: SeekIndex) -> tuple[object, ...]:
    windows = [index.found(one).window for one in index.points]
    return index.identity, index.members, index.points, index.complete, windows


def test_what_was_written_is_read_again(tmp_path: Path):
    path = index_path(tmp_path / "not there yet", ARCHIVE)
    written = filled(path)
    again = SeekIndex(path)
    assert state(again) == state(written)
    assert again.identity == IDENTITY
    assert again.members == [member(number) for number in range(7)]
    assert [again.found(one) for one in again.points] == [point(1), point(2), point(3)]
    assert again.complete
    assert again.next_header == member(6).end


def test_an_index_is_written_on_by_the_next_run(tmp_path: Path):
    """Nothing is written twice."""
    path = tmp_path / "x"
    first = SeekIndex(path)
    first.add(member(0))
    first.save(IDENTITY, point(1))
    before = path.read_bytes()
    second = SeekIndex(path)
    second.add(member(1))
    second.save(IDENTITY, point(2))
    assert path.read_bytes().startswith(before)
    assert SeekIndex(path).members == [member(0), member(1)]
    assert len(SeekIndex(path).points) == 2


def test_without_anything_new_nothing_is_written(tmp_path: Path):
    SeekIndex(tmp_path / "x").save(IDENTITY)
    assert not (tmp_path / "x").exists()
    index = filled(tmp_path / "y")
    before = (tmp_path / "y").read_bytes()
    index.save(IDENTITY, complete=True)
    assert (tmp_path / "y").read_bytes() == before


def test_a_kill_at_any_byte_leaves_what_was_whole(tmp_path: Path):
    """And the next run writes on from there."""
    filled(tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    full = SeekIndex(tmp_path / "whole")
    random = Random(1)
    places = {0, 1, 15, 16, 17, len(data) - 1, *(random.randrange(len(data)) for _ in range(60))}
    for place in sorted(places):
        path = tmp_path / "cut"
        path.write_bytes(data[:place])
        cut = SeekIndex(path)
        assert cut.members == full.members[: len(cut.members)]
        assert cut.points == full.points[: len(cut.points)]
        assert not cut.complete
        for number in range(len(cut.members), 7):
            cut.add(member(number))
        cut.save(IDENTITY, point(9), complete=True)
        again = SeekIndex(path)
        assert again.members == full.members
        assert again.found(again.points[-1]) == point(9)
        assert again.complete


@settings(max_examples=80)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), size=st.integers(1, 40))
def test_damage_anywhere_costs_what_is_behind_it_at_most(tmp_path_factory, place: int, value: int, size: int):
    """Nothing wrong is believed: what is left is what was written."""
    folder = tmp_path_factory.mktemp("index")
    full = filled(folder / "x")
    data = bytearray((folder / "x").read_bytes())
    place %= len(data)
    data[place : place + size] = bytes([value]) * len(data[place : place + size])
    (folder / "x").write_bytes(data)
    index = SeekIndex(folder / "x")
    assert index.identity in {None, full.identity}
    assert index.members == full.members[: len(index.members)]
    assert index.points == full.points[: len(index.points)]
    assert [index.found(one) for one in index.points] == [point(n + 1) for n in range(len(index.points))]


@pytest.mark.parametrize(
    "head",
    [b"", b"GZIDX\x01\x00", b"cxr seek index\n\2", b"x" * 1000],
    ids=["empty", "of another program", "of another version", "no index"],
)
def test_a_file_that_is_no_index_counts_as_none_and_is_replaced(tmp_path: Path, head: bytes):
    filled(tmp_path / "x")
    (tmp_path / "x").write_bytes(head + (tmp_path / "x").read_bytes()[len(head) :] if head else b"")
    assert state(SeekIndex(tmp_path / "x")) == (None, [], [], False, [])
    filled(tmp_path / "x")
    assert SeekIndex(tmp_path / "x").complete


def test_what_is_behind_damage_goes_when_the_next_run_writes(tmp_path: Path):
    """Else a record from before could follow one that it does not belong to."""
    index = SeekIndex(tmp_path / "x")
    index.add(member(0))
    index.save(IDENTITY)
    whole = (tmp_path / "x").stat().st_size
    index.save(IDENTITY, point(1))
    with (tmp_path / "x").open("r+b") as file:
        file.seek(whole)
        file.write(b"?")
    again = SeekIndex(tmp_path / "x")
    again.add(member(1))
    again.save(IDENTITY)
    assert (tmp_path / "x").stat().st_size < whole + 200


def test_an_index_that_contradicts_itself_is_not_believed(tmp_path: Path):
    """Members that overlap, or points that go back: nobody wrote that who read the archive."""
    index = SeekIndex(tmp_path / "x")
    index.add(member(0))
    index.save(IDENTITY, point(5))
    index.add(member(0))
    with pytest.raises(ValueError, match="overlap"):
        index.save(IDENTITY)
    again = SeekIndex(tmp_path / "x")
    assert again.members == [member(0)]
    with pytest.raises(ValueError, match="order"):
        again.save(IDENTITY, point(5))
    assert len(SeekIndex(tmp_path / "x").points) == 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"M", '[["a.png", 0, 512, Infinity]]'),
        (b"M", '[["a.png", 0, 512, 1.5]]'),
        (b"M", '[["a.png", false, 512, 9]]'),
        (b"M", "[[7, 0, 512, 9]]"),
        (b"M", "[" * 100_000),
        (b"M", "7"),
        (b"A", json.dumps(asdict(IDENTITY) | {"size": "abc"})),
        (b"A", json.dumps(asdict(IDENTITY) | {"size": True})),
        (b"A", json.dumps(asdict(IDENTITY) | {"head": None})),
        (b"A", json.dumps(asdict(IDENTITY) | {"tail": 1})),
        (b"A", '{"name": "a"}'),
        (b"A", "[]"),
    ],
)
def test_an_index_that_speaks_nonsense_is_not_believed(tmp_path: Path, kind: bytes, content: str):
    """Whole by its sums, and yet nothing that cxr writes; a run goes on without it."""
    start = [] if kind == b"A" else [(b"A", json.dumps(asdict(IDENTITY)).encode())]
    append(tmp_path / "x", 0, [*start, (kind, content.encode())])
    with open_logs(tmp_path / "logs"):
        index = SeekIndex(tmp_path / "x")
    assert (index.identity, index.members) == (IDENTITY if start else None, [])
    log = (tmp_path / "logs" / "cxr_downloader.json").read_text()
    assert "part of a seek index is left out" in log


def test_it_can_be_given_to_a_colleague(tmp_path: Path):
    """It names the archive as the host does, and neither the machine, the user nor a folder."""
    path = tmp_path / "x"
    filled(path)
    data = path.read_bytes()
    for word in (str(tmp_path), tmp_path.name, socket.gethostname(), getpass.getuser()):
        assert len(word) < 4 or word.encode() not in data


def test_names_beyond_unicode_come_back(tmp_path: Path):
    """A tar may hold any bytes as a name."""
    index = SeekIndex(tmp_path / "x")
    index.add(Member("images/\udcff\n\u00e9.png", 0, 512, 9))
    index.save(IDENTITY)
    assert SeekIndex(tmp_path / "x").members == index.members


def test_the_best_point_is_the_last_before_the_place(tmp_path: Path):
    index = filled(tmp_path / "x")
    assert index.best(0) == START
    assert index.best(1499) == START
    assert index.best(1500) == point(1).point
    assert index.best(4499) == point(2).point
    assert index.best(1 << 50) == point(3).point


def test_where_a_byte_is_in_the_archive_is_told_rather_too_late(tmp_path: Path):
    """Between two points by their distance, behind the last as if nothing shrank."""
    index = filled(tmp_path / "x")
    assert 1000 <= index.compressed(1500) <= 1100
    assert 1500 <= index.compressed(2250) <= 1600
    assert index.compressed(4500 + 800) == 3000 + 800


def test_the_window_is_known_only_of_a_complete_index(tmp_path: Path):
    path = index_path(tmp_path, ARCHIVE)
    assert window_of(tmp_path, ARCHIVE) is None
    index = SeekIndex(path)
    index.add(member(0))
    index.save(IDENTITY, point(2))
    assert window_of(tmp_path, ARCHIVE) is None
    index.save(IDENTITY, point(3), complete=True)
    assert window_of(tmp_path, ARCHIVE) == 9000 - 3000


def test_forgetting_removes_the_file(tmp_path: Path):
    index = filled(tmp_path / "x")
    index.forget()
    assert not (tmp_path / "x").exists()
    assert state(index) == (None, [], [], False, [])
    index.forget()
    filled(tmp_path / "x")
    assert SeekIndex(tmp_path / "x").complete


def test_more_members_than_anybody_has_are_not_noted_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nor is the index then called complete."""
    monkeypatch.setattr(seek_index, "_MOST", 3)
    index = SeekIndex(tmp_path / "x")
    for number in range(5):
        index.add(member(number))
    index.save(IDENTITY, complete=True)
    again = SeekIndex(tmp_path / "x")
    assert again.members == [member(0), member(1), member(2)]
    assert not again.complete


def test_names_without_end_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(seek_index, "_MOST_NAMES", 50)
    index = SeekIndex(tmp_path / "x")
    for number in range(9):
        index.add(member(number))
    index.save(IDENTITY, complete=True)
    again = SeekIndex(tmp_path / "x")
    assert again.members == [member(0), member(1), member(2)]
    assert not again.complete


def test_an_index_has_the_permissions_that_files_have(tmp_path: Path):
    filled(tmp_path / "x")
    (tmp_path / "y").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == stat.S_IMODE((tmp_path / "y").stat().st_mode)


def test_a_full_disk_ends_the_run_and_leaves_what_was_whole(tmp_path: Path):
    """A limit on the size of files fails as a full disk does, in the middle of a write."""
    index = SeekIndex(tmp_path / "x")
    index.add(member(0))
    index.save(IDENTITY, point(1))
    index.add(member(1))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (WINDOW + 5000, old[1]))
    try:
        with pytest.raises(StorageError, match="No space left"):
            index.save(IDENTITY, point(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    again = SeekIndex(tmp_path / "x")
    assert [again.found(one) for one in again.points] == [point(1)]
    again.save(IDENTITY, point(2))
    assert len(SeekIndex(tmp_path / "x").points) == 2


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"size": None}, True),
        ({"validator": '"of another server"'}, True),
        ({"validator": ""}, True),
        ({"tail": ""}, True),
        ({"validator": "", "tail": ""}, False),
        ({"validator": '"new"', "tail": "ef" * 32}, False),
        ({"size": 9001}, False),
        ({"head": "cd" * 32}, False),
    ],
)
def test_an_archive_is_known_again_by_what_the_host_says_of_it_or_by_its_ends(changed, same: bool):
    """Its last bytes have the CRC-32 of all that is inside. A validator differs between servers."""
    known = replace(IDENTITY, tail="12" * 32)
    assert known.is_of(replace(known, **changed)) is same
    assert replace(known, **changed).is_of(known) is same


def test_where_a_host_says_nothing_the_beginning_has_to_do():
    """As for parts of any file from such a host."""
    known = replace(IDENTITY, validator="")
    assert known.is_of(replace(known))
