"""A host that gives no parts of files: its archive is fetched whole, used as if it gave them, and removed."""

import csv

import pytest
from support.lab_library import IMPATIENT, check_complete, download
from support.labs import lab
from support.program import cxr, cxr_json

from cxr.lab.lab import Lab


@pytest.fixture
def stubborn() -> Lab:
    with lab(images=40, failures={"no-ranges": 1.0}) as running:
        yield running


def archives(library):
    return [path.name for path in (library / "temp").iterdir()]


def test_everything_comes_from_the_whole_archive_which_is_removed(tmp_path, stubborn):
    library = tmp_path / "L"
    download(tmp_path, library, "kaggle", stubborn)
    check_complete(library, stubborn)
    assert archives(library) == []
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        assert not [row for row in csv.DictReader(file) if row["source_url"].startswith("file:")]


def test_the_plan_says_what_that_costs(tmp_path, stubborn):
    plan = cxr_json(
        *(tmp_path, "download", "--source", "nih", "--limit", 3, "--dry-run", "--base-dir", tmp_path / "L"),
        variables={**stubborn.environment, **IMPATIENT},
    )
    whole = stubborn.shelf.files["archive.zip"].path.stat().st_size
    assert plan["reading"] == whole
    assert plan["bytes"] > whole
    assert any("whole archive" in note for note in plan["notes"])


def test_an_archive_that_a_run_left_is_used_again_unless_the_host_has_another(tmp_path, stubborn):
    library = tmp_path / "L"
    download(tmp_path, library, "kaggle", stubborn, "--limit", 5)
    (library / "temp" / "nih_kaggle_00000000_archive.zip").write_bytes(b"of another version")
    stubborn.reset_accounts()
    download(tmp_path, library, "kaggle", stubborn)
    check_complete(library, stubborn)
    assert archives(library) == ["nih_kaggle_00000000_archive.zip"], "cleanup takes it"
    cxr(tmp_path, "cleanup", "--hours", 0, "--base-dir", library)
    assert archives(library) == []


@pytest.mark.parametrize("failure", ["early-close", "wrong-md5"])
def test_an_archive_that_does_not_come_whole_ends_the_run_and_the_next_one_completes_it(
    tmp_path, stubborn, failure
):
    library = tmp_path / "L"
    stubborn.failures[failure] = 1
    done = download(tmp_path, library, "kaggle", stubborn, "--tables", stubborn.tables, expect=4)
    assert "could not be had from kaggle" in done.stderr
    assert (library / "metadata" / "failed_images.txt").is_file()
    stubborn.failures[failure] = 0
    download(tmp_path, library, "kaggle", stubborn, "--tables", stubborn.tables)
    check_complete(library, stubborn)
