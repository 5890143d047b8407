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


def change_first_label(table, labels):
    lines = table.read_text().splitlines()
    name, _, rest = lines[1].split(",", 2)
    table.write_text("\n".join([lines[0], f"{name},{labels},{rest}", *lines[2:]]) + "\n")
    return name.removesuffix(".png")


def test_a_corrected_table_is_applied_to_every_image_whatever_run_saw_it_first(tmp_path, nih):
    """A run over two images sees the new table first; the rest is corrected when its turn comes."""
    library, table = tmp_path / "L", nih / "Data_Entry_2017_v2020.csv"
    common = ("download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, *common)
    lines = table.read_text().splitlines()
    changed = [",".join([one.split(",")[0], "Hernia", *one.split(",")[2:]]) for one in lines[1:]]
    table.write_text("\n".join([lines[0], *changed]) + "\n")
    cxr(tmp_path, *common, "--limit", 2)
    cxr(tmp_path, *common)
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        assert {one["hernia"] for one in csv.DictReader(file)} == {"1"}
    for caption in (library / "captions").iterdir():
        assert "\nHernia: positive\n" in caption.read_text()


def test_another_form_of_the_table_and_lists_that_come_later_are_applied(tmp_path, nih):
    library, table = tmp_path / "L", nih / "Data_Entry_2017_v2020.csv"
    first = nih / "Data_Entry_2017.csv"
    lists = [(path, path.read_text()) for path in nih.glob("*_list.txt")]
    for path, _ in lists:
        path.unlink()
    table.rename(first)
    common = ("download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, *common)
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        assert {(one["table_release"], one["official_split"]) for one in csv.DictReader(file)} == {
            ("2017", "")
        }
    table.write_text(first.read_text())
    for path, text in lists:
        path.write_text(text)
    cxr(tmp_path, *common)
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        found = {(one["table_release"], one["official_split"] != "") for one in csv.DictReader(file)}
    assert found == {("v2020", True)}


def test_a_corrected_table_keeps_what_is_known_of_the_bytes(tmp_path, nih):
    library = tmp_path / "L"
    common = ("download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, *common)
    cxr(tmp_path, "validate", "--base-dir", library)
    image_id = change_first_label(nih / "Data_Entry_2017_v2020.csv", "Mass")
    before = row(library, image_id)
    cxr(tmp_path, *common)
    after = row(library, image_id)
    assert after["mass"] == "1"
    for column in ("downloaded_at", "source_url", "sha256", "width", "issues"):
        assert after[column] == before[column], column
    quality = [one for one in (library / after["caption_path"]).read_text().splitlines() if "Quality" in one]
    assert quality == ["Image Quality: low_resolution"]


def test_an_adopted_library_follows_its_tables_and_writes_wrong_captions_again(tmp_path, nih):
    library = tmp_path / "L"
    common = ("index", "--source", "nih", "--at", nih, "--base-dir", library)
    cxr(tmp_path, *common)
    again = cxr_json(tmp_path, *common)
    assert (again["already"], again["adopted"]) == (12, 0)
    image_id = change_first_label(nih / "Data_Entry_2017_v2020.csv", "Fibrosis")
    cxr(tmp_path, *common)
    caption = library / row(library, image_id)["caption_path"]
    assert "\nFibrosis: positive\n" in caption.read_text()
    caption.write_text("garbage")
    cxr(tmp_path, "validate", "--base-dir", library, expect=1)
    cxr(tmp_path, *common)
    assert "\nFibrosis: positive\n" in caption.read_text()
    cxr(tmp_path, "validate", "--base-dir", library)


@pytest.mark.parametrize("verb", [("download", "--from"), ("index", "--at")])
def test_a_second_local_folder_never_takes_the_place_of_the_first(tmp_path, nih, verb):
    name, flag = verb
    one, other = tmp_path / "one", tmp_path / "other"
    first, second = sorted((nih / "images").iterdir())[:2]
    for folder, image in ((one, first), (other, second)):
        folder.mkdir()
        (folder / "x.png").write_bytes(image.read_bytes())
    library = tmp_path / "L"
    cxr(tmp_path, name, "--source", "local", flag, one, "--base-dir", library)
    refused = cxr(tmp_path, name, "--source", "local", flag, other, "--base-dir", library, expect=2)
    assert str(one) in refused.stderr
    assert str(other) in refused.stderr
    cxr(tmp_path, name, "--source", "local", flag, one, "--base-dir", library)


def test_what_was_damaged_set_aside_and_fetched_again_is_in_the_library(tmp_path, nih):
    library = tmp_path / "L"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    victim = min((library / "Images").iterdir())
    good = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(good[:-50])
    cxr(tmp_path, "validate", "--quarantine", "--repair", "--base-dir", library)
    assert victim.read_bytes() == good
    found = row(library, "_".join(victim.stem.split("_")[1:3]))
    assert (found["status"], found["image_path"]) == ("downloaded", f"Images/{victim.name}")


def test_a_repair_leaves_the_selection_that_resume_takes_up_again(tmp_path, nih):
    library = tmp_path / "L"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--limit", 4, "--base-dir", library)
    min((library / "Images").iterdir()).unlink()
    cxr(tmp_path, "validate", "--repair", "--base-dir", library)
    again = cxr_json(tmp_path, "download", "--source", "nih", "--resume", "--base-dir", library)
    assert (again["selected"], again["already"]) == (4, 4)


def test_what_is_broken_at_its_source_stays_set_aside_after_a_repair(tmp_path, nih):
    library = tmp_path / "L"
    broken = min((nih / "images").iterdir())
    data = bytearray(broken.read_bytes())
    data[len(data) // 2] ^= 0xFF
    broken.write_bytes(data)
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, "validate", "--quarantine", "--base-dir", library, expect=1)
    assert row(library, broken.stem)["status"] == "quarantined"
    cxr(tmp_path, "validate", "--repair", "--base-dir", library, expect=1)
    assert row(library, broken.stem)["status"] == "quarantined"
    assert not list((library / "Images").glob(f"*{broken.stem}*"))


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
        if path.is_file():
            assert image_id.encode() not in path.read_bytes(), path
    assert cxr_json(tmp_path, "stats", "--base-dir", library)["sources"].keys() == {"synthetic"}
    assert len(list((nih / "images").iterdir())) == 12
