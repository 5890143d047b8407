import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.transfer.gzip_header import LONGEST, header_length

TEXT = st.binary(max_size=40).map(lambda text: text.replace(b"\0", b"x"))


@given(
    extra=st.none() | st.binary(max_size=50),
    name=st.none() | TEXT,
    comment=st.none() | TEXT,
    crc=st.booleans(),
)
def test_a_header_is_measured_whatever_it_carries(extra, name, comment, crc):
    """RFC 1952, section 2.3: its fields are optional, and come in this order."""
    flags = 2 * crc + 4 * (extra is not None) + 8 * (name is not None) + 16 * (comment is not None)
    header = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
    header += b"" if extra is None else len(extra).to_bytes(2, "little") + extra
    header += b"".join(text + b"\0" for text in (name, comment) if text is not None)
    header += b"\xab\xcd" if crc else b""
    assert header_length(header + b"what follows") == len(header)
    assert {header_length(header[:size]) for size in range(len(header))} == {None}


def test_a_header_as_pythons_own_writer_makes_it():
    out = io.BytesIO()
    with gzip.GzipFile("images_001.tar", "wb", fileobj=out) as file:
        file.write(b"")
    assert header_length(out.getvalue()) == 10 + len(b"images_001.tar\0")


@pytest.mark.parametrize(
    "data",
    [b"<!DOCTYPE html>", b"\x1f\x9d\x90", b"\x1f\x8b\x07" + bytes(7), b"\x1f\x8b\x08\x20" + bytes(6), b"PK"],
    ids=["page", "compress", "method", "flags", "zip"],
)
def test_what_is_no_gzip_member_is_refused(data: bytes):
    with pytest.raises(ValueError, match="gzip"):
        header_length(data)


def test_a_comment_without_end_is_not_waited_for():
    with pytest.raises(ValueError, match="too long"):
        header_length(b"\x1f\x8b\x08\x10" + bytes(6) + b"x" * LONGEST)
