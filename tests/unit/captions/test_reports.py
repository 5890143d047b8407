"""Where a report is at hand the caption has its words; where it is not, the caption says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr import datasets
from cxr.captions.check import Expected, problems
from cxr.captions.parse import parse
from cxr.captions.render import About, render
from cxr.datasets import Published
from cxr.model import Record, Report
from cxr.report_text import mimic_sections

MIMIC = datasets.load("mimic")
ABOUT = About.of(MIMIC, datasets.default_release(MIMIC))
NOT_AT_HAND = "(the report was not at hand)"
REPORT = (
    "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
    " INDICATION:  ___F with cough.\n \n FINDINGS: \n \n The lungs are clear:\n no effusion.\n"
    " TODO list: none.\n \n IMPRESSION: \n \n No acute process.\n"
)
RECORD = Record("mimic", "2.1.0", "i", "mimic_p1_s5_d1", "files/i.jpg", "p1", "mimic:p1", "s5")


def sectioned(text):
    found = mimic_sections(text)
    return Report(text, found.findings, found.impression)


def expected(record, labeller=None, codes=""):
    return Expected(
        MIMIC.TITLE,
        record.patient_id,
        record.study_id,
        record.view_position,
        record.image_id,
        labeller,
        codes,
    )


@pytest.fixture
def read(tmp_path):
    def read_example(*, reports):
        """Return the records of the example by study, with the second project's files or without."""
        tables = {}
        for name, content in MIMIC.EXAMPLE.tables.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if reports or name.startswith("mimic-cxr-2"):
                path.write_text(content, "utf-8", newline="")
                tables[name] = path
        found = MIMIC.find_tables(tables)
        published = Published("2.1.0", {role: tables[path] for role, path in found.items()})
        return {record.study_id: record for record in MIMIC.read(published, lambda _: None)}

    return read_example


def test_findings_and_impression_are_those_of_the_report_and_nothing_else():
    record = replace(RECORD, report=sectioned(REPORT))
    text = render(record, ABOUT)
    caption = parse(text)
    assert caption.findings == "The lungs are clear:\n no effusion.\n TODO list: none."
    assert caption.impression == "No acute process."
    assert caption.metadata["Text Origin"] == "report (en, full)"
    assert problems(text.encode(), expected(record)) == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_caption_of_any_report_is_a_good_caption_with_its_words(findings, impression):
    record = replace(
        RECORD, report=sectioned(f"\n FINDINGS: \n {findings}\n \n IMPRESSION: \n {impression}\n")
    )
    text = render(record, ABOUT)
    told = [one for one in problems(text.encode(), expected(record)) if one.code != "caption_placeholder"]
    assert told == []
    words = _words(record.report.impression)
    assert parse(text).impression.split() == words or not words


def _words(text):
    """Return the words that a caption can hold: control characters become spaces, surrogates cannot come."""
    return "".join(" " if ord(one) < 32 or 127 <= ord(one) < 160 else one for one in text).split()


def test_a_report_without_findings_says_so_and_borrows_nothing_from_the_labels(read):
    record = replace(read(reports=True)["50000002"], report=sectioned("\n IMPRESSION: Effusion.\n"))
    caption = parse(render(record, ABOUT))
    assert (caption.findings, caption.impression) == ("The report has no such section.", "Effusion.")


def test_a_report_without_headings_is_told_whole():
    caption = parse(render(replace(RECORD, report=sectioned("CHEST\n \n Lungs are clear.\n")), ABOUT))
    assert caption.findings == "CHEST\n \n Lungs are clear."


def test_with_both_agreements_a_caption_of_mimic_has_the_words_of_its_report(read):
    caption = parse(render(read(reports=True)["50000001"], ABOUT))
    assert caption.findings == "Both lungs are clear. The heart is of normal size."
    assert caption.impression == "No sign of disease."
    assert caption.metadata["Text Origin"] == "report (en, full)"
    assert "credentialed access, not to be shared" in caption.metadata["Terms"]


def test_with_one_agreement_a_caption_of_mimic_says_that_its_report_was_not_at_hand(read):
    record = read(reports=False)["50000002"]
    text = render(record, ABOUT)
    assert parse(text).metadata["Text Origin"] == f"generated from labels {NOT_AT_HAND}"
    labeller = ABOUT.labellers[record.labeller]
    codes = next(one.codes for one in record.statements if one.labeller == record.labeller)
    assert problems(text.encode(), expected(record, labeller, codes)) == []
    changed = text.replace("=== IMPRESSION ===\n", "=== IMPRESSION ===\nAll well. ").encode()
    assert [one.code for one in problems(changed, expected(record, labeller, codes))] == [
        "caption_text_differs"
    ]


def test_without_labels_too_it_says_both():
    caption = parse(render(RECORD, ABOUT))
    assert caption.findings == "No report and no labels came with this image."
    assert caption.metadata["Text Origin"] == f"none {NOT_AT_HAND}"


def test_a_dataset_that_publishes_no_reports_does_not_speak_of_them():
    nih = datasets.load("nih")
    caption = parse(render(RECORD, About.of(nih, datasets.default_release(nih))))
    assert caption.metadata["Text Origin"] == "none"
