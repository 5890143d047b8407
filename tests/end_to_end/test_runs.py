"""What a second run finds changed."""

import csv

import pytest
from support.nih_folder import make_nih_folder
from support.program import cxr, cxr_json


@pytest.fixture
def nih(tmp_path):
    return make_nih_folder(tmp_path / "nih", 12)


def row(library, image_id):
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        return next(one for one in csv.DictReader(file) if one["image_id"] == image_id)


def test_a_corrected_table_corrects_rows_and_captions_and_moves_no_image(tmp_path, nih):
    library, table = tmp_path / "L", nih / "Data_Entry_2017_v2020.csv"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    before = {path: path.stat().st_ino for path in (library / "Images").iterdir()}
    lines = table.read_text().splitlines()
    name, _, rest = lines[1].split(",", 2)
    table.write_text("\n".join([lines[0], f"{name},Fibrosis|Mass,{rest}", *lines[2:]]) + "\n")
    summary = cxr_json(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    assert (summary["already"], summary["downloaded"]) == (12, 0)
    corrected = row(library, name.removesuffix(".png"))
    assert (corrected["fibrosis"], corrected["mass"], corrected["hernia"]) == ("1", "1", "0")
    assert (corrected["width"], len(corrected["sha256"])) == ("256", 64)
    assert "\nFibrosis: positive\n" in (library / corrected["caption_path"]).read_text()
    assert before == {path: path.stat().st_ino for path in (library / "Images").iterdir()}


def test_images_that_came_since_are_added(tmp_path, nih):
    late = sorted((nih / "images").iterdir())[3:6]
    held_back = [(path, path.read_bytes()) for path in late]
    for path in late:
        path.unlink()
    library = tmp_path / "L"
    first = cxr_json(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    assert (first["present"], first["downloaded"]) == (9, 9)
    for path, data in held_back:
        path.write_bytes(data)
    second = cxr_json(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    assert (second["already"], second["downloaded"]) == (9, 3)


def test_resume_takes_the_last_selection_up_again(tmp_path, nih):
    library = tmp_path / "L"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--limit", 4, "--base-dir", library)
    victim = min((library / "Images").iterdir())
    victim.unlink()
    again = cxr_json(tmp_path, "download", "--source", "nih", "--resume", "--base-dir", library)
    assert (again["selected"], again["already"], again["downloaded"]) == (4, 3, 1)
    assert victim.exists()


def test_what_lies_there_without_a_ledger_row_is_verified_not_trusted(tmp_path, nih):
    """As a kill between rename and ledger leaves it: one whole, one that only looks like it."""
    library = tmp_path / "L"
    (library / "Images").mkdir(parents=True)
    whole, other = sorted((nih / "images").iterdir())[:2]
    for path, data in ((whole, whole.read_bytes()), (other, bytes(other.stat().st_size))):
        (library / "Images" / f"nih_{path.stem}_{path.stem[:8]}.png").write_bytes(data)
    kept = library / "Images" / f"nih_{whole.stem}_{whole.stem[:8]}.png"
    inode = kept.stat().st_ino
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    assert kept.stat().st_ino == inode
    replaced = library / "Images" / f"nih_{other.stem}_{other.stem[:8]}.png"
    assert replaced.read_bytes() == other.read_bytes()


def test_removal_leaves_nothing_of_the_dataset_but_its_certificate(tmp_path, nih):
    library = tmp_path / "L"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, "download", "--source", "synthetic", "--limit", 3, "--size", 128, "--base-dir", library)
    cxr(tmp_path, "validate", "--base-dir", library)
    cxr(tmp_path, "remove", "--source", "nih", "--yes", "--base-dir", library)
    left = [path for path in library.rglob("*") if "nih" in path.name]
    assert [path.parent.name for path in left] == ["metadata"]
    image_id = min((nih / "images").iterdir()).stem
    for path in library.rglob("*"):
        if path.is_file() and path.parent.name != "logs":
            assert image_id.encode() not in path.read_bytes(), path
    assert cxr_json(tmp_path, "stats", "--base-dir", library)["sources"].keys() == {"synthetic"}
    assert len(list((nih / "images").iterdir())) == 12
