"""Real reports, written in MIMIC's form, come back as their XML has them.

The 305 reports of the Indiana University collection hold four texts each, some of them empty.
"""

import pytest
from support.indiana_reports import HEADINGS, in_mimic_form, indiana_reports, unwrapped

from cxr.report_text import mimic_sections, sections

LAYOUTS = ("beside", "below", "present", "tight")
CHOSEN = ("comparison", "findings", "impression")

# Where `mimic_sections` differs from the XML: fields, reason, reports. Only in the layout `tight` does it,
# where a heading without text has the next heading directly below it. MIMIC's search for the next one begins
# with the newline after that which ends such a line, so that the next heading is text of the empty section.
DIFFERENCES = (
    (
        ("comparison", "findings"),
        "COMPARISON is empty and takes the heading and the text of FINDINGS",
        (
            "CXR1013 CXR1130 CXR1393 CXR14 CXR1445 CXR1540 CXR1958 CXR2185 CXR2263 CXR2564 CXR2683"
            " CXR2763 CXR2815 CXR2987 CXR3080 CXR3158 CXR3250 CXR3304 CXR345 CXR3552 CXR3814 CXR476"
            " CXR489 CXR816 CXR870"
        ),
    ),
    (
        ("findings", "impression"),
        "FINDINGS is empty and takes the heading and the text of IMPRESSION",
        (
            "CXR1104 CXR1183 CXR1275 CXR146 CXR1944 CXR1971 CXR2133 CXR2419 CXR2497 CXR2630 CXR2657"
            " CXR2750 CXR2776 CXR3145 CXR3198 CXR3344 CXR3383 CXR3435 CXR3592 CXR3631 CXR3853 CXR436"
            " CXR528 CXR672 CXR92"
        ),
    ),
    (
        ("comparison",),
        "COMPARISON and FINDINGS are empty: the first takes the heading of the second, IMPRESSION is seen",
        (
            "CXR1605 CXR1749 CXR1762 CXR1814 CXR2237 CXR2604 CXR3053 CXR3290 CXR3396 CXR3696 CXR384"
            " CXR3919 CXR802 CXR830 CXR883 CXR935"
        ),
    ),
    (
        ("comparison",),
        "INDICATION is empty and takes the heading and the text of COMPARISON",
        "CXR1866 CXR2092 CXR580",
    ),
    (
        ("findings",),
        "all four are empty: INDICATION takes the heading of COMPARISON, FINDINGS that of IMPRESSION",
        "CXR1566 CXR2881",
    ),
)
EXPLAINED = {report: fields for fields, _, reports in DIFFERENCES for report in reports.split()}
WITHOUT_ANY_TEXT = {"CXR1566", "CXR2881"}


@pytest.fixture(scope="module")
def reports(test_data):
    found = list(indiana_reports(test_data))
    assert len(found) == 305
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_sections_are_those_of_the_xml(reports, layout):
    for report in reports:
        text = in_mimic_form(report, layout)
        found = [(one.name.upper(), unwrapped(one.text_in(text))) for one in sections(text)]
        there = [(one, report.texts[one]) for one in HEADINGS if report.texts[one] or layout != "present"]
        assert found == [("FINAL REPORT", ""), *there], report.report_id


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_character_of_a_report_is_in_one_section(reports, layout):
    for text in (in_mimic_form(report, layout) for report in reports):
        assert "".join(text[one.start : one.end] for one in sections(text)) == text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_mimic_chooses_is_what_the_xml_has_but_for_the_differences_explained(reports, layout):
    differences = {}
    for report in reports:
        found = mimic_sections(in_mimic_form(report, layout))
        wrong = [one for one in CHOSEN if unwrapped(getattr(found, one)) != report.texts[one.upper()]]
        if wrong:
            differences[report.report_id] = tuple(wrong)
        assert found.last_paragraph == "", report.report_id
    assert differences == (EXPLAINED if layout == "tight" else {})


def test_the_impression_stands_for_every_report_but_the_two_without_any_text(reports):
    for report in reports:
        main = mimic_sections(in_mimic_form(report, "below")).main
        assert main == ("" if report.report_id in WITHOUT_ANY_TEXT else "impression"), report.report_id
