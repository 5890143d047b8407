"""Counts and verdicts as people read them."""

from cxr.cli._output import Output
from cxr.cli._summary import lines
from cxr.cli._tally import tell_stats, tell_tally
from cxr.cli._validation import verdict
from cxr.library.run import DownloadSummary
from cxr.library.validate import ValidationSummary

COUNTS = {
    "images": 3,
    "patients": 1,
    "views": {"PA": 2, "AP": 1},
    "sexes": {"M": 3},
    "ages": {"min": 1.08, "median": 58.0, "max": 90.0, "implausible": ["a_0", "b_0", "c_0", "d_0"]},
    "table_release": "v2020",
    "findings": {"Hernia": {"positive": 1, "negative": 2, "uncertain": 0, "unmentioned": 0}},
    "official_split": None,
}


def test_a_dataset_is_told_with_only_the_states_that_occur(capsys):
    tell_tally(Output(), "NIH", COUNTS)
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "NIH: 3 images of 1 patient"
    assert "age         1.08 to 90 years, median 58; 4 implausible (a_0, b_0, c_0, ...)" in told
    assert "finding  positive  negative\nHernia          1         2\n" in told
    assert "uncertain" not in told
    assert "official" not in told


def test_an_empty_library_says_how_to_fill_it(capsys):
    tell_stats(Output(), {"sources": {}})
    assert "cxr download" in capsys.readouterr().out


def test_a_summary_names_only_what_happened():
    summary = DownloadSummary(
        "nih", "r", 112_120, 48, 48, downloaded=40, already=7, failed=1, bytes=5_000_000
    )
    assert lines(summary, "NIH", "", "/l")[:2] == [
        "NIH: 40 downloaded (5.0 MB), 7 there already, 1 failed, in 0.0 s",
        "  48 of 112,120 published images were present",
    ]


def test_warnings_and_notes_pass_errors_and_stray_files_fail():
    assert verdict(ValidationSummary(images=2, passed=2, with_notes=1)).startswith(
        "Passed: 2 of 2 images passed, 1 with notes"
    )
    assert verdict(ValidationSummary(images=2, passed=1, with_errors=1)).startswith("Failed: 1 of 2 images")
    assert "1 file without a row" in verdict(ValidationSummary(images=2, passed=2, orphans=1))
