"""Numbers as people read and type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.cli._words import count, duration, one_line, parse_duration, printable, size


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (999_499, "999 KB"),
        (999_999, "1.0 MB"),
        (45_100_000_000, "45.1 GB"),
        (570_000_000_000, "570 GB"),
    ],
)
def test_sizes_are_decimal_as_disks_state_them(number, text):
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.34, "0.3 s"),
        (45, "45 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (42_600, "11 h 50 min"),
        (90_000, "1 day 1 h"),
        (273_600, "3 days 4 h"),
    ],
)
def test_a_time_is_told_in_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("11h50m", 42_600), ("90m", 5_400), ("2d", 172_800), ("45s", 45), ("1 H 30 M", 5_400)],
)
def test_a_time_is_read_with_its_units(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "11", "h", "11h50", "-5m", "0s", "5m later", "1e3s", "inf"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  the caller makes the message
        parse_duration(text)


def test_one_and_many():
    assert (count(1, "image"), count(1_000, "image")) == ("1 image", "1,000 images")
    assert count(2, "study", "studies") == "2 studies"


@given(st.text())
def test_nothing_that_moves_the_cursor_or_colours_reaches_the_terminal(text):
    shown = printable(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)


def test_a_name_with_a_line_end_stays_one_line():
    assert one_line("a\nError: b\t\x1b") == "a\\nError: b\\t\\x1b"


def test_a_file_name_with_an_escape_sequence_or_broken_encoding_is_shown():
    assert printable("a\x1b[31mb") == "a\\x1b[31mb"
    assert printable(b"caf\xe9.png".decode("utf-8", "surrogateescape")) == "caf\\udce9.png"
