"""A check of a caption finds what is wrong with it, and nothing in a good one."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.captions.check import CODES, MAXIMUM_BYTES, Expected, problems
from cxr.captions.render import About, render
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Record, Report, Scope, State

LABELLER = Labeller(
    key="invented",
    name="Invented labeller",
    version="",
    scope=Scope.IMAGE,
    closed_world=False,
    findings=(
        LabelledFinding("Edema", "edema"),
        LabelledFinding("Effusion", "effusion"),
        LabelledFinding("Mass", "mass"),
    ),
    codes={
        "1": Code(State.POSITIVE, None),
        "0": Code(State.NEGATIVE, ""),
        "u": Code(State.UNCERTAIN, "-1"),
        "-": Code(State.UNMENTIONED, ""),
    },
)
ABOUT = About("Invented set", 10, 5, terms="Invented licence", labellers={LABELLER.key: LABELLER})
EXPECTED = Expected("Invented set", "p1", "s1", "PA", "i1", LABELLER, "1u0")


def record(report=None, codes="1u0", **changes):
    values = {"patient_id": "p1", "study_id": "s1", "view_position": "PA", "image_id": "i1"} | changes
    return Record(
        source="invented",
        release="one",
        stem="x",
        published_path="x.png",
        labeller=LABELLER.key,
        statements=(PackedStatements(LABELLER.key, codes),),
        report=report,
        **values,
    )


GOOD = render(record(), ABOUT)


def codes(text, expected=EXPECTED):
    """Return the codes of what is wrong."""
    return [
        problem.code for problem in problems(text if isinstance(text, bytes) else text.encode(), expected)
    ]


def test_a_rendered_caption_has_no_problem():
    assert problems(GOOD.encode(), EXPECTED) == []
    assert problems(GOOD.encode()) == []


@given(
    cells=st.tuples(*[st.text(max_size=30)] * 3),
    packed=st.text(alphabet="10u-", min_size=3, max_size=3),
    view=st.sampled_from(["PA", "LATERAL", "UNKNOWN", ""]),
)
def test_what_we_render_from_any_row_we_accept_for_that_row(cells, packed, view):
    patient, study, image = cells
    text = render(
        record(codes=packed, patient_id=patient, study_id=study, image_id=image, view_position=view), ABOUT
    )
    expected = Expected("Invented set", patient, study, view, image, LABELLER, packed)
    assert problems(text.encode(), expected) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("=== IMPRESSION ===\n", "", "caption_sections"),
        ("=== IMPRESSION ===", "=== FINDINGS ===", "caption_sections"),
        ("=== IMPRESSION ===", "=== CONCLUSION ===", "caption_sections"),
        ("=== METADATA ===", "=== METADATA ===\n=== METADATA ===", "caption_sections"),
        ("=== METADATA ===", "=== OTHER ===\nx\n\n=== METADATA ===", "caption_sections"),
        ("STUDY_ID: s1\n", "", "caption_header"),
        ("STUDY_ID: s1\n", "STUDY_ID: s1\nSTUDY_ID: s1\n", "caption_header"),
        ("STUDY_ID: s1\n", "STUDY_ID: \n", "caption_header"),
        ("STUDY_ID: s1\n", "STUDY_ID: s1\nsomething else\n", "caption_header"),
        ("PATIENT_ID: p1\nSTUDY_ID: s1\n", "STUDY_ID: s1\nPATIENT_ID: p1\n", "caption_header"),
        ("Image Date: unknown\n", "", "caption_metadata"),
        ("Terms: Invented licence\n", "Terms: Invented licence\nMore: x\n", "caption_metadata"),
        ("Effusion: uncertain", "Effusion: maybe", "caption_labels_malformed"),
        ("Effusion: uncertain", "Effusion", "caption_labels_malformed"),
        ("Effusion: uncertain", "Edema: uncertain", "caption_labels_malformed"),
        ("Effusion: uncertain", "Effusion: negative", "caption_labels_differ"),
        ("Mass: negative\n", "", "caption_labels_differ"),
        ("Mass: negative\n", "Mass: negative\nHernia: negative\n", "caption_labels_differ"),
        (
            "Edema: positive\nEffusion: uncertain",
            "Effusion: uncertain\nEdema: positive",
            "caption_labels_differ",
        ),
        ("with pulmonary edema", "with mass", "caption_text_differs"),
        ("IMAGE_ID: i1", "IMAGE_ID: i2", "caption_row_differs"),
        ("PATIENT_ID: p1", "PATIENT_ID: p11", "caption_row_differs"),
        ("STUDY_ID: s1", "STUDY_ID: s2", "caption_row_differs"),
        ("SOURCE: Invented set", "SOURCE: Other set", "caption_row_differs"),
        ("VIEW_POSITION: PA", "VIEW_POSITION: AP", "caption_row_differs"),
        ("Labeller: Invented labeller", "Labeller: Somebody", "caption_row_differs"),
        ("Patient Sex: unknown", "Patient Sex: nan", "caption_placeholder"),
        ("Patient Age: unknown", "Patient Age: None", "caption_placeholder"),
        ("Image Date: unknown", "Image Date: {study_date}", "caption_placeholder"),
        ("\n", "\r\n", "caption_line_endings"),
    ],
)
def test_each_fault_has_its_code_and_causes_no_other(old, new, code):
    assert old in GOOD
    assert codes(GOOD.replace(old, new)) == [code]


@pytest.mark.parametrize(
    "leftover",
    [
        "TODO",
        "Lorem ipsum dolor sit amet.",
        "{findings}",
        "{{ findings }}",
        "${findings}",
        "%(findings)s",
        "Insert findings here",
        "Traceback (most recent call last):",
        "<!DOCTYPE html><html>",
        "<?xml version='1.0'?><Error>",
        "404 Not Found",
        "None",
        "NaN",
    ],
)
def test_placeholders_and_errors_in_the_text_are_found(leftover):
    text = GOOD.replace(
        "Chest radiograph demonstrates findings consistent with pulmonary edema, possible pleural effusion.",
        leftover,
    )
    assert "caption_placeholder" in codes(text)


@pytest.mark.parametrize(
    "sentence",
    [
        "None.",
        "none",
        "Comparison: none. Null finding.",
        "TODO el pulmon izquierdo",
        "Heart size {XXXX} normal, XXXX lungs; ___ 3 < 4 mm.",
        "There is nothing to insert; placeholder catheter.",
        "See {ABOVE 2}.",
    ],
)
def test_words_of_a_real_report_are_no_placeholders(sentence):
    text = render(record(Report("", sentence, "None")), ABOUT)
    expected = [] if "{XXXX}" not in sentence else ["caption_placeholder"]
    assert codes(text) == expected


@pytest.mark.parametrize("name", ["nan", "None", "{findings}", "TODO", "<html>", "=== FINDINGS ==="])
def test_an_image_may_be_called_like_a_placeholder(name):
    text = render(record(image_id=name, patient_id=name), ABOUT)
    assert codes(text, Expected("Invented set", name, "s1", "PA", name, LABELLER, "1u0")) == []


def test_labels_without_a_labeller_in_the_index_differ():
    expected = Expected("Invented set", "p1", "s1", "PA", "i1")
    assert codes(GOOD, expected) == ["caption_labels_differ", "caption_row_differs"]


def test_statements_that_do_not_fit_their_labeller_are_a_problem_and_no_crash():
    for packed in ("", "1u", "1u0-", "1u?"):
        assert codes(GOOD, Expected("Invented set", "p1", "s1", "PA", "i1", LABELLER, packed)) == [
            "caption_labels_differ"
        ]


@pytest.mark.parametrize("data", [b"\xff\xfeS\x00O\x00", GOOD.encode("utf-16"), b"\x89PNG\r\n\x1a\n"])
def test_bytes_that_are_not_utf8_are_said_with_their_place(data):
    (problem,) = problems(data)
    assert problem.code == "caption_encoding"
    assert problem.message == "Byte 0 is not UTF-8."


def test_a_byte_order_mark_is_found():
    assert codes(b"\xef\xbb\xbf" + GOOD.encode()) == ["caption_encoding"]


@pytest.mark.parametrize("text", [GOOD.removesuffix("\n"), GOOD + "\n", GOOD.replace("\n", "\r\n", 1)])
def test_a_caption_ends_with_one_newline_and_has_no_carriage_return(text):
    assert codes(text) == ["caption_line_endings"]


def test_what_is_hardly_a_text_is_too_short():
    assert "caption_length" in codes("")
    assert "caption_length" in codes("x" * 99 + "\n")
    assert "caption_length" not in codes("x" * 100 + "\n")


def test_what_is_far_too_long_is_not_read():
    assert codes(b"\xff" * (MAXIMUM_BYTES + 1)) == ["caption_length"]


@pytest.mark.parametrize(
    "piece", ["insert ", "{", "{a", "{{ ", "%(a", "$", "a: \n", "=== A ===\n", "<", "\n"]
)
def test_a_megabyte_made_to_be_slow_is_checked_all_the_same(piece):
    """With an open repetition in a pattern this test would run for minutes."""
    filler = piece * ((MAXIMUM_BYTES - len(GOOD)) // len(piece))
    assert problems(GOOD.replace("Chest radiograph", filler, 1).encode(), EXPECTED)


def test_a_message_quotes_no_line_that_may_come_from_a_report():
    text = GOOD.replace("=== FINDINGS ===\nChest radiograph", "Mr Invented Name")
    text = text.replace("Edema: positive", "Mr Invented Name")
    assert not any("Invented Name" in problem.message for problem in problems(text.encode(), EXPECTED))


@given(data=st.binary(max_size=300) | st.text(alphabet="=\n\r: ABN", max_size=200).map(str.encode))
def test_no_bytes_crash_the_check_and_none_but_a_caption_pass(data):
    found = problems(data, EXPECTED)
    assert found
    assert {problem.code for problem in found} <= set(CODES)
    assert len({problem.code for problem in found}) == len(found)


@given(cut=st.integers(min_value=0, max_value=len(GOOD) - 1))
def test_a_caption_cut_short_anywhere_is_found(cut):
    assert problems(GOOD[:cut].encode(), EXPECTED)


@given(position=st.integers(min_value=0, max_value=len(GOOD) - 1), character=st.sampled_from("xX1\n\r\t:"))
def test_a_changed_character_in_header_labels_or_generated_text_is_found(position, character):
    """METADATA alone holds values that the index row need not repeat."""
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    before_metadata = position < GOOD.index("=== METADATA")
    blank = GOOD[position] == "\n" and GOOD[position - 1 : position + 2].count("\n") > 1
    if changed != GOOD and before_metadata and not (blank and character.isspace()):
        assert problems(changed.encode(), EXPECTED)


def test_no_real_report_is_taken_for_a_placeholder(test_data):
    """305 published reports, with their ``XXXX`` for what was removed, give captions without a problem."""
    files = sorted((test_data / "indiana" / "ecgen-radiology").glob("*.xml"))
    assert len(files) > 300
    for file in files:
        parts = {part.get("Label"): part.text or "" for part in ET.parse(file).iter("AbstractText")}
        report = Report("", parts.get("FINDINGS", ""), parts.get("IMPRESSION", ""))
        assert codes(render(record(report), ABOUT)) == [], file.name
