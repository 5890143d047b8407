"""Files that come as a zip of their own: what is inside, whole and right, or an error that says why not."""

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.hosts import _unzip
from cxr.hosts._ranges import Extent, Part, WebContent
from cxr.hosts._unzip import unzipped
from cxr.http import RefusedError, TransientError

TABLE = b"Image Index,Finding Labels\n" + bytes(range(256)) * 9000


def packed(members, method=zipfile.ZIP_DEFLATED, comment=b""):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.comment = comment
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def content(data, tag='"zip"'):
    blocks = (data[at : at + 5000] for at in range(0, len(data), 5000))
    return WebContent(blocks, Extent(0, None, len(data)), {"ETag": tag}, "http://127.0.0.1/x.csv.zip?sig=y")


def inner(data, part=None, tag='"zip"'):
    with unzipped(content(data, tag), "x.csv", part or Part(), what="Kaggle, x.csv") as found:
        return found, b"".join(found)


WHOLE = packed([("x.csv", TABLE)])


@given(st.integers(0, len(TABLE) + 9), st.none() | st.integers(0, len(TABLE) + 9))
def test_any_part_of_the_file_inside(start, end):
    found, data = inner(WHOLE, Part(start, end))
    assert data == TABLE[start:end]
    assert (found.start, found.size, found.name) == (start, len(TABLE), "x.csv")


def test_blocks_are_bounded_and_none_is_empty():
    with unzipped(content(WHOLE), "x.csv", Part(), what="f") as found:
        sizes = [len(block) for block in found]
    assert all(0 < size <= 1 << 20 for size in sizes)


def test_nobody_publishes_the_checksum_of_what_is_inside():
    found, _ = inner(WHOLE)
    assert (found.checksum, found.validator) == ("", '"zip"')


def test_of_another_zip_the_whole_comes():
    assert inner(WHOLE, Part(7, 9, '"zip"'))[1] == TABLE[7:9]
    found, data = inner(WHOLE, Part(7, 9, '"older"'))
    assert (found.start, data) == (0, TABLE)


@pytest.mark.parametrize(
    "members",
    [
        [("folder/", b""), ("folder/x.csv", TABLE)],
        [("renamed.csv", TABLE)],
        [("readme.txt", b"hello"), ("x.csv", TABLE)],
    ],
)
def test_the_file_is_found_by_its_name_or_is_the_only_one(members):
    assert inner(packed(members))[1] == TABLE


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_zip_may_come_right_another_time(method):
    whole = bytearray(packed([("x.csv", TABLE)], method))
    for damaged in (
        whole[: len(whole) // 2],
        bytes(whole[:90]) + b"\xff\x00\x11" + bytes(whole[93:]),
        b"PK\x03\x04",
    ):
        with pytest.raises(TransientError) as caught:
            inner(bytes(damaged))
        assert caught.value.code == "zip_damaged"


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_whatever_byte_is_wrong_the_file_is_right_or_an_error(at, change):
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    with contextlib.suppress(RefusedError, TransientError):
        assert inner(bytes(damaged))[1] == TABLE


def flagged(data, bit):
    """Set a general purpose bit in the local header and in the directory."""
    changed = bytearray(data)
    changed[6] |= bit
    changed[data.rindex(b"PK\x01\x02") + 8] |= bit
    return bytes(changed)


@pytest.mark.parametrize(
    "data",
    [
        packed([("a.csv", b"1"), ("b.csv", b"2")]),
        packed([]),
        packed([("x.csv", TABLE)], zipfile.ZIP_BZIP2),
        packed([("x.csv", TABLE)], zipfile.ZIP_LZMA),
        flagged(WHOLE, 1),
    ],
    ids=["others", "empty", "bzip2", "lzma", "encrypted"],
)
def test_a_zip_of_another_kind_is_refused(data):
    with pytest.raises(RefusedError, match="zip"):
        inner(data)


def test_a_comment_is_no_fault():
    assert inner(packed([("x.csv", TABLE)], comment=b"PK\x06\x07"))[1] == TABLE


def test_a_huge_directory_is_refused_before_it_is_read(monkeypatch):
    many = packed([(f"{n:04d}" * 50, b"") for n in range(5000)])
    end = many.index(b"PK\x05\x06")
    with_zip64 = many[:end] + b"PK\x06\x07" + bytes(16) + many[end : end + 12] + bytes(4) + many[end + 16 :]
    monkeypatch.setattr(_unzip.zipfile, "ZipFile", None)
    for data in (many, with_zip64):
        with pytest.raises(RefusedError, match="many files"):
            inner(data)


def test_a_bomb_is_refused_before_it_is_inflated(monkeypatch):
    bomb = packed([("x.csv", bytes(30_000_000))])
    assert len(bomb) < 30_000_000 / 1000
    with pytest.raises(RefusedError) as caught:
        inner(bomb)
    assert caught.value.code == "decompression_bomb"
    monkeypatch.setattr(_unzip, "_LARGEST", len(TABLE) - 1)
    with pytest.raises(RefusedError, match="grows"):
        inner(WHOLE)
    monkeypatch.setattr(_unzip, "_LARGEST", 500)
    with pytest.raises(RefusedError, match="grows"):
        inner(packed([("x.csv", b"1")], comment=bytes(500)))


def test_a_size_that_is_a_lie_does_not_let_more_in():
    """The directory says 10 bytes; behind it are many more."""
    lying = bytearray(WHOLE)
    at = WHOLE.rindex(b"PK\x01\x02") + 24
    lying[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(TransientError, match="damaged"):
        inner(bytes(lying))


def test_a_reader_that_stops_early_leaves_nothing_open():
    with unzipped(content(WHOLE), "x.csv", Part(), what="f") as found:
        assert next(found)[:11] == b"Image Index"
