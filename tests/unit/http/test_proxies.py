"""Which proxy the environment means."""

import base64

import pytest

from cxr.http import RefusedError
from cxr.http.address import parse
from cxr.http.proxies import proxy_for
from cxr.logs import redact

HTTPS = parse("https://a.example.org:8443/").origin


def where(environ, origin=HTTPS):
    proxy = proxy_for(origin, environ)
    return proxy and (proxy.host, proxy.port)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, ("proxy", 3128)),
        ({"HTTPS_PROXY": "http://proxy:3128/"}, ("proxy", 3128)),
        ({"HTTPS_PROXY": "proxy:3128"}, ("proxy", 3128)),
        ({"HTTPS_PROXY": "http://proxy"}, ("proxy", 80)),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, ("::1", 3128)),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"ALL_PROXY": "http://all:1"}, ("all", 1)),
        ({"ALL_PROXY": "http://all:1", "HTTPS_PROXY": "http://proxy:2"}, ("proxy", 2)),
        ({"https_proxy": "http://lower:1", "HTTPS_PROXY": "http://upper:2"}, ("lower", 1)),
        ({"https_proxy": "", "HTTPS_PROXY": "http://upper:2"}, None),
    ],
)
def test_the_variable_of_https_counts_then_that_for_all(environ, expected):
    assert where(environ) == expected


@pytest.mark.parametrize(
    "exceptions",
    [
        *("*", "a.example.org", "example.org", ".example.org", "*.example.org", "A.Example.ORG"),
        *("a.example.org:8443", "x, example.org ,y", "x example.org", "org"),
    ],
)
def test_a_host_that_no_proxy_names_is_asked_directly(exceptions):
    assert where({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": exceptions}) is None


@pytest.mark.parametrize(
    "exceptions",
    [
        "",
        ",",
        "b.example.org",
        "ample.org",
        "a.example.org:443",
        "example",
        "10.0.0.0/8",
        "a.example.org.evil",
    ],
)
def test_others_are_not(exceptions):
    assert where({"HTTPS_PROXY": "http://proxy:1", "no_proxy": exceptions}) == ("proxy", 1)


@pytest.mark.parametrize(
    ("url", "exceptions", "direct"),
    [
        ("https://10.1.2.3/", "10.0.0.0/8", True),
        ("https://11.1.2.3/", "10.0.0.0/8", False),
        ("https://10.1.2.3/", "10.1.2.3", True),
        ("https://10.1.2.3:8443/", "10.1.2.3:8443", True),
        ("https://10.1.2.3/", "10.1.2.3:8443", False),
        ("https://[2001:db8::1]/", "2001:db8::1", True),
        ("https://[2001:db8::1]/", "[2001:db8::1]", True),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443", True),
        ("https://[2001:db8::1]/", "[2001:db8::1]:8443", False),
        ("https://[2001:db8::1]/", "2001:db8::/32", True),
        ("https://[2001:db8::1]/", "2001:db9::/32", False),
    ],
)
def test_numbers_are_excepted_one_by_one_or_as_networks(url, exceptions, direct):
    found = where({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": exceptions}, parse(url).origin)
    assert (found is None) == direct


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:7777/", "http://localhost/", "http://[::1]/"])
def test_what_is_not_encrypted_goes_through_no_proxy(variable, url):
    """Not even through one on this machine, which would read the Authorization; nor is its address judged."""
    for proxy in ("http://proxy.example:3128", "http://127.0.0.1:3128", "socks5://127.0.0.1:1080"):
        assert where({variable: proxy}, parse(url).origin) is None


@pytest.mark.parametrize("url", ["https://localhost:8443/", "https://127.0.0.1/", "https://[::1]/"])
def test_what_is_encrypted_goes_by_the_usual_rules_on_this_machine_too(url):
    origin = parse(url).origin
    assert where({"HTTPS_PROXY": "http://proxy.example:3128"}, origin) == ("proxy.example", 3128)
    assert where({"ALL_PROXY": "http://127.0.0.1:3128"}, origin) == ("127.0.0.1", 3128)
    assert where({"HTTP_PROXY": "http://127.0.0.1:3128"}, origin) is None
    assert where({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": origin.host}, origin) is None


def test_user_and_password_come_from_the_variable_and_are_hidden_from_then_on():
    proxy = proxy_for(HTTPS, {"HTTPS_PROXY": "http://ann:hunt%40er-%C3%BC@proxy:3128"})
    basic = base64.b64encode("ann:hunt@er-ü".encode()).decode()
    assert proxy.authorization.reveal() == f"Basic {basic}"
    for text in (repr(proxy), proxy.name, redact(f"x hunt@er-ü y Basic {basic}")):
        assert "hunt" not in text
        assert basic not in text
    assert (
        proxy_for(HTTPS, {"HTTPS_PROXY": "http://ann@proxy:3128"}).authorization.reveal() == "Basic YW5uOg=="
    )


@pytest.mark.parametrize(
    "value",
    [
        *("socks5://ann:hunter22@proxy:1080", "https://ann:hunter22@proxy:3128", "ftp://ann:hunter22@proxy"),
        *("http://ann:hunter22@proxy:port", "http://ann:hunter22@", "http://", "http://[ann:hunter22@"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable_alone(value):
    with pytest.raises(RefusedError) as caught:
        proxy_for(HTTPS, {"HTTPS_PROXY": value})
    assert caught.value.code == "proxy"
    assert "HTTPS_PROXY" in str(caught.value)
    assert "hunter22" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
