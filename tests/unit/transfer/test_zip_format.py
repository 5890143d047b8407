import io
import random
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.zip_files import LATER, UTF8, Ending, Member, archive, central, local

from cxr.transfer.zip_format import LOCAL_HEADER, TAIL, ZipFormatError, find_end, headers, local_header

NAMES = st.binary(min_size=1, max_size=20)
MEMBERS = st.lists(
    st.builds(
        Member,
        name=NAMES,
        content=st.binary(max_size=300),
        method=st.sampled_from([0, 8]),
        flags=st.sampled_from([0, UTF8, LATER]),
        zip64=st.booleans(),
        local_extra=st.sampled_from([b"", b"ab\0\0", b"xy\3\0abc"]),
    ),
    max_size=6,
)


def read(data: bytes):
    end = find_end(data[-TAIL:], len(data))
    return end, list(headers(data[end.start : end.start + end.size], end))


@given(MEMBERS, st.binary(max_size=40), st.booleans())
def test_a_directory_says_what_was_written(members, comment, zip64):
    data = archive(members, Ending(comment, zip64))
    end, found = read(data)
    assert end.members == len(members)
    assert [header.name for header in found] == [member.name for member in members]
    assert [header.size for header in found] == [len(member.content) for member in members]
    assert [header.compressed for header in found] == [len(member.bytes) for member in members]
    for member, header in zip(members, found, strict=True):
        there = local_header(data[header.offset : header.offset + LOCAL_HEADER])
        assert (there.name_size, there.method) == (len(member.name), member.method)


@given(st.data())
def test_damaged_bytes_are_an_error_with_words_or_a_directory_and_nothing_else(data):
    """Whatever is in the last bytes of an archive and its directory."""
    members = [Member(b"a.png", b"x" * 50, 8), Member(b"b.png", b"y", zip64=True)]
    content = bytearray(archive(members, Ending(b"comment", zip64=data.draw(st.booleans()))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ZipFormatError):
        read(bytes(content[: data.draw(st.integers(0, len(content)))]))


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"PK\5\6", b"PK\6\7", b"PK\6\6"]), st.integers(0, 1 << 40)
)
def test_any_bytes_are_an_error_with_words_or_an_end(data, signature, before):
    tail = data + signature + data
    with suppress(ZipFormatError):
        end = find_end(tail, before + len(tail))
        assert 0 <= end.start <= end.start + end.size <= before + len(tail)


@pytest.mark.parametrize("inside", [Ending(b"!").bytes(1, 46, 0) + b"--", archive([Member(b"inner", b"1")])])
def test_an_end_in_the_comment_is_part_of_the_comment(inside):
    data = archive([Member(b"outer", b"1")], Ending(comment=b"--" + inside))
    assert [header.name for header in read(data)[1]] == [b"outer"]


def test_two_ends_that_both_fit_are_refused():
    """Python's zipfile reads the inner archive of this file, others the outer."""
    data = archive_in_comment(b"")
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["inner"]
    with pytest.raises(ZipFormatError, match="two directories"):
        read(data)


def test_of_two_ends_that_fit_only_one_that_reaches_the_last_byte_counts():
    assert [header.name for header in read(archive_in_comment(b"--"))[1]] == [b"outer"]


def archive_in_comment(after: bytes) -> bytes:
    """Return an archive in whose comment there is another, which knows its place in the file."""
    outer = [Member(b"outer", b"1")]
    before = len(archive(outer))
    member = local(Member(b"inner", b"1"))
    directory = central(Member(b"inner", b"1"), before)
    inner = member + directory + Ending().bytes(1, len(directory), before + len(member))
    return archive(outer, Ending(comment=inner + after))


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending(count=3), "cannot be right"),
        (Ending(count=1), "lists 2 members, and 1 are announced"),
        (Ending(count=1 << 40, zip64=True), "cannot be right"),
        (Ending(count=1, zip64=True), "lists 2 members, and 1 are announced"),
        (Ending(size=60), "cannot be right"),
        (Ending(size=1 << 30), "cannot be right"),
        (Ending(size=1 << 60, zip64=True), "cannot be right"),
        (Ending(offset=0), "cannot be right"),
        (Ending(offset=1 << 30), "cannot be right"),
        (Ending(count=0, size=0, offset=0), "cannot be right"),
        (Ending(disk=1), "split over several files"),
        (Ending(disk=1, zip64=True), "split over several files"),
    ],
)
def test_an_end_that_lies_is_told(ending, reason):
    with pytest.raises(ZipFormatError, match=reason):
        read(archive([Member(b"a.png", b"1"), Member(b"b.png", b"2")], ending))


def test_a_directory_that_is_not_one_or_breaks_off_is_told():
    data = bytearray(archive([Member(b"a.png", b"1"), Member(b"b.png", b"2")]))
    second = data.rindex(b"PK\1\2")
    with pytest.raises(ZipFormatError, match="no member where number 2 should be"):
        read(bytes(data[:second] + b"PK\1\3" + data[second + 4 :]))
    data[second + 28] = 200  # its name is longer than what is left
    with pytest.raises(ZipFormatError, match="breaks off"):
        read(bytes(data))


@pytest.mark.parametrize("zip64", [False, True])
def test_an_archive_behind_other_bytes_is_refused(zip64):
    """Some programs would find the directory of these bytes, others that of the bytes before."""
    with pytest.raises(ZipFormatError, match=r"cannot be right|not where it should be"):
        read(archive([Member(b"a.png", b"1")], Ending(zip64=zip64), before=b"#!/bin/sh\n"))


def test_a_member_that_lies_in_another_file_is_told():
    with pytest.raises(ZipFormatError, match="split over several files"):
        read(archive([Member(b"a.png", b"1", disk=1)]))


def test_records_that_contradict_each_other_are_told():
    data = bytearray(archive([Member(b"a", b"1")], Ending(zip64=True)))
    data[-14] = 7  # the small record now says 7 members on this disk, the ZIP64 one 1
    data[-13] = 0
    with pytest.raises(ZipFormatError, match="contradict"):
        read(bytes(data))


def test_zip64_sizes_that_are_announced_and_missing_are_told():
    data = archive([Member(b"a", b"1", zip64=True)])
    place = data.index(b"PK\1\2")
    extra = data.index(b"\1\0\x18\0", place)
    with pytest.raises(ZipFormatError, match="no ZIP64 sizes"):
        read(data[:extra] + b"\2\0" + data[extra + 2 :])


def test_more_members_than_16_bits_can_count():
    """Without ZIP64 a writer leaves the lowest 16 bits of their number, or as many as fit."""
    data = archive(Member(b"%05d" % number) for number in range(70_000))
    start = data.index(b"PK\1\2")
    body = data[:-22]
    for ending in (Ending(zip64=True), Ending(), Ending(count=65_535)):
        end, found = read(body + ending.bytes(70_000, len(body) - start, start))
        assert (end.start, len(found)) == (start, 70_000)


def test_a_cut_archive_has_no_end():
    data = archive([Member(b"a.png", random.Random(7).randbytes(5000))], Ending(zip64=True))
    for size in (0, 1, 21, len(data) // 2, len(data) - 22, len(data) - 1):
        with pytest.raises(ZipFormatError, match="cut off"):
            find_end(data[:size][-TAIL:], size)
