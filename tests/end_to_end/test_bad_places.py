"""Odd names, libraries changed behind their back, disks that are full or shut, runs that are stopped."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest
from support.agreement import check_agreement
from support.bad_input import (
    IMAGES,
    MADE_UP,
    as_plain_user,
    download,
    failed_list,
    finish,
    issues,
    names,
    wait_until,
    with_files_of_at_most,
)
from support.program import COMMAND, cxr, cxr_json, environment

# --- Names and places -----------------------------------------------------------------------------------


def test_odd_names_in_a_folder_of_ones_own_stay_inside_the_library(tmp_path, published):
    image = min((published / "images").iterdir())
    mine = tmp_path / "mine"
    mine.mkdir()
    odd = ["a..dots", "a\nb", "\x1b[31mred", "\N{LUNGS}", "x" * 250, "-rf", "%2f..%2f", "\udce9", "part"]
    for name in odd:
        shutil.copy(image, mine / f"{name}.png")
    shutil.copy(image, mine / "left.png.part")
    (mine / "outside").symlink_to(published / "images")
    (mine / "loop").symlink_to(".")
    typed = ["download", "--source", "local", "--from", "mine", "--base-dir", "L"]
    done = cxr(tmp_path, *typed)
    assert "\x1b" not in done.stdout + done.stderr
    made = names(tmp_path / "L" / "Images")
    assert len(made) == len(odd) + 1 + IMAGES
    assert not any(len(os.fsencode(name)) > 240 or ".." in name for name in made)
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", "L")
    assert names(tmp_path / "L" / "Images") == made
    assert cxr_json(tmp_path, *typed)["already"] == len(made)
    assert len(list(mine.iterdir())) == len(odd) + 3


def test_a_library_below_the_folder_never_takes_its_own_files_in(tmp_path, published):
    mine = tmp_path / "mine"
    shutil.copytree(published / "images", mine)
    for verb, flag in (("index", "--at"), ("download", "--from")):
        library = mine / verb
        for _ in range(2):
            cxr(tmp_path, verb, "--source", "local", flag, mine, "--base-dir", library)
        held = cxr_json(tmp_path, "stats", "--base-dir", library)["sources"]["local"]
        assert (held["images"], held["skipped"]) == (IMAGES, 0)
        shutil.rmtree(library)


@pytest.mark.parametrize("place", ["L", "L/Images", "L/raw/nih"])
def test_a_library_is_not_made_from_itself(place, tmp_path, nih):
    download(tmp_path, nih)
    before = names(tmp_path / "L" / "Images")
    done = cxr(tmp_path, "download", "--source", "local", "--from", place, "--base-dir", "L", expect=2)
    assert "cannot be made from itself" in done.stderr.replace("\n  ", " ")
    assert names(tmp_path / "L" / "Images") == before


def test_the_folder_itself_does_not_become_the_library(tmp_path, nih):
    before = sorted(nih.rglob("*"))
    cxr(tmp_path, "index", "--source", "nih", "--at", nih, "--base-dir", nih, expect=2)
    assert sorted(nih.rglob("*")) == before


def test_spaces_and_emoji_in_a_library_s_path_are_no_hindrance(tmp_path, nih):
    library = tmp_path / "my disk" / "\N{LUNGS} 100%20?x#y'"
    cxr(tmp_path, "download", "--source", "nih", "--from", nih, "--base-dir", library)
    cxr(tmp_path, "validate", "--engine", "serial", "--base-dir", library, expect=None)
    check_agreement(library, "nih", {path.stem: path for path in (nih / "images").iterdir()})


@pytest.mark.parametrize("flag", ["--from", "--tables", "--base-dir"])
def test_a_path_of_a_shell_variable_that_is_not_set_is_told(flag, tmp_path, nih):
    done = cxr(tmp_path, "download", "--source", "nih", "--from", nih, flag, "", expect=2)
    assert flag in done.stderr
    assert "empty" in done.stderr


def test_a_path_that_is_too_long_is_told(tmp_path, nih):
    long = "a" * 300
    download(tmp_path, nih, "--base-dir", long, expect=5)
    download(tmp_path, long, expect=2)
    done = cxr(tmp_path, "datasets", "show", "nih", "--tables", long, expect=2)
    assert "too long" in done.stderr


# --- A library that was changed behind its back -----------------------------------------------------------


@pytest.mark.parametrize("name", ["Images", "captions", "logs", "metadata", "raw", "temp"])
def test_a_file_in_the_place_of_a_folder_is_named_and_the_run_goes_on_without_it(
    name, tmp_path, nih, library
):
    folder = library / name
    folder.rename(tmp_path / "aside")
    folder.write_text("not a folder")
    done = download(tmp_path, nih, expect=5)
    assert str(folder) in done.stderr.replace("\n  ", " ")
    assert folder.read_text() == "not a folder"
    folder.unlink()
    (tmp_path / "aside").rename(folder)
    finish(tmp_path, nih)


def test_a_folder_in_the_place_of_an_image_costs_that_image_alone(tmp_path, nih, library):
    first, second = sorted((library / "Images").iterdir())[:2]
    first.unlink()
    second.unlink()
    first.mkdir()
    (first / "holiday.txt").write_text("mine")
    done = download(tmp_path, nih, expect=1)
    assert "1 downloaded" in done.stdout
    [row] = failed_list(library).values()
    assert row["code"] == "name_taken"
    assert str(first) in row["reason"]
    assert (first / "holiday.txt").exists()
    shutil.rmtree(first)
    finish(tmp_path, nih)


def test_what_was_deleted_or_edited_is_found_and_comes_back(tmp_path, nih, library):
    images, captions = (sorted((library / name).iterdir()) for name in ("Images", "captions"))
    published_ids = sorted(path.stem for path in (nih / "images").iterdir())
    images[0].unlink()
    captions[1].unlink()
    captions[2].write_text(captions[2].read_text().replace("Hernia: ", "Hernia: not "))
    captions[3].write_bytes(b"\xff\xfe")
    stranger, lost = library / "Images" / "nih_holiday.png", library / "captions" / "nih_holiday.txt"
    shutil.copy(images[4], stranger)
    lost.write_text("x")
    done = cxr(tmp_path, "validate", "--engine", "serial", "--base-dir", "L", expect=1)
    assert "files without a row" in done.stdout
    found = issues(library)
    assert {
        (published_ids[0], "missing"),
        (published_ids[1], "caption_missing"),
        (published_ids[3], "caption_encoding"),
        ("", "image_without_row"),
        ("", "caption_without_row"),
    } <= found
    assert any(image_id == published_ids[2] and code.startswith("caption_label") for image_id, code in found)
    download(tmp_path, nih)
    assert images[0].exists()
    assert captions[1].exists()
    assert stranger.exists()  # cxr removes nothing that is not its own
    stranger.unlink()
    lost.unlink()
    cxr(tmp_path, "validate", "--engine", "serial", "--repair", "--base-dir", "L")
    finish(tmp_path, nih)


def test_a_linked_copy_that_is_edited_in_place_is_found_and_left_alone(tmp_path, nih, library):
    """The image of the library is a hard link: the user's editor changes both."""
    image = min((nih / "images").iterdir())
    assert image.stat().st_nlink == 2
    whole = image.read_bytes()
    edited = bytearray(whole)
    edited[len(edited) // 2] ^= 0xFF
    with image.open("r+b") as file:
        file.write(edited)
    for more in ([], ["--repair"], ["--quarantine"]):
        cxr(tmp_path, "validate", "--engine", "serial", *more, "--base-dir", "L", expect=1)
        assert image.read_bytes() == edited
        if not more:
            assert (image.stem, "hash_differs") in issues(library)
    with image.open("r+b") as file:
        file.write(whole)
    cxr(tmp_path, "validate", "--engine", "serial", "--repair", "--base-dir", "L")
    finish(tmp_path, nih)


def test_what_was_set_aside_stays_aside_until_its_source_is_right(tmp_path, nih):
    image = min((nih / "images").iterdir())
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1 :])
    download(tmp_path, nih)
    validate = ["validate", "--engine", "serial", "--base-dir", "L"]
    cxr(tmp_path, *validate, "--quarantine", expect=1)
    aside = tmp_path / "L" / "quarantine"
    for typed, code in (([*validate, "--repair"], 1), (validate, 0)):
        cxr(tmp_path, *typed, expect=code)
        assert len(list(aside.iterdir())) == 1
        assert len(list((tmp_path / "L" / "Images").iterdir())) == IMAGES - 1
    image.unlink()
    image.write_bytes(whole)
    assert cxr_json(tmp_path, *validate, "--repair")["images"] == IMAGES
    finish(tmp_path, nih)


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, None])
def test_a_damaged_database_is_named_and_the_images_are_taken_up_again(damage, tmp_path, nih, library):
    database = library / "metadata" / "master_index.db"
    if damage is None:
        os.truncate(database, 20_000)
    else:
        database.write_bytes(damage)
    for verb in (["stats"], ["validate"], ["cleanup"]) if damage != b"" else (["stats"],):
        done = cxr(tmp_path, *verb, "--base-dir", "L", expect=6)
        assert "Next: " in done.stderr
        assert "Traceback" not in done.stderr
    inodes = {path.name: path.stat().st_ino for path in (library / "Images").iterdir()}
    database.unlink()
    finish(tmp_path, nih)
    assert inodes == {path.name: path.stat().st_ino for path in (library / "Images").iterdir()}


def test_a_library_of_a_newer_cxr_is_left_as_it_is_by_every_verb(tmp_path, nih, library):
    database = library / "metadata" / "master_index.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES ('9999_future', '9.9', '2099-01-01')")
    before = database.read_bytes()
    download(tmp_path, nih, expect=6)
    for typed in (["validate"], ["stats"], ["cleanup"], ["index", "--source", "nih", "--at", nih]):
        done = cxr(tmp_path, *typed, "--base-dir", "L", expect=6)
        assert "cxr>=9.9" in done.stderr.replace("\n  ", " ")
    assert database.read_bytes() == before


# --- Disks and runs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Images", "captions", "metadata", "temp", "."])
def test_a_folder_that_may_not_be_written_ends_with_5_and_nothing_is_lost(name, tmp_path, nih, library):
    for path in (min((library / "Images").iterdir()), min((library / "captions").iterdir())):
        path.unlink()
    folder = library / name
    folder.chmod(0o555)
    if name == ".":  # nothing new can be made in it
        shutil.rmtree(library / "temp")
    done = download(tmp_path, nih, expect=5, preexec_fn=as_plain_user)
    folder.chmod(0o755)
    assert "Not allowed to write" in done.stderr or "cannot be opened for writing" in done.stderr
    finish(tmp_path, nih)


@pytest.mark.parametrize("verb", ["download", "index"])
def test_a_full_disk_ends_with_5_and_the_same_command_finishes(verb, tmp_path, published):
    """A limit on the size of files stands for the disk: it hits the database, as a full disk does first."""
    flag = "--from" if verb == "download" else "--at"
    typed = [verb, "--source", "nih", flag, published, "--base-dir", "L"]
    for size in (1_000, 30_000, 150_000):
        done = cxr(tmp_path, *typed, expect=5, preexec_fn=with_files_of_at_most(size))
        assert "Next: " in done.stderr
        assert not any(word in done.stderr for word in MADE_UP), done.stderr
    cxr(tmp_path, *typed)
    assert cxr_json(tmp_path, "stats", "--base-dir", "L")["sources"]["nih"]["images"] == IMAGES
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", "L")
    left = [path.name for path in (tmp_path / "L").rglob("*") if path.suffix in (".part", ".tmp")]
    assert left == []
    log = tmp_path / "L" / "metadata" / "download_log.json"
    if verb == "download":
        assert all(json.loads(line) for line in log.read_text().splitlines())


def test_a_stopped_run_leaves_whole_files_only_and_a_second_one_is_kept_out(tmp_path, nih):
    holder = subprocess.Popen(
        [*COMMAND, "download", "--source", "synthetic", "--limit", "500", "--size", "512", "--base-dir", "L"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_until(lambda: (tmp_path / "L" / "Images").is_dir() and len(names(tmp_path / "L/Images")) > 3)
        for typed in (["validate"], ["cleanup"], ["index", "--source", "nih", "--at", nih]):
            second = cxr(tmp_path, *typed, "--base-dir", "L", expect=6)
            assert "in use by `cxr download`" in second.stderr.replace("\n  ", " ")
    finally:
        holder.send_signal(signal.SIGTERM)
        said = holder.communicate(timeout=60)[1]
    assert holder.returncode == 130, said
    assert "Next: " in said
    assert not list((tmp_path / "L").rglob("*.part"))
    held = cxr_json(tmp_path, "stats", "--base-dir", "L")["sources"]["synthetic"]["images"]
    made = names(tmp_path / "L" / "Images")
    assert 0 < held <= len(made)  # what was ready and not yet written down is taken up by the next run
    for name in made:
        assert (tmp_path / "L" / "Images" / name).read_bytes().endswith(b"IEND\xaeB`\x82")
