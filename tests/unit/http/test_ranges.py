import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.http.ranges import parse_content_range

BYTES = st.integers(0, 2**62)


@given(BYTES, st.integers(1, 2**40), st.integers(0, 2**40))
def test_a_part_is_told_by_its_first_byte_the_one_after_its_last_and_the_size(start, length, rest):
    end, total = start + length, start + length + rest
    assert parse_content_range(f"bytes {start}-{end - 1}/{total}") == (start, end, total)
    assert parse_content_range(f"  BYTES\t{start}-{end - 1}/*") == (start, end, None)


@given(BYTES, st.integers(1, 2**40))
def test_a_part_that_ends_before_it_begins_or_behind_the_file_is_none(start, length):
    assert parse_content_range(f"bytes {start + length}-{start}/*") is None
    assert parse_content_range(f"bytes {start}-{start + length}/{start + length}") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "bytes", "bytes */100", "bytes 0-9", "bytes 0-/10", "bytes -9/10", "items 0-9/10"),
        *(
            "bytes 0-9/ten",
            "bytes 0-9/10, 20-29/30",
            "bytes=0-9/10",
            "bytes \u0660-\u0669/*",
            "bytes 0-9/10\n0",
        ),
        "bytes 0-9/" + "9" * 5000,
    ],
)
def test_what_names_no_part_is_none(text):
    assert parse_content_range(text) is None


@given(st.text())
def test_no_text_breaks_it(text):
    parse_content_range(text)
    parse_content_range(f"bytes {text}")
