"""The head of an answer is read strictly: what is lost here would be lost silently."""

import contextlib
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxr.http import TransientError
from cxr.http.head import Framing, Head, framing, parse_head
from cxr.http.headers import Headers

TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=20)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)


@given(
    st.integers(100, 999),
    st.lists(st.tuples(TOKEN, VALUE), max_size=20),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from(["", " ", "\t  "]),
)
def test_every_field_arrives_whatever_ends_the_lines(status, fields, end, space):
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}:{space}{value}{space}" for name, value in fields)]
    head = parse_head(end.join(lines).encode("latin-1"))
    assert head.status == status
    assert {name.lower() for name, _ in fields} == set(head.headers)
    for name, _ in fields:
        together = [value for other, value in fields if other.lower() == name.lower()]
        assert head.headers[name.upper()] == ", ".join(together)


@given(st.binary(max_size=200))
@example(b"")
@example(b"HTTP/1.1 200 OK\r\nA: 1\r")
def test_any_bytes_are_a_head_or_a_passing_error(block):
    for data in (block, b"HTTP/1.1 200 OK\r\n" + block):
        with contextlib.suppress(TransientError):
            assert 100 <= parse_head(data).status <= 999


@pytest.mark.parametrize(
    "block",
    [
        *("HTTP/2 200", "HTTP/1.1 20 OK", "HTTP/1.1 099 OK", "HTTP/1.1 2000 OK", "ICY 200 OK", "<html>"),
        *("HTTP/1.1 200 OK\r\nno header", "HTTP/1.1 200 OK\r\n: empty", "HTTP/1.1 200 OK\r\nA : spaced"),
        *("HTTP/1.1 200 OK\r\n folded", "HTTP/1.1 200 OK\r\nA: nul\0", "HTTP/1.1 200 OK\r\nA: b\rC: d"),
        *("HTTP/1.1 200 OK\r\n\xe9: x", "HTTP/1.1 200 OK\r\nA: 1\r\n" + "B: 2\r\n" * 99 + "C: 3"),
    ],
)
def test_what_is_not_http_or_too_much_is_told(block):
    with pytest.raises(TransientError) as caught:
        parse_head(block.encode("latin-1"))
    assert caught.value.code == "malformed"


def test_a_hundred_headers_are_not_too_many():
    block = "HTTP/1.1 200 OK\r\n" + "\r\n".join(f"A{number}: x" for number in range(100))
    assert len(parse_head(block.encode()).headers) == 100


def test_a_value_may_go_on_in_the_next_line():
    head = parse_head(b"HTTP/1.0 200\r\nA: one \r\n\t two\r\nContent-Length: 5")
    assert dict(head.headers) == {"a": "one two", "content-length": "5"}
    assert head.minor == 0


def head(status=200, minor=1, **fields):
    return Head(status, minor, Headers((name.replace("_", "-"), value) for name, value in fields.items()))


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        ("GET", head(content_length="5"), Framing(5, chunked=False, reusable=True)),
        ("GET", head(content_length="5, 5"), Framing(5, chunked=False, reusable=True)),
        ("GET", head(content_length="0"), Framing(0, chunked=False, reusable=True)),
        ("GET", head(transfer_encoding="Chunked"), Framing(None, chunked=True, reusable=True)),
        (
            "GET",
            head(transfer_encoding="chunked", content_length="5"),
            Framing(None, chunked=True, reusable=False),
        ),
        ("GET", head(), Framing(None, chunked=False, reusable=False)),
        ("GET", head(content_length="5", connection="Close"), Framing(5, chunked=False, reusable=False)),
        ("GET", head(minor=0, content_length="5"), Framing(5, chunked=False, reusable=False)),
        (
            "GET",
            head(minor=0, content_length="5", connection="Keep-Alive"),
            Framing(5, chunked=False, reusable=True),
        ),
        ("HEAD", head(content_length="5"), Framing(0, chunked=False, reusable=True)),
        ("GET", head(204, content_length="5"), Framing(0, chunked=False, reusable=True)),
        ("GET", head(304, content_length="5"), Framing(0, chunked=False, reusable=True)),
    ],
)
def test_where_a_body_ends_is_what_the_standard_says(method, answer, expected):
    assert framing(method, answer) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"content_length": "5, 6"},
        {"content_length": "-5"},
        {"content_length": "5.0"},
        {"content_length": "+5"},
        {"content_length": ""},
        {"content_length": "\xb2"},
        {"content_length": "9" * 20},
        {"transfer_encoding": "gzip, chunked"},
        {"transfer_encoding": "identity"},
    ],
)
def test_a_head_that_leaves_the_end_open_to_guessing_is_told(fields):
    with pytest.raises(TransientError) as caught:
        framing("GET", head(**fields))
    assert caught.value.code == "malformed"
