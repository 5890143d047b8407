"""Which answers are worth another try, and when."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxr.http import RefusedError, TransientError
from cxr.http.answer import Answer
from cxr.http.head import Head
from cxr.http.headers import Headers
from cxr.http.status import error_for, retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOMENTS = st.integers(10**9, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def error(status, **headers):
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return error_for(Answer(Head(status, 1, fields), None, "http://localhost/", ""), "a.png")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410, 416, 418, 451])
def test_what_stays_as_it_is_is_refused(status):
    refused = error(status)
    assert type(refused) is RefusedError
    assert (refused.code, refused.status) == (f"http_{status}", status)


@pytest.mark.parametrize(
    ("status", "throttled"),
    [
        (408, True),
        (425, False),
        (429, True),
        (500, False),
        (502, False),
        (503, True),
        (504, True),
        (599, False),
    ],
)
def test_what_may_pass_is_transient_and_says_whether_the_host_has_too_much_to_do(status, throttled):
    transient = error(status)
    assert type(transient) is TransientError
    assert (transient.code, transient.status, transient.throttled) == (f"http_{status}", status, throttled)
    assert transient.retry_after is None


def test_the_reason_names_what_was_asked_for_and_the_status_in_words():
    assert error(404).reason == "a.png: the host answered 404 (Not Found)."
    assert error(599).reason == "a.png: the host answered 599."
    assert "HTTPS_PROXY" in error(407).reason


def test_the_headers_of_an_answer_say_how_long_to_wait():
    assert error(429, retry_after="7").retry_after == 7
    then = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    assert error(503, retry_after=then, date=format_datetime(NOW, usegmt=True)).retry_after == 90


@given(MOMENTS, st.integers(-(10**6), 10**6), st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_date_is_seen_from_the_clock_of_the_host_and_the_past_is_now(sent, seconds, wrong):
    then = format_datetime(sent + timedelta(seconds=seconds), usegmt=True)
    date = format_datetime(sent, usegmt=True)
    assert retry_after(then, date, sent + wrong) == max(seconds, 0)


@given(MOMENTS, st.integers(0, 10**6), st.integers(-12, 12))
def test_without_the_clock_of_the_host_ours_counts(now, seconds, hours):
    zone = timezone(timedelta(hours=hours))
    then = format_datetime((now + timedelta(seconds=seconds)).astimezone(zone))
    assert retry_after(then, "", now) == seconds
    assert retry_after(then, "yesterday", now) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "1e9", "0x10", "٣", "Thu, 99 Foo 2026 25:61:61 GMT", "9" * 11]
)
def test_what_is_neither_seconds_nor_a_date_says_nothing(text):
    assert retry_after(text, "", NOW) is None


@given(st.text(), st.text())
@example("0\x1f", "")
def test_no_text_breaks_it(value, date):
    assert (retry_after(value, date, NOW) or 0) >= 0
