"""Cookies of PhysioNet: kept for it alone, and only as long as it wants."""

import pickle

import pytest
from support.stub_service import Told, serving

from cxr.hosts._physionet_session import Cookies, Session
from cxr.http import Client, HttpSettings
from cxr.http.headers import Headers


def after(*lines):
    cookies = Cookies()
    cookies.take(Headers([("Set-Cookie", line) for line in lines]))
    return cookies


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ([], None),
        (["testcookie=1; HttpOnly; SameSite=Lax; Secure"], "testcookie=1"),
        (
            ["testcookie=1; Path=/", "sessionid=abcd1234; expires=Sat, 05 Dec 2026 10:00:00 GMT; Path=/"],
            "testcookie=1; sessionid=abcd1234",
        ),
        (["a=1", 'a=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0'], None),
        (["a=1", "a=2"], "a=2"),
        (["a=" + "x" * 5000], None),
        (["no cookie"], None),
        ([f"c{number}=1" for number in range(50)], "; ".join(f"c{number}=1" for number in range(10))),
    ],
)
def test_what_is_sent_back(lines, sent):
    assert after(*lines).headers() == ({"Cookie": sent} if sent else {})


def test_they_go_back_to_where_they_came_from_and_other_hosts_set_none():
    def elsewhere(_):
        return Told(200, b"", [("Set-Cookie", "theirs=1")])

    with serving(elsewhere) as other, serving(lambda _: Told()) as ours:
        there = other.origin.replace("127.0.0.1", "localhost")
        told = iter([Told(200, b"", [("Set-Cookie", "a=1")]), Told(302, b"", [("Location", there)]), Told()])
        ours.answer = lambda _: next(told)
        client = Client(HttpSettings(5, 5))
        session = Session(client, ours.origin, Cookies())
        for url in (ours.origin, ours.origin, there, ours.origin):
            with session.open(url, headers={"Range": "bytes=0-0"}):
                pass
        client.close()
    assert [asked.headers.get("cookie") for asked in ours.asked] == [None, "a=1", "a=1"]
    assert [asked.headers.get("cookie") for asked in other.asked] == [None, None]
    assert {asked.headers["range"] for asked in (*ours.asked, *other.asked)} == {"bytes=0-0"}


def test_another_process_goes_on_with_them():
    assert pickle.loads(pickle.dumps(after("a=1"))).headers() == {"Cookie": "a=1"}


def test_they_do_not_show_themselves():
    assert "abcd1234" not in repr(vars(after("sessionid=abcd1234")))
