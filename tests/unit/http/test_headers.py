import pickle

import pytest

from cxr.http import RefusedError
from cxr.http.headers import Headers, written


def test_a_field_is_found_in_any_case_and_lines_of_one_name_are_joined():
    headers = Headers([("X-Goog-Hash", "crc32c=x"), ("ETag", '"a"'), ("x-goog-hash", "md5=y")])
    assert headers["X-GOOG-HASH"] == "crc32c=x, md5=y"
    assert headers.get("etag") == '"a"'
    assert "ETAG" in headers
    assert "Date" not in headers
    assert len(headers) == 2
    assert dict(pickle.loads(pickle.dumps(headers))) == dict(headers)


def test_fields_are_written_a_line_each():
    assert written({"host": "localhost", "range": "bytes=0-9"}) == "host: localhost\r\nrange: bytes=0-9\r\n"
    assert written({}) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer hunter22\r\nX: y"),
        ("authorization", "Bearer hunter22\n"),
        ("authorization", "hunter22\0"),
        ("authorization", "hunter22 \u20ac"),
        ("a b", "x"),
        ("a:", "x"),
        ("", "x"),
        ("a\n", "x"),
    ],
)
def test_what_would_forge_a_header_is_refused_and_its_value_not_told(name, value):
    with pytest.raises(RefusedError) as caught:
        written({name: value})
    assert caught.value.code == "header"
    assert "hunter22" not in str(caught.value)
