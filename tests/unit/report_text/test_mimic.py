"""Findings and impression are chosen by MIMIC's rules, and every text is a piece of the report."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.report_text import MimicSections, mimic_sections

texts = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            [
                "",
                " ",
                " FINDINGS:",
                " FINDINGS: Clear.",
                " IMPRESSION: ",
                " IMPRESSION:\f",
                " IMPRESSION: 1. Normal.",
                " COMPARISON: None.",
                " CHEST, TWO VIEWS:",
                "   FINAL REPORT",
                " (): ",
                " Heart size is normal.",
                "No space before.",
            ]
        ),
        max_size=12,
    ).map("\n".join),
    st.text(alphabet=" \n:\fAFINDGS", max_size=60),
)


def test_a_usual_report():
    text = """\
                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough.

 COMPARISON:  None.

 FINDINGS:

 The lungs are clear.
 No effusion.

 IMPRESSION:

 Normal.
""".replace("\n\n", "\n \n").replace(":\n", ": \n")
    found = mimic_sections(text)
    assert found == MimicSections("Normal.", "The lungs are clear.\n No effusion.", "", "None.")
    assert found.main == "impression"


def test_of_two_with_one_name_the_last_is_taken():
    found = mimic_sections("\n IMPRESSION: Old.\n FINDINGS: First.\n FINDINGS: Second.\n IMPRESSION: New.")
    assert (found.findings, found.impression) == ("Second.", "New.")


def test_an_impression_of_an_addendum_gives_way_to_the_reports_own():
    text = f"  FINAL ADDENDUM\n IMPRESSION: Addendum.\n {'_' * 78}\n  FINAL REPORT\n IMPRESSION: Report.\n"
    assert mimic_sections(text).impression == "Report."


def test_an_empty_impression_does_not_hide_the_one_before():
    found = mimic_sections("\n IMPRESSION: Normal.\n FINDINGS: \n \n IMPRESSION: \n \n TECHNIQUE: PA.\n")
    assert (found.impression, found.findings, found.last_paragraph) == ("Normal.", "", "")


def test_a_title_that_looks_like_findings_is_dropped_when_it_is_empty():
    found = mimic_sections("\n CHEST, PA AND LATERAL: \n \n HISTORY: Cough.\n \n Lungs are clear.\n")
    assert (found.findings, found.last_paragraph) == ("", "Lungs are clear.")


def test_a_picture_for_a_heading_stands_for_findings():
    assert (
        mimic_sections("\n HISTORY: Cough.\n PORTABLE CHEST: Lungs are clear.\n").findings
        == "Lungs are clear."
    )


def test_a_heading_in_the_line_that_follows_a_bare_heading_is_text():
    """The search goes on at the first newline behind a heading and the white space after its colon."""
    assert mimic_sections("\n FINDINGS:\n IMPRESSION: Normal.\n") == MimicSections(
        "", "IMPRESSION: Normal.", "", ""
    )
    assert mimic_sections("\n FINDINGS: \n IMPRESSION: Normal.\n").impression == "Normal."
    assert mimic_sections("\n FINDINGS:\n \n IMPRESSION: Normal.\n").impression == "Normal."


def test_a_heading_needs_a_newline_before_it():
    assert mimic_sections(" FINDINGS: Clear.\n IMPRESSION: Normal.") == MimicSections("Normal.", "", "", "")


def test_without_both_the_last_paragraph_stands_for_the_report():
    text = "  FINAL REPORT\n COMPARISON: None.\n \n Lungs are clear.\n \n No effusion.\n"
    found = mimic_sections(text)
    assert found == MimicSections("", "", "Lungs are clear.\n \n No effusion.", "None.")
    assert found.main == "last_paragraph"


def test_a_report_without_headings_has_a_last_paragraph_too():
    assert mimic_sections("CHEST\n \n Lungs are clear.").last_paragraph == "Lungs are clear."
    assert mimic_sections("CHEST\n\n Lungs are clear.").main == ""


@pytest.mark.parametrize(
    ("text", "main"),
    [
        ("\n FINDINGS: a\n IMPRESSION: b\n COMPARISON: c\n", "impression"),
        ("\n FINDINGS: a\n COMPARISON: c\n \n d\n", "findings"),
        ("\n COMPARISON: c\n \n d\n", "last_paragraph"),
        ("\n COMPARISON: c\n", "comparison"),
        ("\n HISTORY: c\n", ""),
        ("", ""),
    ],
)
def test_priority(text, main):
    assert mimic_sections(text).main == main


def by_the_letter(text):
    """Follow the published rules one search after the other, in quadratic time, for exact names only."""
    pattern = re.compile(r"\n ([A-Z ()/,-]+):\s")
    names = {"FINDINGS": "findings", "IMPRESSION": "impression", "COMPARISON": "comparison"}
    names["CHEST, TWO VIEWS"] = "findings"
    pieces = []
    name, start, found = "preamble", 0, pattern.search(text)
    while found:
        pieces.append((name, text[start : found.start()]))
        name, start = names.get(found[1].strip(), found[1].strip()), found.end()
        found = pattern.search(text, start + max(0, text[start:].find("\n")))
    pieces.append((name, text[start:]))
    pieces = [(n, t) for n, t in pieces if t.strip() or n not in ("findings", "impression")]
    if not {"findings", "impression"} & {n for n, _ in pieces} and "\n \n" in pieces[-1][1]:
        n, whole = pieces.pop()
        pieces += [(n, whole.split("\n \n")[0]), ("last_paragraph", "\n \n".join(whole.split("\n \n")[1:]))]
    fields = ("impression", "findings", "last_paragraph", "comparison")
    return MimicSections(*(next((t.strip() for n, t in reversed(pieces) if n == f), "") for f in fields))


@given(texts)
def test_the_rules_are_followed_to_the_letter(text):
    assert mimic_sections(text) == by_the_letter(text)


@given(texts)
def test_no_text_is_invented(text):
    found = mimic_sections(text)
    for piece in (found.impression, found.findings, found.last_paragraph, found.comparison):
        assert piece in text
        assert piece == piece.strip()


@pytest.mark.parametrize("piece", [" ", "\n ", " A", "\n A: ", "\n A:\n", "\n \n", "\n IMPRESSION: \n"])
def test_megabytes_of_hostile_text_take_no_longer_than_their_length(piece):
    """Whatever grew with the square of the length would not end here."""
    text = piece * (1_000_000 // len(piece))
    assert mimic_sections(text).findings == ""
