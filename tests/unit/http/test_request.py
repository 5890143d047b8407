"""Redirects: what is asked next, and what stays behind."""

import pytest

from cxr.http import RefusedError
from cxr.http.address import parse
from cxr.http.head import Head
from cxr.http.headers import Headers
from cxr.http.request import Request, redirected

HEADERS = {
    "range": "bytes=0-9",
    "if-range": '"x"',
    "authorization": "Bearer hunter22",
    "cookie": "hunter22",
    "content-type": "application/json",
}


def after(status, location, method="GET", body=None, url="https://example.org/a"):
    fields = Headers([("Location", location)] if location is not None else [])
    return redirected(Request(method, parse(url), HEADERS, body), Head(status, 1, fields))


@pytest.mark.parametrize("status", [200, 206, 300, 304, 404, 500])
def test_other_answers_are_no_redirects(status):
    assert after(status, "https://other.example/") is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_asks_there_for_the_same_part(status):
    request = after(status, "/b")
    assert (request.method, request.address.url) == ("GET", "https://example.org/b")
    assert request.headers["range"] == "bytes=0-9"
    assert request.headers["if-range"] == '"x"'


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, "POST", "GET") for status in (301, 302, 303)),
        *((status, "POST", "POST") for status in (307, 308)),
        *((status, "HEAD", "HEAD") for status in (301, 302, 303, 307, 308)),
        *((status, "PROPFIND", "PROPFIND") for status in (301, 302, 307, 308)),
        (303, "PROPFIND", "GET"),
    ],
)
def test_a_post_becomes_a_get_where_everybody_does_it(status, method, then):
    body = b"{}" if method == "POST" else None
    request = after(status, "/b", method, body)
    assert request.method == then
    assert request.body == (body if then == method else None)
    assert ("content-type" in request.headers) == (then == method)


@pytest.mark.parametrize(
    "location", ["https://other.example/", "https://example.org:8443/", "https://a.example.org/"]
)
def test_what_the_caller_sent_for_one_origin_stays_there(location):
    """Another port of the same host is another origin."""
    request = after(302, location)
    assert not {"authorization", "cookie"} & set(request.headers)
    assert {"range", "if-range"} <= set(request.headers)
    assert {"authorization", "cookie"} <= set(after(302, "https://example.org:443/b").headers)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (None, "redirect"),
        ("", "redirect"),
        ("http://example.org/b", "not_https"),
        ("http://127.0.0.1/b", "not_https"),
        ("ftp://example.org/b", "address"),
        ("javascript:alert(1)", "address"),
        ("https://user:hunter22@example.org/", "address"),
        ("https://[/", "address"),
    ],
)
def test_a_redirect_that_leads_nowhere_good_is_refused(location, code):
    with pytest.raises(RefusedError) as caught:
        after(302, location)
    assert caught.value.code == code
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("status", [307, 308])
def test_what_was_sent_to_one_host_is_not_sent_to_another(status):
    with pytest.raises(RefusedError):
        after(status, "https://other.example/b", "POST", b'{"token": "hunter22"}')
    assert after(302, "https://other.example/b", "POST", b'{"token": "hunter22"}').body is None


def test_a_request_shows_neither_headers_nor_body_nor_signature():
    request = Request("POST", parse("https://example.org/a?sig=hunter22"), HEADERS, b"hunter22")
    assert "hunter22" not in repr(request)
