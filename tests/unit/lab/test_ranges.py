"""Which bytes a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.lab.ranges import span

VALIDATORS = ('"tag"', "Wed, 21 Feb 2018 20:52:22 GMT")
WHOLE = (200, 0, 100)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, WHOLE),
        ("bytes=0-0", (206, 0, 1)),
        ("bytes=10-19", (206, 10, 20)),
        ("bytes=90-", (206, 90, 100)),
        ("bytes=90-500", (206, 90, 100)),
        ("bytes=-10", (206, 90, 100)),
        ("bytes=-500", (206, 0, 100)),
        ("bytes=99-99", (206, 99, 100)),
        ("bytes=100-", (416, 0, 0)),
        ("bytes=100-120", (416, 0, 0)),
        ("bytes=-0", (416, 0, 0)),
        ("bytes=20-10", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("pages=1-2", WHOLE),
        ("bytes=a-b", WHOLE),
    ],
    ids=str,
)
def test_a_range_is_understood_as_the_standard_says(asked, expected):
    headers = {} if asked is None else {"range": asked}
    assert span(headers, 100, VALIDATORS) == expected


@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_part_is_given_while_the_file_is_the_same(validator):
    assert span({"range": "bytes=5-", "if-range": validator}, 100, VALIDATORS).status == 206


@pytest.mark.parametrize("validator", ['"other"', 'W/"tag"', "Thu, 22 Feb 2018 20:52:22 GMT", ""])
def test_the_whole_is_given_once_it_is_another(validator):
    assert span({"range": "bytes=5-", "if-range": validator}, 100, VALIDATORS) == WHOLE


@given(asked=st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True), size=st.integers(0, 2_000))
def test_a_span_never_leaves_the_file(asked, size):
    status, start, end = span({"range": asked}, size, VALIDATORS)
    assert 0 <= start <= end <= size
    assert (start < end) == (status == 206) or status == 200
