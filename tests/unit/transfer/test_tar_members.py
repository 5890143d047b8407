import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tar_files import tar_of

from cxr.transfer.tar_members import BLOCK, FOLDER, LEADS_OUT, Member, TarError, next_member


class Bytes:
    """A tar in memory, read forward."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.most = 0

    @property
    def position(self) -> int:
        return self._file.tell()

    def read(self, size: int) -> bytes:
        self.most = max(self.most, size)
        return self._file.read(size)

    def skip_to(self, place: int) -> None:
        self._file.seek(place)


def members_of(data: bytes) -> Iterator[Member]:
    tar = Bytes(data)
    while (member := next_member(tar)) is not None:
        yield member
        tar.skip_to(member.end)


def header(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda part: part not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=30).map("/".join)


@settings(max_examples=60)
@given(
    files=st.lists(st.tuples(PATHS, st.binary(max_size=1500)), max_size=8),
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_members_are_where_tarfile_finds_them(files, form: int):
    """Long names and names beyond ASCII, in the forms of GNU tar and of POSIX."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, data in files:
            tar.addfile(header(name, size=len(data)), io.BytesIO(data))
    found = list(members_of(out.getvalue()))
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        expected = [(one.name, one.offset, one.offset_data, one.size) for one in tar]
    assert [(one.name, one.start, one.offset, one.size) for one in found] == expected
    assert not [one.fault for one in found if one.fault]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (tarfile.DIRTYPE, FOLDER),
    ],
)
def test_what_is_no_file_says_what_it_is_and_has_no_bytes(kind: bytes, fault: str):
    """Even where its header announces some: then the next member would not be found."""
    block = header("images/x.png", kind, linkname="/etc/passwd").tobuf()
    lying = bytearray(block)
    lying[124:136] = b"00000001000\0"
    lying[148:156] = b" " * 8
    lying[148:156] = b"%06o\0 " % sum(lying)
    data = bytes(lying) + tar_of({"images/y.png": b"image"})
    one, two = members_of(data)
    assert (one.fault, one.size) == (fault, 0)
    assert (two.name, two.fault, data[two.offset : two.offset + 5]) == ("images/y.png", "", b"image")


@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "images/../../x.png", "a/..", "//x"])
def test_names_that_lead_out_of_the_folder_say_so(name: str):
    (one,) = members_of(tar_of({name: b"image"}))
    assert one.fault == LEADS_OUT


def test_a_name_longer_than_any_path_is_none_and_is_not_shown_whole():
    """A header may have a MiB of it."""
    long, usual = members_of(tar_of({"x" * 5000: b"image", "y" * 4000: b"image"}))
    assert long.fault == "a name that no file can have"
    assert len(long.shown) < 200
    assert (usual.fault, len(usual.name)) == ("", 4000)


@pytest.mark.parametrize("name", ["..x.png", "images/x..png", "...", "a/..b/c.png"])
def test_names_with_harmless_points_are_names(name: str):
    (one,) = members_of(tar_of({name: b"image"}))
    assert (one.name, one.fault) == (name, "")


def test_a_point_at_the_beginning_is_left_out():
    """``tar -C folder .`` makes such names."""
    (one,) = members_of(tar_of({"./images/x.png": b"image"}))
    assert one.name == "images/x.png"


def test_sparse_files_say_so_and_the_next_member_is_found():
    """GNU's own form goes on behind the header for as many blocks as it says."""
    block = bytearray(header("holes.png", tarfile.GNUTYPE_SPARSE, size=512).tobuf(tarfile.GNU_FORMAT))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more, last = bytearray(BLOCK), bytearray(BLOCK)
    more[504] = 1
    data = bytes(block + more + last) + b"x" * 512 + tar_of({"y.png": b"image"})
    one, two = members_of(data)
    assert one.fault == "a sparse file"
    assert two.name == "y.png"


def test_sparse_files_of_pax_say_so():
    info = header("x.png", size=5, pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(b"image"))
    (one,) = members_of(out.getvalue())
    assert one.fault == "a sparse file"


def test_a_size_beyond_the_header_field_is_read():
    """8 GiB and more: in base 256, or as a record of a pax header."""
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        block = header("x.png", size=10 << 30).tobuf(form)
        member = next_member(Bytes(block))
        assert member is not None
        assert member.size == 10 << 30


def test_a_size_below_zero_is_damage():
    with pytest.raises(TarError, match="below zero"):
        next_member(Bytes(header("x.png", size=-5).tobuf(tarfile.GNU_FORMAT)))


def test_a_global_header_means_nothing():
    """It would give every member the same name and size."""
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "../x", "size": "9"}
    ) as tar:
        tar.addfile(header("x.png", size=5), io.BytesIO(b"image"))
    (one,) = members_of(out.getvalue())
    assert (one.name, one.size, one.fault) == ("x.png", 5, "")


def test_a_header_that_announces_too_much_of_itself_is_not_taken_into_memory():
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE):
        tar = Bytes(header("x", kind, size=5 << 30).tobuf(tarfile.GNU_FORMAT))
        with pytest.raises(TarError, match="5,368,709,120"):
            next_member(tar)
        assert tar.most == BLOCK


def test_headers_without_a_member_come_to_an_end():
    long = header("x", tarfile.GNUTYPE_LONGNAME, size=4).tobuf(tarfile.GNU_FORMAT) + b"name".ljust(
        BLOCK, b"\0"
    )
    with pytest.raises(TarError, match="too many"):
        next_member(Bytes(long * 1000))


def test_a_sparse_map_without_an_end_is_not_followed():
    block = bytearray(header("x", tarfile.GNUTYPE_SPARSE, size=512).tobuf(tarfile.GNU_FORMAT))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = bytearray(BLOCK)
    more[504] = 1
    with pytest.raises(TarError, match="no end"):
        next_member(Bytes(bytes(block) + bytes(more) * 5000))


@pytest.mark.parametrize(
    "record",
    [b"9999 path=x\n", b"5 path=x\n", b"0 path=x\n", b"12 size=abc\n", b"30 size=99999999999999999999\n"],
)
def test_damaged_records_of_a_pax_header_are_damage(record: bytes):
    data = header("x", tarfile.XHDTYPE, size=len(record)).tobuf() + record.ljust(BLOCK, b"\0")
    with pytest.raises(TarError):
        next_member(Bytes(data + tar_of({"x.png": b"image"})))


def test_a_tar_without_its_two_empty_blocks_just_ends():
    data = tar_of({"x.png": b"image"})[: 2 * BLOCK]
    assert [one.name for one in members_of(data)] == ["x.png"]


@pytest.mark.parametrize("data", [b"x" * BLOCK, b"x" * 100, b"\x89PNG\r\n" * 200])
def test_what_is_no_header_is_damage(data: bytes):
    with pytest.raises(TarError):
        next_member(Bytes(data))


def test_flipped_bits_of_a_header_are_noticed():
    """Its sum is compared; only both kinds of sum being right at once would go unseen."""
    block = header("images/x.png", size=5).tobuf()
    for place in range(0, 500, 7):
        flipped = bytearray(block)
        flipped[place] ^= 0x10
        if not 148 <= place < 156:
            with pytest.raises(TarError):
                next_member(Bytes(bytes(flipped)))


@settings(max_examples=300)
@given(st.binary(min_size=BLOCK, max_size=3 * BLOCK), st.binary(min_size=1, max_size=1))
def test_whatever_a_block_says_ends_in_a_member_or_in_damage(data: bytes, kind: bytes):
    """With the right sum, so that every field is looked at."""
    block = bytearray(data[:BLOCK])
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    try:
        member = next_member(Bytes(bytes(block) + data[BLOCK:]))
    except TarError:
        return
    assert member is None or (member.size >= 0 and member.start == 0 and member.offset >= BLOCK)
