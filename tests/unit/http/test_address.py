"""What may be asked, and that what is asked stays as it was signed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.http import RefusedError
from cxr.http.address import is_this_machine, parse, resolve

URL_TEXT = st.text("abcXYZ019-._~%/?&=+:@!$'()*,;[]", max_size=60)


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://api.kaggle.com", "https://api.kaggle.com", "/"),
        ("HTTPS://API.Kaggle.com:443/v1?x=1#part", "https://api.kaggle.com", "/v1?x=1"),
        ("https://example.org:8443/a b/ü.png", "https://example.org:8443", "/a%20b/%C3%BC.png"),
        ("http://127.0.0.1:7777/x?", "http://127.0.0.1:7777", "/x"),
        ("http://[::1]:80/x", "http://[::1]", "/x"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443", "/"),
        ("http://localhost/a%2Fb", "http://localhost", "/a%2Fb"),
        ("https://example.org?a=b", "https://example.org", "/?a=b"),
    ],
)
def test_an_address_is_whom_to_ask_and_what(url, origin, target):
    address = parse(url)
    assert (address.origin.name, address.target) == (origin, target)
    assert parse(address.url) == address


def test_the_port_of_the_scheme_is_the_same_as_none():
    assert parse("https://example.org:443/").origin == parse("https://example.org/").origin
    assert parse("https://example.org:80/").origin != parse("https://example.org/").origin
    assert parse("https://example.org/").origin.port == 443


@given(URL_TEXT)
def test_a_signed_path_and_query_go_out_as_they_came(text):
    path, _, query = text.replace("#", "").partition("?")
    target = f"/x{path}?{query}" if query else f"/x{path}"
    assert parse(f"https://example.org{target}").target == target


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "not_https"),
        ("http://127.0.0.1.example.org/", "not_https"),
        ("http://localhost.example.org/", "not_https"),
        ("http://10.0.0.1/", "not_https"),
        ("http://box.localhost/", "not_https"),
        ("ftp://localhost/", "address"),
        ("file:///etc/passwd", "address"),
        ("localhost/x", "address"),
        ("", "address"),
        ("https://", "address"),
        ("https:///x", "address"),
        ("https://user:hunter22@example.org/", "address"),
        ("https://user@example.org/", "address"),
        ("https://example.org:hunter22/", "address"),
        ("https://example.org:99999/", "address"),
        ("https://exa mple.org/", "address"),
        ("https://example.org\\@evil.example/", "address"),
        ("https://münchen.example/", "address"),
        ("https://[::1/", "address"),
        ("https://[fe80::1%25eth0]/", "address"),
        ("https://[example]/", "address"),
        ("https://-x.example/", "address"),
        ("https://" + "a" * 300, "address"),
        ("https://a..b/", "name"),
        ("https://a../", "name"),
        ("https://" + "a" * 64 + ".example/", "name"),
        ("https://example." + "a" * 70, "name"),
    ],
)
def test_what_cannot_or_must_not_be_asked_is_refused_without_being_quoted(url, code):
    with pytest.raises(RefusedError) as caught:
        parse(url)
    assert caught.value.code == code
    assert "hunter22" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            address = parse(url)
        except RefusedError:
            continue
        assert address.url.isascii()
        assert not set(address.url) & set(" \r\n\t\0")


@given(st.from_regex(r"[a-z0-9]([a-z0-9._-]|a{60}){0,8}", fullmatch=True))
def test_any_name_that_may_be_asked_can_be_encoded_for_tls(name):
    with contextlib.suppress(RefusedError):
        assert parse(f"https://{name}/").origin.host.encode("idna")


@pytest.mark.parametrize("host", ["a" * 63 + ".example", "example.org.", "a_b.example-1.org"])
def test_a_name_that_can_be_is_asked(host):
    assert parse(f"https://{host}/").origin.host == host


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://other.example/y?sig=a%2Fb", "https://other.example/y?sig=a%2Fb"),
        ("/y", "https://example.org/y"),
        ("y", "https://example.org/a/y"),
        ("../y", "https://example.org/y"),
        ("?b=2", "https://example.org/a/x?b=2"),
        ("//other.example/y", "https://other.example/y"),
        ("/\xc3\xbc b", "https://example.org/%C3%BC%20b"),  # as it arrives: each byte a character
        ("#part", "https://example.org/a/x?q=1"),
    ],
)
def test_a_location_is_seen_from_where_it_was_sent(location, url):
    assert resolve(parse("https://example.org/a/x?q=1"), location).url == url


@given(st.text(st.characters(max_codepoint=255)))
def test_any_location_is_an_address_or_refused(location):
    with contextlib.suppress(RefusedError):
        assert resolve(parse("https://example.org/a"), location).url.isascii()


def test_a_signature_is_not_shown():
    assert "abc123" not in repr(parse("https://example.org/x?sig=abc123"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host",
    [
        *("example.org", "127.0.0.1.nip.example", "10.0.0.1", "::2", "0.0.0.0"),
        *("notlocalhost", "box.localhost", "localhost."),
    ],
)
def test_everything_else_is_not(host):
    assert not is_this_machine(host)
