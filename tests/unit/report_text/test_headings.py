"""Many headings stand for one section; what is none of ours keeps its own name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.report_text.headings import normalised


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        (
            "impression",
            "IMPRESSION|CONCLUSION|FINDINGS AND IMPRESSION|FINDINGS/IMPRESSION|IMPRESSION (PRELIMINARY)",
        ),
        ("findings", "FINDINGS|CHEST FINDINGS|CHEST, TWO VIEWS|CHEST|PORTABLE|PA AND LATERAL CHEST|AP CHEST"),
        (
            "findings",
            "SINGLE FRONTAL VIEW OF THE CHEST|PA AND LATERAL CHEST X-RAY|SEMI-UPRIGHT PORTABLE CHEST",
        ),
        ("indication", "INDICATION|REASON FOR EXAM|REASON FOR EXAMINATION|CLINICAL INDICATION"),
        ("history", "HISTORY|CLINICAL HISTORY|CLINICAL INFORMATION|PATIENT HISTORY|PFI|HISTORY OF FALL"),
        ("comparison", "COMPARISON|COMPARISONS|COMPARISON STUDIES"),
        ("examination", "EXAMINATION|EXAM|TYPE OF EXAMINATION"),
        ("technique", "TECHNIQUE"),
        ("wet read", "WET READ|WETREAD"),
        ("recommendations", "RECOMMENDATION|RECOMMENDATIONS"),
        ("addendum", "ADDENDUM|ADDENDUM TO REPORT"),
    ],
)
def test_names_of_one_section(name, headings):
    assert {normalised(heading) for heading in headings.split("|")} == {name}


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("impression", "IMPRESSOIN|IMPRESION|IMPPRESSION|INPRESSION|MPRESSION|IMPRESSIO"),
        ("findings", "FINDNGS|FINDIGNS|FINDING"),
        ("indication", "INDICTION|INDICATIONS|INIDCATION"),
        ("indication", "REASON FOR EXAMINATOIN"),
        ("technique", "TECHINQUE|TECHNIQUES"),
        ("comparison", "COMPARSION|COMAPRISON"),
    ],
)
def test_one_slip_of_the_hand_is_forgiven(name, headings):
    assert {normalised(heading) for heading in headings.split("|")} == {name}


@pytest.mark.parametrize(
    "heading", ["NOTIFICATION", "LEFT", "AND", "EXAT", "IMPRSSOIN", "ABDOMEN", "CHEST TUBE", ""]
)
def test_what_is_none_of_ours_keeps_its_name(heading):
    """Two slips are not forgiven, nor one in a short word; `CHEST TUBE` is no picture, nor `LEFT` alone."""
    assert normalised(heading) == heading.lower()


def test_space_and_case_do_not_matter():
    assert normalised("   REASON  FOR \t EXAM ") == "indication"


@given(st.text(alphabet="ABCDEFINGSMPRO ()/,-", max_size=30))
def test_a_name_that_was_normalised_stays(heading):
    once = normalised(heading)
    assert normalised(once) == once


@pytest.mark.parametrize("heading", ["VIEWS", "VIEW", "FILM", "LATERAL", "PA", "AP", "TWO VIEWS"])
def test_how_a_picture_was_taken_is_no_finding(heading):
    assert normalised(heading) == heading.lower()


@pytest.mark.parametrize("heading", ["CHEST, TWO VIEWS", "CHEST", "PORTABLE AP", "PA AND LATERAL VIEWS"])
def test_a_picture_by_name_has_findings_behind_it(heading):
    assert normalised(heading) == "findings"
