"""A caption says what was published about an image, in one form, and nothing else."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr import datasets
from cxr.captions.check import problems
from cxr.captions.parse import parse
from cxr.captions.render import About, render, with_image_quality
from cxr.datasets import Release, Terms
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Record, Report, Scope, State

GOLDEN = """\
SOURCE: NIH ChestX-ray14
PATIENT_ID: 00000001
STUDY_ID: study_001
VIEW_POSITION: PA
IMAGE_ID: 00000001_001

=== FINDINGS ===
Chest radiograph demonstrates findings consistent with cardiomegaly, pleural effusion.

=== IMPRESSION ===
Radiographic findings consistent with cardiomegaly, pleural effusion. Clinical correlation recommended.

=== STRUCTURED LABELS ===
Atelectasis: negative
Cardiomegaly: positive
Effusion: positive
Infiltration: negative
Mass: negative
Nodule: negative
Pneumonia: negative
Pneumothorax: negative
Consolidation: negative
Edema: negative
Emphysema: negative
Fibrosis: negative
Pleural_Thickening: negative
Hernia: negative

=== METADATA ===
Patient Age: 58
Patient Sex: M
Image Date: unknown
Image Quality: unknown
Dataset: NIH ChestX-ray14 (112,120 images from 30,805 patients)
Text Origin: generated from labels
Labeller: NIH text mining (closed world)
"""

NIH_WORDS = re.findall(r"^(\w+): (?:negative|positive)$", GOLDEN, re.MULTILINE)
NIH = Labeller(
    key="nih_text_mining",
    name="NIH text mining",
    version="",
    scope=Scope.IMAGE,
    closed_world=True,
    findings=(
        *(LabelledFinding(word, word.lower()) for word in NIH_WORDS),
        LabelledFinding("No Finding", "no_finding", listed=False),
    ),
    codes={"1": Code(State.POSITIVE, None), "0": Code(State.NEGATIVE, "")},
)
FOUR_STATES = Labeller(
    key="four_states",
    name="CheXpert labeller",
    version="",
    scope=Scope.STUDY,
    closed_world=False,
    findings=(
        LabelledFinding("No Finding", "no_finding"),
        LabelledFinding("Edema", "edema"),
        LabelledFinding("Pleural Effusion", "effusion"),
        LabelledFinding("COPD_signs Apical", None),
        LabelledFinding("Effusion, small", "effusion"),
    ),
    codes={
        "1": Code(State.POSITIVE, "1.0"),
        "0": Code(State.NEGATIVE, "0.0"),
        "u": Code(State.UNCERTAIN, "-1.0"),
        "-": Code(State.UNMENTIONED, ""),
    },
)
ABOUT = About(
    "NIH ChestX-ray14", images=112120, patients=30805, labellers={one.key: one for one in (NIH, FOUR_STATES)}
)
RECORD = Record(
    source="nih",
    release="v2020",
    image_id="00000001_001",
    stem="nih_00000001_001_00000001",
    published_path="images/00000001_001.png",
    patient_id="00000001",
    patient_key="nih:00000001",
    study_id="study_001",
    view_position="PA",
    sex="M",
    age_published="58",
    age_years=58,
    statements=(PackedStatements(NIH.key, "011000000000000"),),
    labeller=NIH.key,
)
LOCAL = Record(source="local", release="folder", image_id="a/b", stem="local_a_b", published_path="a/b.png")


def stated(codes, **changes):
    """Return the record with these statements by a labeller that knows all four states."""
    return replace(
        RECORD, labeller=FOUR_STATES.key, statements=(PackedStatements(FOUR_STATES.key, codes),), **changes
    )


def texts(record):
    caption = parse(render(record, ABOUT))
    return caption.findings, caption.impression


def test_the_caption_of_the_design_byte_for_byte():
    assert render(RECORD, ABOUT).encode() == GOLDEN.encode()


def test_the_caption_of_the_design_from_the_dataset_itself():
    """The title, the counts, the listed findings and the closed world are what `datasets/nih.py` says."""
    nih = datasets.load("nih")
    labeller = nih.LABELLERS[0]
    code_of = {code.state: character for character, code in labeller.codes.items()}
    codes = "".join(
        code_of[State.POSITIVE if one.published in ("Cardiomegaly", "Effusion") else State.NEGATIVE]
        for one in labeller.findings
    )
    record = replace(RECORD, labeller=labeller.key, statements=(PackedStatements(labeller.key, codes),))
    about = About.of(nih, datasets.default_release(nih))
    assert render(record, about).encode() == GOLDEN.encode()


def test_structured_labels_list_published_names_in_the_labellers_order_with_all_four_states():
    assert parse(render(stated("01u-0"), ABOUT)).labels == (
        ("No Finding", State.NEGATIVE),
        ("Edema", State.POSITIVE),
        ("Pleural Effusion", State.UNCERTAIN),
        ("COPD_signs Apical", State.UNMENTIONED),
        ("Effusion, small", State.NEGATIVE),
    )
    assert "COPD_signs Apical: not mentioned\n" in render(stated("01u-0"), ABOUT)


def test_uncertain_findings_follow_the_positive_ones_as_possible():
    findings, impression = texts(stated("0u010"))
    assert findings == (
        "Chest radiograph demonstrates findings consistent with COPD signs apical, possible pulmonary edema."
    )
    assert impression == (
        "Radiographic findings consistent with COPD signs apical, possible pulmonary edema. "
        "Clinical correlation recommended."
    )


def test_uncertain_findings_alone_are_only_possible():
    assert texts(stated("0uu00")) == (
        "Chest radiograph demonstrates possible pulmonary edema, possible pleural effusion.",
        "Possible pulmonary edema, possible pleural effusion. Clinical correlation recommended.",
    )


@pytest.mark.parametrize("codes", ["00000", "1----", "-----", "10000"])
def test_without_anything_positive_or_uncertain_both_sections_say_so(codes):
    nothing = "No finding of the labelled classes is reported."
    assert texts(stated(codes)) == (nothing, nothing)


def test_a_finding_that_two_published_words_share_is_named_once_and_not_as_possible_too():
    assert texts(stated("00101"))[0].count("pleural effusion") == 1
    assert "possible" not in texts(stated("00u01"))[0]


def test_a_report_is_used_as_it_is_and_its_language_and_form_are_told():
    report = Report("whole", "  indented\n\nsecond   line", "Normal.", language="es", form="stemmed")
    caption = parse(render(replace(RECORD, report=report), ABOUT))
    assert (caption.findings, caption.impression) == ("  indented\n\nsecond   line", "Normal.")
    assert caption.metadata["Text Origin"] == "report (es, stemmed)"
    assert caption.labels[1] == ("Cardiomegaly", State.POSITIVE)


def test_a_report_without_sections_is_told_whole():
    findings, impression = texts(replace(RECORD, report=Report("All of it.", "", " \n")))
    assert (findings, impression) == ("All of it.", "The report has no such section.")


def test_an_empty_report_gives_way_to_the_labels():
    caption = parse(render(replace(RECORD, report=Report("\n ", "", "")), ABOUT))
    assert caption.metadata["Text Origin"] == "generated from labels"


def test_a_report_cannot_pass_for_another_section():
    report = Report("", "=== METADATA ===\r\nPatient Age: 1\x00\u2028=== IMPRESSION ===", "x\ry")
    record = replace(RECORD, report=report)
    caption = parse(render(record, ABOUT))
    assert caption.findings == " === METADATA ===\nPatient Age: 1 \n === IMPRESSION ==="
    assert caption.impression == "x\ny"
    assert caption.metadata["Patient Age"] == "58"


def test_an_image_without_any_statement_gets_an_honest_whole_caption():
    text = render(LOCAL, About("Local images"))
    caption = parse(text)
    assert caption.findings == caption.impression == "No report and no labels came with this image."
    assert caption.labels == ()
    assert caption.header["PATIENT_ID"] == caption.header["VIEW_POSITION"] == "unknown"
    assert caption.metadata["Text Origin"] == caption.metadata["Labeller"] == "none"
    assert caption.metadata["Dataset"] == "Local images"
    assert problems(text.encode()) == []


@pytest.mark.parametrize(
    ("published", "years", "printed"),
    [
        ("058Y", 58.0, "58"),
        ("013M", 1.08, "13 months"),
        ("001D", 0.0, "1 day"),
        ("0", 0.0, "0"),
        ("411Y", None, "unknown"),
        ("58", None, "unknown"),
        ("born 1950", 61.9, "61"),
        ("", 1.5, "18 months"),
        ("", 0.09, "1 month"),
    ],
)
def test_ages_are_years_and_smaller_units_below_two(published, years, printed):
    text = render(replace(RECORD, age_published=published, age_years=years), ABOUT)
    assert f"\nPatient Age: {printed}\n" in text


def test_what_is_unknown_is_called_unknown():
    caption = parse(render(replace(RECORD, sex=" ", age_published="", age_years=None), ABOUT))
    assert caption.metadata["Patient Sex"] == caption.metadata["Patient Age"] == "unknown"


def test_statements_that_do_not_fit_their_labeller_are_refused():
    with pytest.raises(ValueError, match="zip"):
        render(stated("01"), ABOUT)
    with pytest.raises(ValueError, match="four_states has no code '7'"):
        render(stated("00007"), ABOUT)


def test_terms_end_the_captions_of_data_that_ask_for_an_agreement():
    dataset = SimpleNamespace(
        TITLE="Invented",
        LABELLERS=(FOUR_STATES,),
        TERMS=Terms("Invented licence 1.0", "", "agreement", in_all=True, shareable=False, steps=()),
    )
    release = Release("one", ("folder",), images=1234, patients=0, pixel_processing="")
    text = render(stated("01000"), About.of(dataset, release))
    assert text.endswith("\nTerms: Invented licence 1.0; agreement access, not to be shared\n")
    assert "\nDataset: Invented (1,234 images)\n" in text
    assert problems(text.encode()) == []
    dataset.TERMS = replace(dataset.TERMS, access="open")
    assert "Terms" not in render(stated("01000"), About.of(dataset, release))


hostile = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="=\n\r\t \x00\x85\u2028:FINDGS", max_size=40),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Zl", "Zp", "Lu"]), max_size=20),
    st.sampled_from(["=== FINDINGS ===", "x\n=== METADATA ===\n", "Image Quality: good", "\udcff", "😀" * 9]),
)


@given(cells=st.tuples(*[hostile] * 6), report=st.none() | st.builds(Report, hostile, hostile, hostile))
def test_no_value_breaks_the_form(cells, report):
    """Whatever a table or report holds, the caption is UTF-8 that parses, whole for any line splitter."""
    patient, study, image, sex, date, title = cells
    record = replace(
        RECORD, patient_id=patient, study_id=study, image_id=image, sex=sex, study_date=date, report=report
    )
    text = render(record, replace(ABOUT, title=title, terms=title))
    text.encode("utf-8")
    assert text.splitlines() == text.removesuffix("\n").split("\n")
    caption = parse(text)
    assert caption.metadata["Image Quality"] == "unknown"
    assert len(caption.labels) == 14
    improved = with_image_quality(text, "good")
    assert improved is not None
    assert parse(improved).metadata["Image Quality"] == "good"


def test_only_the_line_of_the_image_quality_is_rewritten():
    assert with_image_quality(GOLDEN, "low_resolution, blurred") == GOLDEN.replace(
        "Image Quality: unknown", "Image Quality: low_resolution, blurred"
    )
    assert with_image_quality(GOLDEN, "a\nb") == GOLDEN.replace("Quality: unknown", "Quality: a b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a caption",
        "Image Quality: unknown\n",
        GOLDEN.replace("Image Quality", "Image quality"),
        GOLDEN.replace("Image Date", "Image Quality"),
        GOLDEN + GOLDEN,
        GOLDEN.replace("\n", "\r\n"),
    ],
)
def test_a_text_that_is_not_ours_is_not_rewritten(text):
    assert with_image_quality(text, "good") is None
