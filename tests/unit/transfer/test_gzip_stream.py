from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tar_files import Told, gz

from cxr.hosts import folder
from cxr.http import RefusedError
from cxr.model import Remote
from cxr.transfer import gzip_stream
from cxr.transfer.archive_source import ArchiveSource
from cxr.transfer.gzip_stream import GzipStream
from cxr.transfer.point_finder import PointFinder

CONTENT = Random(1).randbytes(30_000) + b"what shrinks " * 20_000


@pytest.fixture
def stream(tmp_path: Path):
    """Open bytes as a gzip stream of a real file."""

    def opened(data: bytes, finder: PointFinder | None = None) -> GzipStream:
        (tmp_path / "x.tar.gz").write_bytes(data)
        source = ArchiveSource(folder.connect(tmp_path), Remote("x.tar.gz"), Told(), patience=0)
        return GzipStream(source, "x.tar.gz at box", finder)

    return opened


def test_the_content_comes_in_any_portions(stream):
    one = stream(gz(CONTENT))
    assert one.read(0) == b""
    assert one.read(7) == CONTENT[:7]
    assert one.skip(29_000)
    assert one.read(10_000) == CONTENT[29_007:39_007]
    assert one.position == 39_007
    assert one.read(1 << 30) == CONTENT[39_007:]
    assert one.read(1) == b""
    assert not one.skip(1)
    assert one.wrong_sums == 0


@pytest.mark.parametrize("between", [b"", bytes(512), bytes(200_000)], ids=["nothing", "zeros", "many zeros"])
def test_several_members_are_one_content(stream, between: bytes):
    """RFC 1952, section 2.2: a gzip file is a series of members. Some tools fill up with zeros."""
    parts = [CONTENT[:5], b"", CONTENT[5:70_000], CONTENT[70_000:]]
    one = stream(between.join(gz(part) for part in parts) + between)
    assert one.read(1 << 30) == CONTENT
    assert one.wrong_sums == 0


def test_the_beginning_of_a_member_is_a_point(stream):
    """It costs nothing to know."""
    one = stream(gz(CONTENT[:50_000]) + gz(CONTENT[50_000:]))
    assert one.read(60_000) == CONTENT[:60_000]
    found = one.newest
    assert found.point.compressed == len(gz(CONTENT[:50_000]))
    one.read(100_000)
    one.begin(found)
    assert one.read(1 << 30) == CONTENT[50_000:]
    assert one.wrong_sums == 0


@settings(max_examples=15)
@given(seed=st.integers(0, 1 << 32))
def test_reading_from_a_point_gives_the_rest_and_the_right_sum(tmp_path_factory, seed: int):
    """The sum so far is known at every point: who begins there compares it at the end, too."""
    random = Random(seed)
    content = random.randbytes(150_000) + b"".join(random.choices([b"chest", b"heart", b"lung "], k=100_000))
    folder_ = tmp_path_factory.mktemp("stream")
    parts = random.randint(1, 3)
    cuts = [0, *sorted(random.randrange(len(content)) for _ in range(parts - 1)), len(content)]
    data = b"".join(gz(content[a:b]) for a, b in pairwise(cuts))
    (folder_ / "x.gz").write_bytes(data)
    source = ArchiveSource(folder.connect(folder_), Remote("x.gz"), Told(), patience=0)
    one = GzipStream(source, "x.gz", PointFinder(32 << 10))
    points = []
    while one.piece(random.randint(1, 100_000)):
        if one.newest not in points:
            points.append(one.newest)
    assert len(points) > 2
    for found in random.choices(points, k=5):
        one.begin(found)
        assert one.read(1 << 30) == content[found.point.inflated :]
    assert one.wrong_sums == 0


def test_a_wrong_sum_is_counted_and_does_not_end_the_reading(stream):
    """What came before is judged by its own checksums; nobody can say which byte is wrong."""
    first = bytearray(gz(CONTENT))
    first[-8] ^= 1
    one = stream(bytes(first) + gz(b"more"))
    assert one.read(1 << 30) == CONTENT + b"more"
    assert one.wrong_sums == 1


def test_a_wrong_length_is_counted_too(stream):
    data = bytearray(gz(CONTENT))
    data[-1] ^= 1
    one = stream(bytes(data))
    one.read(1 << 30)
    assert one.wrong_sums == 1


def test_a_missing_sum_is_a_wrong_one(stream):
    one = stream(gz(CONTENT)[:-5])
    assert one.read(1 << 30) == CONTENT
    assert one.wrong_sums == 1


@pytest.mark.parametrize("behind", [b"garbage", b"\x1f", bytes(100) + b"x"])
def test_bytes_behind_the_end_are_ignored(stream, behind: bytes):
    """As gzip itself does, with a warning."""
    assert stream(gz(CONTENT) + behind).read(1 << 30) == CONTENT


def test_a_second_member_that_begins_wrong_is_damage(stream):
    one = stream(gz(CONTENT) + b"\x1f\x8b\x07 and so on")
    with pytest.raises(RefusedError) as caught:
        one.read(1 << 30)
    assert caught.value.code == "archive_damaged"


@pytest.mark.parametrize("size", [12, 500, 20_000, 31_000])
def test_a_file_that_is_cut_off_is_damaged_and_says_where(stream, size: int):
    assert size < len(gz(CONTENT)) - 8
    one = stream(gz(CONTENT)[:size])
    with pytest.raises(RefusedError, match=rf"x\.tar\.gz at box: it is cut off at byte {size:,}") as caught:
        one.read(1 << 30)
    assert caught.value.code == "archive_damaged"


def test_flipped_bytes_are_noticed(stream):
    """Either by the inflater, or by the sum at the end."""
    data = gz(CONTENT)
    seen = []
    for seed in range(60):
        random = Random(seed)
        flipped = bytearray(data)
        flipped[random.randrange(10, len(data))] ^= 1 << random.randrange(8)
        one = stream(bytes(flipped))
        try:
            content = one.read(1 << 30)
        except RefusedError as error:
            seen.append(error.code)
        else:
            seen.append("sum" if one.wrong_sums else "right" if content == CONTENT else "wrong")
    assert set(seen) == {"archive_damaged", "sum"}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<!DOCTYPE html><title>Box</title>", "a web page"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"", "empty"),
        (bytes(2000), "nothing but zeros"),
    ],
    ids=["page", "zip", "empty", "zeros"],
)
def test_what_is_no_gzip_file_is_named(stream, data: bytes, what: str):
    with pytest.raises(RefusedError, match=what) as caught:
        stream(data).read(1)
    assert caught.value.code == "not_an_archive"


def test_a_bomb_is_not_read_to_its_end(stream, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gzip_stream, "_ANYWAY", 1 << 20)
    data = gz(bytes(200 << 20), 1)
    one = stream(data)
    with pytest.raises(RefusedError, match="100 times as many") as caught:
        one.skip(1 << 40)
    assert caught.value.code == "archive_bomb"
    assert one.position < 110 * len(data)


def test_the_point_where_a_header_was_is_never_behind_the_content(stream):
    """A member of nothing moves the point on; reading from it is possible all the same."""
    one = stream(gz(b"") + gz(b"") + gz(b"a"))
    assert one.read(5) == b"a"
    one.begin(one.newest)
    assert one.read(5) == b"a"
