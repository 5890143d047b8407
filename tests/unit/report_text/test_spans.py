"""Sections lie side by side: every character of a report belongs to exactly one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.report_text import Section, sections

RULE = "_" * 78
REPORT = f"""\
 WET READ: ___ ___ 9:10 PM
  No acute process.  Impression pending.
 {RULE}
                                 FINAL ADDENDUM
 IMPRESSION:  Unchanged.

 {RULE}
                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 REASON FOR EXAM:  ___F with cough.

 FINDINGS:

 The lungs are clear: no effusion.
 Findings: as before.

 IMPRESSOIN:
 Normal.
""".replace("\n\n", "\n \n")

lines = st.sampled_from(
    [
        " FINDINGS: ",
        " IMPRESSION:",
        "IMPRESSION: no space before",
        " WET READ: 9:10",
        "      ADDENDUM",
        "  FINAL REPORT",
        f" {RULE}",
        " (): ",
        " ",
        " The lungs are clear.",
        " ___",
        " CHEST, TWO VIEWS:\f",
    ]
)
texts = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=" \n\r\f\v:_AFINDGS\u2028\x85é\U0001f600", max_size=200),
    st.lists(st.one_of(lines, st.text(max_size=20)), max_size=12).flatmap(
        lambda parts: st.sampled_from(["\n", "\r\n", "\n\n"]).map(lambda end: end.join(parts))
    ),
)


def told(text):
    """Return part, name and text of each section."""
    return [(one.part, one.name, one.text_in(text)) for one in sections(text)]


def test_a_whole_report():
    assert told(REPORT) == [
        ("wet read", "wet read", "___ ___ 9:10 PM\n  No acute process.  Impression pending."),
        ("report", "preamble", ""),
        ("addendum", "addendum", ""),
        ("addendum", "impression", "Unchanged."),
        ("report", "preamble", ""),
        ("report", "final report", ""),
        ("report", "examination", "CHEST (PA AND LAT)"),
        ("report", "indication", "___F with cough."),
        ("report", "findings", "The lungs are clear: no effusion.\n Findings: as before."),
        ("report", "impression", "Normal."),
    ]


def test_headings_are_told_as_they_were_written():
    headings = [one.heading for one in sections(REPORT)]
    assert headings[:3] == ["WET READ", RULE, "FINAL ADDENDUM"]
    assert headings[-3:] == ["REASON FOR EXAM", "FINDINGS", "IMPRESSOIN"]


@given(texts)
def test_every_character_belongs_to_exactly_one_section(text):
    found = sections(text)
    assert "".join(text[one.start : one.end] for one in found) == text
    assert [one.start for one in found] == [0, *(one.end for one in found)][: len(found)]
    assert all(one.start <= one.body <= one.end and one.start < one.end for one in found)
    assert all(one.text_in(text) in text for one in found)


@given(texts)
def test_every_section_has_a_name_and_a_part(text):
    assert all(one.name for one in sections(text))
    assert {one.part for one in sections(text)} <= {"report", "addendum", "wet read"}


def test_an_empty_report_has_no_section():
    assert sections("") == ()


@pytest.mark.parametrize(
    "text", [" ", "Lungs are clear.", "\n \n", "Note: no heading\n  at: all\n (): \n ___\n"]
)
def test_a_text_without_headings_is_one_full_report(text):
    assert sections(text) == (Section("full report", "", "report", 0, 0, len(text)),)


def test_what_stands_before_the_first_heading_is_the_preamble():
    text = "Dictated.\n FINDINGS: Clear."
    assert told(text) == [("report", "preamble", "Dictated."), ("report", "findings", "Clear.")]


def test_a_heading_may_hold_spaces_brackets_commas_hyphens_and_slashes():
    text = " CT/MR, RE-READ (OUTSIDE):\tSame."
    assert told(text) == [("report", "ct/mr, re-read (outside)", "Same.")]


def test_a_heading_may_begin_the_text_and_may_follow_another_at_once():
    text = " COMPARISON:\n FINDINGS:\n IMPRESSION: Normal."
    assert told(text) == [
        ("report", "comparison", ""),
        ("report", "findings", ""),
        ("report", "impression", "Normal."),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "IMPRESSION: without a space before it",
        " IMPRESSION:without a space behind it",
        " Impression: not in capitals",
        " IMPRESSION without a colon",
        " THE 2 LUNGS: with a digit",
        "\tIMPRESSION: behind a tab",
        " ADDENDUMS are no addendum",
        " final report",
        " ___________ masked",
    ],
)
def test_what_only_resembles_a_heading_stays_text(line):
    assert told(f" FINDINGS: a\n{line}\n") == [("report", "findings", f"a\n{line}".strip())]


def test_lines_may_end_as_on_windows():
    text = "  FINAL REPORT\r\n FINDINGS:\r\n Clear.\r\n \r\n IMPRESSION: Normal.\r\n"
    assert told(text) == [
        ("report", "final report", ""),
        ("report", "findings", "Clear."),
        ("report", "impression", "Normal."),
    ]


@pytest.mark.parametrize("end", [f" {RULE}", "            FINAL REPORT"])
def test_an_addendum_lasts_until_a_line_of_underscores_or_the_title_of_the_report(end):
    text = f" ADDENDUM  Seen again.\n IMPRESSION: Same.\n{end}\n IMPRESSION: Normal.\n"
    found = told(text)
    assert found[0] == ("addendum", "addendum", "Seen again.")
    assert found[1] == ("addendum", "impression", "Same.")
    assert found[-1] == ("report", "impression", "Normal.")


@pytest.mark.parametrize(
    "piece",
    [" ", "A", " A", "\n ", "_", "\t", "\n \n", " (", " :", "\n FINDINGS", "ADDENDUM ", "\n" + " A" * 500],
)
def test_five_megabytes_of_hostile_text_take_no_longer_than_their_length(piece):
    """Whatever grew with the square of the length would not end here."""
    assert_whole(piece * (5_000_000 // len(piece)))


@pytest.mark.parametrize("piece", ["\n A:\n", "\n ADDENDUM", f"\n{RULE[:20]}"])
def test_a_hundred_thousand_sections_take_no_longer_than_their_text(piece):
    text = piece * 100_000
    assert_whole(text)
    assert len(sections(text)) > 99_999


def assert_whole(text):
    found = sections(text)
    assert found[0].start == 0
    assert found[-1].end == len(text)
