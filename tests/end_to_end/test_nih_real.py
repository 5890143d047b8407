"""The whole path over the real NIH table and 48 real radiographs."""

import csv
import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from support.agreement import check_agreement
from support.program import cxr, cxr_json

COLUMNS = (
    "image_id,source,release,patient_id,patient_key,study_id,view_position,view_published,view_origin,sex,"
    "age_years,study_date,image_path,caption_path,width,height,bit_depth,bytes,sha256,fingerprint,"
    "pixel_processing,no_finding,atelectasis,cardiomegaly,consolidation,edema,effusion,emphysema,"
    "enlarged_cardiomediastinum,fibrosis,fracture,hernia,infiltration,lung_lesion,lung_opacity,mass,nodule,"
    "pleural_other,pleural_thickening,pneumonia,pneumothorax,support_devices,labeller,official_split,split,"
    "status,issues,table_release,licence,attribution,source_url,downloaded_at"
)
COMMON = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Effusion": "effusion",
    "Infiltration": "infiltration",
    "Mass": "mass",
    "Nodule": "nodule",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Emphysema": "emphysema",
    "Fibrosis": "fibrosis",
    "Pleural_Thickening": "pleural_thickening",
    "Hernia": "hernia",
    "No Finding": "no_finding",
}


@pytest.fixture(scope="module")
def nih(test_data):
    return test_data / "nih"


@pytest.fixture(scope="module")
def published(nih):
    """The rows of the published table, as Python's own CSV reader gives them, by image name."""
    with (nih / "Data_Entry_2017_v2020.csv").open(newline="") as file:
        return {row["Image Index"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def library(home, nih):
    """A library of all that is there."""
    cxr(home, "download", "--source", "nih", "--from", nih, "--base-dir", home / "L")
    return home / "L"


def index(library):
    with (library / "metadata" / "master_index.csv").open(newline="", encoding="utf-8") as file:
        return {row["image_id"]: row for row in csv.DictReader(file)}


def test_exactly_the_images_that_are_there_come_with_caption_and_row(library, nih):
    check_agreement(library, "nih", {path.stem: path for path in (nih / "images").iterdir()})


def test_the_index_has_the_columns_of_the_design_in_their_order(library):
    first = (library / "metadata" / "master_index.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == COLUMNS


def test_every_row_says_what_the_published_table_says(library, nih, published):
    lists = {
        name: part
        for part in ("train_val", "test")
        for name in (nih / f"{part}_list.txt").read_text().split()
    }
    for image_id, row in index(library).items():
        original = published[f"{image_id}.png"]
        labels = set(original["Finding Labels"].split("|"))
        assert int(row["patient_id"]) == int(original["Patient ID"])
        assert row["patient_key"] == f"nih:{row['patient_id']}"
        assert (row["view_position"], row["sex"]) == (original["View Position"], original["Patient Gender"])
        assert float(row["age_years"]) == float(original["Patient Age"])
        assert row["official_split"] == lists[f"{image_id}.png"]
        for word, column in COMMON.items():
            assert row[column] == ("1" if word in labels else "0"), (image_id, word)
        for column in ("fracture", "lung_opacity", "support_devices", "pleural_other"):
            assert row[column] == "", "not assessed is not negative"


def test_every_caption_says_what_the_published_table_says(library, published):
    for image_id, row in index(library).items():
        caption = (library / row["caption_path"]).read_text(encoding="utf-8")
        labels = set(published[f"{image_id}.png"]["Finding Labels"].split("|"))
        for word in COMMON.keys() - {"No Finding"}:
            assert f"\n{word}: {'positive' if word in labels else 'negative'}\n" in caption
        assert f"\nPatient Age: {published[f'{image_id}.png']['Patient Age']}\n" in caption


def test_regions_are_the_published_boxes(library, nih):
    with (nih / "BBox_List_2017.csv").open(newline="") as file:
        boxes = list(csv.reader(file))[1:]
    here = {f"{image_id}.png" for image_id in index(library)}
    expected = sorted((b[0][:-4], b[1], *map(float, b[2:6])) for b in boxes if b[0] in here)
    with closing(sqlite3.connect(library / "metadata" / "master_index.db")) as database:
        found = database.execute(
            "SELECT i.image_id, r.finding, r.x, r.y, r.width, r.height "
            "FROM regions r JOIN images i ON i.id = r.image"
        ).fetchall()
    assert sorted(found) == expected


def test_the_statements_view_gives_one_row_a_statement(library):
    with closing(sqlite3.connect(library / "metadata" / "master_index.db")) as database:
        rows = database.execute(
            "SELECT finding, state, published_value FROM statements WHERE image_id = '00000001_002'"
        ).fetchall()
    assert len(rows) == 15
    assert {row[0] for row in rows if row[1] == "positive"} == {"Cardiomegaly", "Effusion"}
    assert ("Effusion", "positive", "Effusion") in rows


def test_a_validation_passes_and_notes_rgba_and_colour_profiles(home, nih):
    """Its own library, since a validation writes into the captions."""
    base = home / "validated"
    cxr(home, "download", "--source", "nih", "--from", nih, "--base-dir", base)
    summary = cxr_json(home, "validate", "--source", "nih", "--base-dir", base)
    assert (summary["images"], summary["passed"], summary["with_errors"]) == (48, 48, 0)
    rgba = [path for path in (nih / "images").iterdir() if path.read_bytes()[25] == 6]
    assert summary["by_code"]["rgb_equal_channels"] == len(rgba) > 0
    assert summary["by_code"]["colour_profile"] > 0
    qualities = Counter(
        line
        for caption in (base / "captions").iterdir()
        for line in caption.read_text().splitlines()
        if line.startswith("Image Quality")
    )
    assert qualities == {"Image Quality: good": 48}


def test_a_second_run_moves_nothing(home, library, nih):
    def files():
        return {
            path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for folder in ("Images", "captions")
            for path in (library / folder).iterdir()
        }

    before = files()
    summary = cxr_json(home, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    assert (summary["already"], summary["downloaded"], summary["bytes"]) == (48, 0, 0)
    assert files() == before


def test_images_are_hard_links_to_the_users_copy_where_that_is_possible(home, nih, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(nih, copy)
    cxr(home, "download", "--source", "nih", "--from", copy, "--base-dir", tmp_path / "L", "--limit", "3")
    for image in (tmp_path / "L" / "Images").iterdir():
        assert image.stat().st_nlink == 2


@pytest.mark.parametrize(
    ("flags", "holds"),
    [
        (("--limit", 10), lambda row: True),
        (("--finding", "Cardiomegaly"), lambda row: row["cardiomegaly"] == "1"),
        (("--view", "PA"), lambda row: row["view_position"] == "PA"),
        (("--patient", "5"), lambda row: row["patient_id"] == "00000005"),
        (("--sample", "random", "--limit", 7, "--seed", 3), lambda row: True),
    ],
)
def test_a_selection_gives_what_it_says(home, library, nih, tmp_path, flags, holds):
    cxr(home, "download", "--source", "nih", "--from", nih, "--base-dir", tmp_path, *flags)
    everything, chosen = index(library), index(tmp_path)
    assert chosen.keys() <= everything.keys()
    assert all(holds(row) for row in chosen.values())
    if "--limit" in flags:
        assert len(chosen) == flags[flags.index("--limit") + 1]
    else:
        assert chosen.keys() == {key for key, row in everything.items() if holds(row)}
    if flags == ("--limit", 10):
        with (nih / "Data_Entry_2017_v2020.csv").open(newline="", encoding="utf-8") as table:
            listed = (row["Image Index"].removesuffix(".png") for row in csv.DictReader(table))
            in_table_order = [image_id for image_id in listed if image_id in everything]
        assert chosen.keys() == set(in_table_order[:10])


def test_a_sample_by_patient_takes_whole_patients(home, library, nih, tmp_path):
    flags = ("--sample", "random", "--sample-by", "patient", "--limit", 12, "--seed", 5)
    cxr(home, "download", "--source", "nih", "--from", nih, "--base-dir", tmp_path, *flags)
    chosen = index(tmp_path)
    per_patient = Counter(row["patient_id"] for row in index(library).values())
    assert 1 <= len(chosen) <= 12
    for patient, count in Counter(row["patient_id"] for row in chosen.values()).items():
        assert count == per_patient[patient]


def test_an_adopted_folder_keeps_every_byte_and_the_library_holds_none(home, nih, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(nih, copy)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(copy.rglob("*"))}
    base = tmp_path / "L"
    summary = cxr_json(home, "index", "--source", "nih", "--at", copy, "--base-dir", base)
    assert (summary["adopted"], summary["present"], summary["published"]) == (48, 48, 112_120)
    assert list((base / "Images").iterdir()) == []
    rows = index(base)
    assert {row["image_path"] for row in rows.values()} == {str(p) for p in (copy / "images").iterdir()}
    assert {row["status"] for row in rows.values()} == {"adopted"}
    assert {(row["sha256"], row["width"], row["fingerprint"]) for row in rows.values()} == {("", "", "")}
    assert len(list((base / "captions").iterdir())) == 48
    cxr(home, "validate", "--base-dir", base)
    assert all(len(row["sha256"]) == 64 and row["width"] == "1024" for row in index(base).values())
    refused = cxr(home, "validate", "--repair", "--base-dir", base, expect=2)
    assert "cxr changes none of them" in refused.stderr
    assert cxr_json(home, "stats", "--base-dir", base)["sources"]["nih"]["images"] == 48
    cxr(home, "remove", "--source", "nih", "--yes", "--base-dir", base)
    assert not index(base)
    assert list((base / "captions").iterdir()) == []
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(copy.rglob("*"))}


def test_a_quarantine_of_adopted_files_marks_rows_only(home, nih, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(nih, copy)
    broken = copy / "images" / "00000001_000.png"
    broken.write_bytes(broken.read_bytes()[:-2000])
    base = tmp_path / "L"
    cxr(home, "index", "--source", "nih", "--at", copy, "--base-dir", base)
    summary = cxr_json(home, "validate", "--quarantine", "--base-dir", base, expect=1)
    assert (summary["with_errors"], summary["quarantined"]) == (1, 1)
    row = index(base)["00000001_000"]
    assert (row["status"], row["image_path"]) == ("quarantined", str(broken))
    assert broken.exists()


def test_what_fails_is_repaired_from_where_it_came(home, nih, tmp_path):
    base = tmp_path / "L"
    copy = tmp_path / "copy"
    shutil.copytree(nih, copy)
    cxr(home, "download", "--source", "nih", "--from", copy, "--limit", 5, "--base-dir", base)
    victim = min((base / "Images").iterdir())
    good = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(good[:-100])
    assert cxr_json(home, "validate", "--base-dir", base, expect=1)["with_errors"] == 1
    summary = cxr_json(home, "validate", "--repair", "--base-dir", base)
    assert (summary["passed"], summary["with_errors"]) == (5, 0)
    assert victim.read_bytes() == good


def test_stats_and_datasets_show_count_alike(home, library, nih, tmp_path):
    """The same shape from the index as from the tables."""
    shown = cxr_json(home, "datasets", "show", "nih", "--tables", nih)
    counted = cxr_json(home, "stats", "--base-dir", library)["sources"]["nih"]
    assert shown.keys() <= counted.keys()
    rows = index(library).values()
    assert counted["images"] == 48
    assert counted["patients"] == len({row["patient_key"] for row in rows})
    for word, column in COMMON.items():
        assert counted["findings"][word]["positive"] == sum(row[column] == "1" for row in rows)
    assert shown["images"] == 112_120


def test_the_log_holds_one_json_object_a_line(library):
    lines = (library / "metadata" / "download_log.json").read_text().splitlines()
    assert {json.loads(line)["outcome"] for line in lines} == {"downloaded"}
    assert len({json.loads(line)["image_id"] for line in lines}) == 48
