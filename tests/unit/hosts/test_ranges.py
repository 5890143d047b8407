"""Parts of files over HTTP: whatever a server answers, bytes are where they are said to be, or an error."""

import base64
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.stub_service import Told, part_of, serving

from cxr.hosts._ranges import Extent, Part, extent_of, open_part
from cxr.http import Client, HttpSettings, RefusedError, TransientError

FILE = bytes(range(256)) * 40


@pytest.fixture
def client():
    client = Client(HttpSettings(answer_timeout=5, stall_timeout=5))
    yield client
    client.close()


def got(client, service, part):
    with open_part(client, f"{service.origin}/folder/a%20file.bin?sig=x", part, what="The file") as content:
        return content, b"".join(content)


def answer(status, **headers):
    return SimpleNamespace(status=status, headers={name.replace("_", "-"): v for name, v in headers.items()})


PARTS = st.builds(
    Part, st.integers(0, len(FILE) + 50), st.none() | st.integers(0, len(FILE) + 50), st.just("")
)


def test_any_part_is_what_a_slice_is(client):
    with serving(lambda asked: part_of(asked, FILE)) as service:

        @given(PARTS)
        def check(part):
            content, data = got(client, service, part)
            assert data == FILE[part.start : part.end]
            assert content.start == part.start
            assert content.size in (len(FILE), None)

        check()
        assert all("-" in asked.headers.get("range", "-") for asked in service.asked)


def test_the_whole_is_asked_for_without_a_range_and_tells_of_itself(client):
    digest = base64.b64encode(bytes(16)).decode()
    lines = [("ETag", '"t"'), ("x-goog-hash", "crc32c=AAAAAA=="), ("x-goog-hash", f"md5={digest}")]
    with serving(lambda _: Told(200, FILE, [*lines, ("Content-Type", "Text/CSV; charset=utf-8")])) as service:
        content, data = got(client, service, Part())
    assert data == FILE
    assert "range" not in service.asked[0].headers
    assert (content.start, content.size, content.validator) == (0, len(FILE), '"t"')
    assert content.checksum == f"md5:{'00' * 16}"
    assert (content.name, content.media_type) == ("a file.bin", "text/csv")


@pytest.mark.parametrize(
    ("headers", "checksum"),
    [
        ([("x-goog-hash", "crc32c=yv66vg==,md5=notbase64!")], "crc32c:yv66vg=="),
        ([("x-goog-hash", "md5=AAAA")], ""),
        ([("x-goog-hash", "md5")], ""),
        ([], ""),
    ],
)
def test_a_checksum_that_is_none_is_left_out(client, headers, checksum):
    with serving(lambda _: Told(200, FILE, headers)) as service:
        assert got(client, service, Part())[0].checksum == checksum


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        (
            [("ETag", 'W/"weak"'), ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
            "Mon, 01 Jan 2024 00:00:00 GMT",
        ),
        ([("ETag", 'W/"weak"')], ""),
    ],
)
def test_a_weak_tag_is_no_validator(client, headers, validator):
    with serving(lambda _: Told(200, FILE, headers)) as service:
        assert got(client, service, Part())[0].validator == validator


def test_a_server_without_ranges_gives_the_whole(client):
    with serving(lambda _: Told(200, FILE)) as service:
        content, data = got(client, service, Part(100, 200))
    assert (content.start, data) == (0, FILE)


def test_a_changed_file_comes_whole_even_where_if_range_is_ignored(client):
    def careless(asked):
        return part_of(asked._replace(headers=asked.headers | {"if-range": '"new"'}), FILE, etag='"new"')

    for service_answer in (lambda asked: part_of(asked, FILE, etag='"new"'), careless):
        with serving(service_answer) as service:
            content, data = got(client, service, Part(100, None, '"old"'))
            assert (content.start, content.validator, data) == (0, '"new"', FILE)
            same, data = got(client, service, Part(100, None, '"new"'))
            assert (same.start, data) == (100, FILE[100:])


@pytest.mark.parametrize(
    "said",
    [
        "",
        "bytes 11-19/100",  # another start
        "bytes 10-18/100",  # fewer than there are
        "bytes 10-25/100",  # more than asked for
        "bytes 10-19/15",  # beyond its own end
        "bytes 19-10/100",
        "bytes */100",
        "pages 10-19/100",
    ],
)
def test_another_part_than_was_asked_for_is_tried_again(said):
    with pytest.raises(TransientError, match="bytes=10-19") as caught:
        extent_of(answer(206, Content_Range=said), Part(10, 20), "The file")
    assert caught.value.code == "wrong_range"


@given(st.integers(0, 60), st.none() | st.integers(1, 60), st.text("bytes */-0123456789", max_size=20))
def test_no_content_range_is_taken_for_more_than_was_asked(start, length, said):
    part = Part(start, None if length is None else start + length)
    try:
        extent = extent_of(answer(206, Content_Range=said), part, "The file")
    except TransientError:
        return
    assert extent.start == start
    assert extent.length > 0
    assert length is None or extent.length <= length


def test_behind_the_end_there_is_nothing():
    assert extent_of(answer(416, Content_Range="bytes */10"), Part(10), "f") == Extent(10, 0, 10)
    assert extent_of(answer(416), Part(10), "f") == Extent(10, 0, None)
    with pytest.raises(TransientError, match="asked for"):
        extent_of(answer(416, Content_Range="bytes */11"), Part(10), "f")


@pytest.mark.parametrize(("body", "code"), [(b"12345", "wrong_range"), (b"123", "cut_short")])
def test_a_body_is_as_long_as_its_range(client, body, code):
    """Where it comes in chunks, nothing else says how much there is."""
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = [("Content-Range", "bytes 2-5/10"), ("Transfer-Encoding", "chunked")]
    with serving(lambda _: Told(206, chunks, head)) as service, pytest.raises(TransientError) as caught:
        got(client, service, Part(2, 6))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "kind"), [(404, RefusedError), (503, TransientError), (204, RefusedError)]
)
def test_a_status_without_a_file_is_an_error(client, status, kind):
    with serving(lambda _: Told(status)) as service, pytest.raises(kind, match="The file") as caught:
        got(client, service, Part(5))
    assert caught.value.status == status


def test_what_was_looked_at_still_comes(client):
    with serving(lambda _: Told(200, FILE)) as service:
        with open_part(client, service.origin, Part(), what="f") as content:
            assert content.peek(4) == FILE[:4]
            assert content.peek(2) == FILE[:2]
            assert b"".join(content) == FILE
        with open_part(client, service.origin, Part(), what="f") as content:
            assert content.peek(10**6) == FILE
            assert b"".join(content) == FILE


def test_nothing_is_asked_for_nothing(client):
    with serving(lambda _: Told(500)) as service:
        content, data = got(client, service, Part(7, 7))
        assert (content.start, data, service.asked) == (7, b"", [])
