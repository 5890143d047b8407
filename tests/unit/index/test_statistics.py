"""Statistics equal a plain count over the records."""

import json
from collections import Counter
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr import datasets
from cxr.index.rows import IndexRow
from cxr.index.statistics import age_range, download_stats, statistics
from cxr.index.validation import Validated, write_validation
from cxr.index.write import write_problems, write_records
from cxr.ledger.runs import RunOutcome, begin_run, end_run
from cxr.ledger.write import Outcome, write_outcomes
from cxr.model import Failure, Fetched, Issue, Severity, Status, TableProblem, Transfer

BLUR = Issue("blur", Severity.WARNING, "It is blurred.")
CUT = Issue("truncated", Severity.ERROR, "It ends early.")


@given(st.dictionaries(st.integers(0, 11_000).map(lambda n: n / 100), st.integers(1, 5), min_size=1))
def test_ages(counts):
    ages = [age for age, count in counts.items() for _ in range(count)]
    found = age_range(counts)
    assert (found["min"], found["max"]) == (min(ages), max(ages))
    assert Fraction(found["median"]) == Fraction(median(ages))


def test_no_ages():
    assert age_range({}) == {"min": None, "median": None, "max": None}


def test_an_empty_library_has_no_sources(database):
    assert statistics(database) == {"sources": {}}
    assert download_stats(database) == {"sources": {}}


def test_counts_by_source(database, write, make):
    old = Issue("age_implausible", Severity.NOTE, "411 years.")
    write(
        [
            make("a", "+-?-", view_position="PA", sex="F", age_years=10.0, official_split="train", size=3),
            make("b", "+--.", view_position="PA", sex="M", age_years=20.0, official_split="test", size=4),
            make(
                "c", "----", view_position="AP", age_years=40.5, issues=(old,), patient_key="nih:2", size=None
            ),
            make("x", status=Status.SKIPPED, size=9),
            make("d", "...+", source="other", stem="other_d", patient_key="", study_id=""),
        ]
    )
    database.execute("UPDATE images SET split = 'train' WHERE image_id = 'a'")
    found = statistics(database)["sources"]
    assert list(found) == ["nih", "other"]
    nih = found["nih"]
    assert (nih["images"], nih["patients"], nih["studies"], nih["bytes"]) == (3, 2, 2, 7)
    assert nih["views"] == {"PA": 2, "AP": 1}
    assert nih["sexes"] == {"F": 1, "M": 1, "unknown": 1}
    assert nih["ages"] == {"min": 10.0, "median": 20.0, "max": 40.5, "implausible": ["c"]}
    assert nih["official_split"] == {"test": 1, "train": 1, "unknown": 1}
    assert (nih["releases"], nih["split"]) == ({"v1": 3}, {"unknown": 2, "train": 1})
    assert (nih["downloaded"], nih["skipped"], nih["failed"]) == (3, 1, 0)
    assert nih["findings"] == {
        "Hernia": {"positive": 2, "negative": 1, "uncertain": 0, "unmentioned": 0},
        "Pleural_Thickening": {"positive": 0, "negative": 3, "uncertain": 0, "unmentioned": 0},
        "Shadow": {"positive": 0, "negative": 2, "uncertain": 1, "unmentioned": 0},
        "No Finding": {"positive": 0, "negative": 2, "uncertain": 0, "unmentioned": 1},
    }
    assert nih["findings_by_split"]["train"]["Shadow"]["uncertain"] == 1
    assert nih["findings_by_split"]["unknown"]["Hernia"] == {
        "positive": 1,
        "negative": 1,
        "uncertain": 0,
        "unmentioned": 0,
    }
    assert nih["findings_by_official_split"]["train"]["Shadow"]["uncertain"] == 1
    assert nih["findings_by_official_split"]["test"]["Shadow"]["uncertain"] == 0
    other = found["other"]
    assert (other["findings_by_split"], other["findings_by_official_split"]) == (None, None)
    assert (other["official_split"], other["split"], other["patients"], other["studies"]) == (
        None,
        None,
        0,
        0,
    )
    json.dumps(found)


def test_what_was_done(database, write, make):
    write([make("a"), make("b", issues=(BLUR,)), make("c")])
    write_validation(
        database,
        "nih",
        [Validated("a", "good"), Validated("b", "unreadable", (CUT, BLUR, Issue("n", Severity.NOTE, "")))],
    )
    run = begin_run(database, "download", "nih", {})
    database.execute("UPDATE runs SET started_at = '2026-01-01T00:00:00.000+00:00'")
    end_run(database, run, RunOutcome.FAILURES, {"downloaded": 3})
    database.execute("UPDATE runs SET finished_at = '2026-01-01T00:00:30.000+00:00'")
    failed = [Failure("y", "size_differs", ""), Failure("z", "size_differs", ""), Failure("w", "gone", "")]
    write_outcomes(database, "nih", run, [Outcome(one.image_id, "folder", one) for one in failed])
    write_problems(database, "nih", [TableProblem("t.csv", 3, "repeated_image", "again")])
    nih = statistics(database)["sources"]["nih"]
    assert nih["validation"] == {"images": 2, "errors": 1, "warnings": 1, "notes": 1}
    assert nih["errors"] == {"size_differs": 2, "gone": 1, "truncated": 1}
    assert nih["issues"] == {"blur": 1, "n": 1, "truncated": 1}
    assert (nih["failed"], nih["elapsed_seconds"], nih["files_a_minute"]) == (3, 30.0, 6.0)
    assert nih["table_problems"] == {"repeated_image": 1}
    done = download_stats(database)["sources"]["nih"]
    assert done == {name: nih[name] for name in done}


def test_an_error_counts_the_images_that_failed_with_it_and_those_that_have_it(database, write, make):
    """`truncated` is what fetching refuses and what validation finds; ``a`` is both and counts once."""
    write([make("a"), make("b"), make("c")])
    write_validation(database, "nih", [Validated(one, "unreadable", (CUT,)) for one in "ab"])
    failed = [Failure(one, "truncated", "") for one in "adef"]
    write_outcomes(database, "nih", None, [Outcome(one.image_id, "folder", one) for one in failed])
    nih = statistics(database)["sources"]["nih"]
    assert nih["errors"] == {"truncated": 5}
    assert (nih["issues"], nih["failed"]) == ({"truncated": 2}, 4)


def test_adopting_has_no_speed(database):
    def ran(verb, minutes, **counts):
        run = begin_run(database, verb, "nih", {})
        end_run(database, run, RunOutcome.DONE, counts)
        database.execute(
            "UPDATE runs SET started_at = '2026-01-01T00:00:00+00:00', finished_at = ? WHERE id = ?",
            (f"2026-01-01T00:0{minutes}:00+00:00", run),
        )

    write_outcomes(database, "nih", None, [Outcome("a", "folder", Failure("a", "gone", ""))])
    ran("index", 1, adopted=300_000)
    done = download_stats(database)["sources"]["nih"]
    assert (done["elapsed_seconds"], done["files_a_minute"]) == (60.0, None)
    ran("download", 2, downloaded=10)
    done = download_stats(database)["sources"]["nih"]
    assert (done["elapsed_seconds"], done["files_a_minute"]) == (180.0, 5.0)


def test_a_run_that_was_killed_counts_until_its_last_file(database, write, make):
    write([make("a")])
    run = begin_run(database, "download", "nih", {})
    fetched = Fetched("nih_a.png", 5, "aa" * 32, "", Transfer.COPIED, 0.1)
    write_outcomes(database, "nih", run, [Outcome("a", "folder", fetched)])
    database.execute("UPDATE runs SET started_at = '2026-01-01T00:00:00+00:00'")
    database.execute("UPDATE ledger SET at = '2026-01-01T00:00:20+00:00'")
    begin_run(database, "validate", "nih", {})
    nih = statistics(database)["sources"]["nih"]
    assert (nih["elapsed_seconds"], nih["files_a_minute"]) == (20.0, 3.0)


def test_a_source_of_which_everything_failed_is_told(database):
    write_outcomes(database, "nih", None, [Outcome("a", "folder", Failure("a", "gone", ""))])
    nih = statistics(database)["sources"]["nih"]
    assert (nih["images"], nih["failed"], nih["findings"], nih["official_split"]) == (0, 1, {}, None)


@pytest.fixture
def sample(test_data):
    nih = datasets.load("nih")
    published = datasets.Published("chestxray14", {"entries": test_data / "nih" / "sample_labels.csv"})
    return list(nih.read(published, lambda _: None))


def test_the_real_sample_is_counted_as_its_records_say(database, sample):
    rows = (IndexRow(one, f"Images/{one.stem}.png", "", Status.DOWNLOADED) for one in sample)
    assert write_records(database, rows) == 5600
    nih = statistics(database)["sources"]["nih"]
    assert (nih["images"], nih["patients"], nih["table_release"]) == (5600, 4224, "sample")
    assert nih["official_split"] is None
    assert nih["views"] == Counter(one.view_position for one in sample)
    assert nih["sexes"] == Counter(one.sex for one in sample)
    ages = [one.age_years for one in sample if one.age_years is not None]
    implausible = sorted(
        one.image_id for one in sample if any(i.code == "age_implausible" for i in one.issues)
    )
    assert implausible
    assert nih["ages"] == {
        "min": min(ages),
        "median": median(ages),
        "max": max(ages),
        "implausible": implausible,
    }
    (labeller,) = datasets.load("nih").LABELLERS
    counts = Counter(
        (statement.finding.published, str(statement.state))
        for one in sample
        for packed in one.statements
        for statement in labeller.expand(packed.codes)
    )
    assert {
        (name, state): n for name, states in nih["findings"].items() for state, n in states.items() if n
    } == counts
