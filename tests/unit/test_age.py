import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr import age


@pytest.mark.parametrize(
    ("text", "years", "caption"),
    [
        ("58", 58, "58"),
        ("58.0", 58, "58"),
        ("058Y", 58, "58"),
        ("013M", 1.08, "13 months"),
        ("001M", 0.08, "1 month"),
        ("024M", 2, "2"),
        ("030M", 2.5, "2"),
        ("001D", 0, "1 day"),
        ("010D", 0.03, "10 days"),
        ("730D", 2, "730 days"),  # 365.25 days a year: half a day short of two years
        ("002W", 0.04, "2 weeks"),
        ("0", 0, "0"),
        ("001Y", 1, "1"),
        (" 41y ", 41, "41"),
        ("110", 110, "110"),
    ],
)
def test_an_age_is_read_in_its_published_unit(text, years, caption):
    parsed = age.parse(text)
    assert parsed is not None
    assert (parsed.years, parsed.caption, parsed.plausible) == (years, caption, True)


@pytest.mark.parametrize("text", ["411Y", "111", "1400M", "999999D"])
def test_an_age_above_110_years_is_read_and_not_believed(text):
    parsed = age.parse(text)
    assert parsed is not None
    assert (parsed.years, parsed.caption, parsed.plausible) == (None, "unknown", False)


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "-3", "5.5", "58 years", "5Y3M", "Y", "٥٨", "1e2", "nan", "1_0"]
)
def test_what_is_no_whole_number_with_a_unit_is_no_age(text):
    assert age.parse(text) is None


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_text_breaks_the_reader(text):
    parsed = age.parse(text)
    assert parsed is None or parsed.years is None or 0 <= parsed.years <= age.OLDEST
