"""MIMIC-CXR-JPG from the lab's PhysioNet into a library, with one agreement and with both."""

import csv
import zipfile

import pytest
from support.lab_library import IMPATIENT
from support.labs import lab
from support.program import cxr, cxr_json

from cxr.lab.physionet_rules import AGENTS, IMAGES_ONLY, READER, PhysioNetRules

IMAGES = 30
SECOND = {"cxr-record-list.csv.gz", "cxr-study-list.csv.gz", "mimic-cxr-reports.zip"}


@pytest.fixture(scope="module")
def started():
    rules = PhysioNetRules(agents=(*AGENTS, "cxr/"))
    with lab(hosts=("physionet",), images=IMAGES, size=96, physionet=rules) as one:
        yield one


@pytest.fixture
def running(started):
    started.failures.clear()
    started.reset_accounts()
    return started


def download(home, lab, *more, account=READER, expect=0):
    """Download MIMIC with its terms accepted."""
    who = {"PHYSIONET_USERNAME": account.name, "PHYSIONET_PASSWORD": account.password}
    words = ("download", "--source", "mimic", "--base-dir", "L", "--accept-terms", "mimic")
    return cxr_json(home, *words, *more, expect=expect, variables={**lab.environment, **IMPATIENT, **who})


def index(library):
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def captions(library):
    return [path.read_text() for path in (library / "captions").iterdir()]


def asked(lab):
    """Return the names of the files that were asked for and given."""
    return {path.rpartition("/")[2] for path, sent in lab.bytes_by_path("physionet").items() if sent}


def test_with_both_agreements_images_come_with_labels_split_and_reports(tmp_path, running):
    download(tmp_path, running)
    rows = index(tmp_path / "L")
    assert len(rows) == IMAGES
    assert {row["image_path"].rpartition("/")[2] for row in rows} == {
        path.name for path in (tmp_path / "L" / "Images").iterdir()
    }
    assert {row["official_split"] for row in rows} <= {"train", "validate", "test"}
    assert "mimic_chexpert" in {row["labeller"] for row in rows}
    assert any("Text Origin: report" in caption for caption in captions(tmp_path / "L"))
    assert {path.name for path in (tmp_path / "L" / "raw" / "mimic" / "2.1.0").iterdir()} >= SECOND


def test_the_list_and_the_tables_are_asked_for_once(tmp_path, running):
    download(tmp_path, running, "--limit", 3)
    assert {"SHA256SUMS.txt", "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-reports.zip"} <= asked(running)
    running.reset_accounts()
    download(tmp_path, running, "--limit", 5)
    given = {name for name in asked(running) if not name.endswith(".jpg")}
    assert not given & {"IMAGE_FILENAMES", *SECOND}
    assert not [name for name in given if name.endswith(".csv.gz")]
    assert len(index(tmp_path / "L")) == 5


def test_with_one_agreement_captions_say_so_and_the_reports_come_once_they_may(tmp_path, running):
    plan = download(tmp_path, running, "--dry-run", account=IMAGES_ONLY)
    assert any("mimic-cxr-reports.zip" in note for note in plan["notes"])
    download(tmp_path, running, account=IMAGES_ONLY)
    assert len(index(tmp_path / "L")) == IMAGES
    assert not any("Text Origin: report (" in caption for caption in captions(tmp_path / "L"))
    assert not SECOND & {path.name for path in (tmp_path / "L" / "raw" / "mimic" / "2.1.0").iterdir()}
    download(tmp_path, running)
    assert any("Text Origin: report (" in caption for caption in captions(tmp_path / "L"))


def test_flipped_bytes_are_caught_by_the_published_checksums(tmp_path, running):
    running.failures["flipped-byte"] = 0.15
    download(tmp_path, running, "--limit", 10)
    sums = running.mimic.checksums("mimic-cxr-jpg/2.1.0")
    rows = index(tmp_path / "L")
    assert len(rows) == 10
    assert {row["sha256"] for row in rows} <= set(sums.values())


def test_the_whole_split_and_all_labels_are_told_without_an_image(tmp_path, running):
    download(tmp_path, running, "--limit", 1)
    tables = tmp_path / "L" / "raw" / "mimic" / "2.1.0"
    told = cxr(tmp_path, "datasets", "show", "mimic", "--tables", tables, "--json")
    assert f'"images": {IMAGES}' in told.stdout


@pytest.fixture
def copy(tmp_path, running):
    """Both projects below one folder, as wget leaves them, and the reports unpacked."""
    copy = tmp_path / "physionet.org" / "files"
    for project in ("mimic-cxr-jpg/2.1.0", "mimic-cxr/2.1.0"):
        for path in running.mimic.checksums(project):
            file = copy / project / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(running.mimic.projects[project].read(path))
    with zipfile.ZipFile(copy / "mimic-cxr/2.1.0/mimic-cxr-reports.zip") as archive:
        archive.extractall(copy / "mimic-cxr/2.1.0")
    (copy / "mimic-cxr/2.1.0/mimic-cxr-reports.zip").unlink()
    return copy


def test_a_copy_of_both_projects_is_indexed_where_it_is(tmp_path, copy):
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    words = ("index", "--source", "mimic", "--at", copy.parent, "--base-dir", "L", "--accept-terms", "mimic")
    cxr(tmp_path, *words)
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before
    rows = index(tmp_path / "L")
    assert len(rows) == IMAGES
    assert all(row["image_path"].startswith(str(copy)) for row in rows)
    assert any("Text Origin: report (" in caption for caption in captions(tmp_path / "L"))


def test_a_library_from_a_copy_keeps_its_tables_and_no_stray_report(tmp_path, copy):
    words = ("download", "--source", "mimic", "--from", copy.parent, "--base-dir", "L", "--limit", 3)
    cxr(tmp_path, *words, "--accept-terms", "mimic")
    kept = {path.name for path in (tmp_path / "L" / "raw" / "mimic" / "2.1.0").iterdir()}
    assert "mimic-cxr-2.0.0-metadata.csv.gz" in kept
    assert not [name for name in kept if name.endswith(".txt")]
    assert len(index(tmp_path / "L")) == 3
