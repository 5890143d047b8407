"""`cxr mirror` by the whole program: the published tree at another place, whatever happens on the way."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import PurePosixPath

import pytest
from support.lab_library import IMPATIENT
from support.labs import lab
from support.nih_folder import make_nih_folder
from support.program import COMMAND, cxr, cxr_json, environment
from support.terminal import on_a_terminal

from cxr.lab.service import Pace

IMAGES = 24


@pytest.fixture(scope="module")
def started():
    with lab(images=IMAGES, size=96, folders=3) as one:
        yield one


@pytest.fixture
def running(started):
    """The lab as it is without failures, with nothing in its accounts."""
    started.failures.clear()
    started.reset_accounts()
    return started


@pytest.fixture
def home(tmp_path):
    """A home with a copy of NIH's folder."""
    make_nih_folder(tmp_path / "nih", 12, side=64)
    return tmp_path


def files(folder):
    """Return the SHA-256 of each file by its path below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def images(folder):
    return {path: digest for path, digest in files(folder).items() if path.endswith(".png")}


def from_folder(home, *more, expect=0):
    arguments = ("mirror", "--source", "nih", "--from", "nih", "--to", "there", "--state", "state")
    return cxr_json(home, *arguments, *more, expect=expect)


def from_lab(home, lab, host, *more, expect=0):
    arguments = ("mirror", "--source", "nih", "--host", host, "--to", "there", "--state", "state")
    tables = ("--tables", lab.tables) if host == "box" else ()
    variables = {**lab.environment, **IMPATIENT}
    return cxr_json(home, *arguments, *tables, *more, expect=expect, variables=variables)


def ledger(home):
    (path,) = (home / "state").glob("*/mirror.db")
    return path


# --- What comes -------------------------------------------------------------------------------------------


def test_a_folder_is_mirrored_as_it_is(home):
    summary = from_folder(home)
    assert files(home / "there") == files(home / "nih")
    assert summary["copied"] == summary["images_there"] == 12
    assert summary["metadata"] == 3


def test_the_tree_of_kaggle_is_mirrored_with_its_tables(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    assert images(tmp_path / "there") == running.images
    others = files(tmp_path / "there").keys() - running.images.keys()
    assert {"Data_Entry_2017.csv", "BBox_List_2017.csv", "train_val_list.txt", "test_list.txt"} <= others


def test_images_of_box_come_from_its_archives_and_the_tables_from_elsewhere(tmp_path, running):
    from_lab(tmp_path, running, "box")
    by_name = {PurePosixPath(path).name: digest for path, digest in running.images.items()}
    came = images(tmp_path / "there")
    assert {PurePosixPath(path).name: digest for path, digest in came.items()} == by_name
    assert "Data_Entry_2017_v2020.csv" in files(tmp_path / "there")


def test_metadata_only_brings_no_image(tmp_path, running):
    summary = from_lab(tmp_path, running, "kaggle", "--metadata-only")
    assert not images(tmp_path / "there")
    assert summary["metadata"] >= 4
    assert summary["selected"] == 0


def test_the_same_seed_chooses_the_same_images_as_a_download(home):
    chosen = ("--sample", "random", "--seed", 7, "--limit", 5)
    from_folder(home, *chosen)
    cxr(home, "download", "--source", "nih", "--from", "nih", "--base-dir", "L", *chosen)
    downloaded = {path.name.removeprefix("nih_")[:12] for path in (home / "L" / "Images").iterdir()}
    assert {PurePosixPath(path).stem for path in images(home / "there")} == downloaded
    assert len(downloaded) == 5


def test_a_dry_run_makes_nothing(home):
    plan = from_folder(home, "--dry-run")
    assert plan["images"] == 12
    assert plan["to"] == str(home / "there")
    assert not (home / "there").exists()
    assert not (home / "state").exists()


def test_the_plan_for_a_bucket_says_what_goes_there_and_nothing_of_a_disk(home):
    words = ("mirror", "--source", "nih", "--from", "nih", "--to", "s3://bucket/nih", "--dry-run")
    plan = cxr_json(home, *words)
    assert (plan["to"], plan["free"]) == ("s3://bucket/nih", None)
    assert plan["bytes"] == plan["size"] > 0
    said = cxr(home, *words).stdout
    assert "to s3://bucket/nih" in said
    assert "disk" not in said


@pytest.mark.parametrize("to", ["ftp://bucket/nih", "s3://", "s3://a/../b", ""])
def test_what_names_no_place_is_refused(home, to):
    done = cxr(home, "mirror", "--source", "nih", "--from", "nih", "--to", to, expect=2)
    assert "Next:" in done.stderr
    assert not (home / ".local").exists()


def test_on_a_terminal_the_plan_is_shown_and_a_number_can_be_chosen(home):
    words = ("mirror", "--source", "nih", "--from", "nih", "--to", "there")
    code, out, seen = on_a_terminal(home, *words, answers=["4"])
    assert code == 0, seen
    assert "12 (all images)" in seen
    assert "4 copied" in out
    assert len(images(home / "there")) == 4


def test_on_a_terminal_one_can_leave(home):
    words = ("mirror", "--source", "nih", "--from", "nih", "--to", "there")
    code, _, seen = on_a_terminal(home, *words, answers=["q"])
    assert code == 2, seen
    assert "Nothing was mirrored" in seen
    assert not (home / "there").exists()


# --- Going on ---------------------------------------------------------------------------------------------


def test_a_second_run_fetches_no_image(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    sent = running.bytes_sent("kaggle")
    second = from_lab(tmp_path, running, "kaggle")
    assert second["already"] == IMAGES
    assert running.bytes_sent("kaggle") - sent < min(running.sizes.values()) * IMAGES / 2


def test_what_is_deleted_at_the_destination_comes_again_and_nothing_else(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    gone = sorted(running.images)[3:5]
    for path in gone:
        (tmp_path / "there" / path).unlink()
    again = from_lab(tmp_path, running, "kaggle")
    assert (again["copied"], again["already"]) == (2, IMAGES - 2)
    assert images(tmp_path / "there") == running.images


def test_the_plan_counts_what_the_destination_has_and_not_what_the_ledger_remembers(home):
    from_folder(home)
    assert from_folder(home, "--dry-run")["already"] == 12
    min((home / "there" / "images").iterdir()).unlink()
    assert from_folder(home, "--dry-run")["already"] == 11
    shutil.rmtree(home / "there")
    plan = from_folder(home, "--dry-run")
    assert plan["already"] == 0
    assert not (home / "there").exists()


def test_the_plan_counts_images_by_the_names_that_they_are_to_have(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    assert from_lab(tmp_path, running, "kaggle", "--dry-run")["already"] == IMAGES
    assert from_lab(tmp_path, running, "box", "--dry-run")["already"] == 0  # they lie in other folders there
    from_lab(tmp_path, running, "box", "--limit", 5)
    assert from_lab(tmp_path, running, "box", "--dry-run")["already"] == 5


LISTINGS_TOLD = """
import sys
from cxr.__main__ import main
from cxr.library.mirror_place import Destination

stored = Destination.stored

def told(*arguments):
    print("LISTED", file=sys.stderr)
    return stored(*arguments)

Destination.stored = told
main()
"""


def test_a_destination_is_listed_once_for_the_plan_and_the_run(home):
    from_folder(home)
    words = ("mirror", "--source", "nih", "--from", "nih", "--to", "there", "--state", "state")
    command = [sys.executable, "-c", LISTINGS_TOLD, *words]
    run = subprocess.run(command, cwd=home, env=environment(home), capture_output=True, text=True, check=True)
    assert run.stderr.count("LISTED") == 1


def test_without_its_ledger_a_run_takes_up_what_lies_there(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    shutil.rmtree(tmp_path / "state")
    one = min(running.images)
    spoilt = tmp_path / "there" / one
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"!")
    again = from_lab(tmp_path, running, "kaggle")
    assert (again["found"], again["copied"]) == (IMAGES - 1, 1)
    assert images(tmp_path / "there") == running.images


def test_verify_finds_what_changed_in_place_and_repairs_it(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    flipped = tmp_path / "there" / sorted(running.images)[5]
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    table = tmp_path / "there" / "Data_Entry_2017.csv"
    published = table.read_bytes()
    table.write_bytes(published.replace(b",", b";", 1))
    assert from_lab(tmp_path, running, "kaggle")["repaired"] == 0  # same size, in the ledger: not read
    summary = from_lab(tmp_path, running, "kaggle", "--verify")
    assert summary["repaired"] == 2
    assert summary["found"] == IMAGES - 1
    assert images(tmp_path / "there") == running.images
    assert table.read_bytes() == published


def test_where_the_host_has_no_checksum_verify_compares_with_what_came(tmp_path, running):
    from_lab(tmp_path, running, "box")
    flipped = next((tmp_path / "there").rglob("*.png"))
    came = flipped.read_bytes()
    data = bytearray(came)
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    assert from_lab(tmp_path, running, "box", "--verify")["repaired"] == 1
    assert flipped.read_bytes() == came


# --- What goes wrong --------------------------------------------------------------------------------------


def test_what_fails_is_listed_in_the_state_and_beside_the_tree_until_it_comes(home):
    broken = min((home / "nih" / "images").iterdir())
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-30])
    assert from_folder(home, expect=1)["failed"] == 1
    beside = home / "there" / "failed_images_nih.txt"
    kept = ledger(home).with_name("failed_images.txt")
    assert beside.read_text() == kept.read_text()
    assert broken.stem in beside.read_text()
    broken.write_bytes(whole)
    assert from_folder(home)["copied"] == 1
    assert broken.stem not in beside.read_text()
    assert f"images/{broken.name}" in images(home / "there")


def test_each_dataset_has_a_list_of_its_own_at_one_destination(home):
    (home / "there").mkdir()
    (home / "there" / "failed_images.txt").write_text("somebody else's\n")
    (home / "there" / "failed_images_other.txt").write_text("another dataset's\n")
    broken = min((home / "nih" / "images").iterdir())
    broken.write_bytes(broken.read_bytes()[:-30])
    from_folder(home, expect=1)
    assert broken.stem in (home / "there" / "failed_images_nih.txt").read_text()
    assert (home / "there" / "failed_images.txt").read_text() == "somebody else's\n"
    assert (home / "there" / "failed_images_other.txt").read_text() == "another dataset's\n"


def test_a_mirror_of_a_mirror_leaves_its_list_of_failures_out(home):
    (home / "nih" / "failed_images_nih.txt").write_text("of an earlier place\n")
    from_folder(home)
    assert not (home / "there" / "failed_images_nih.txt").exists()


@pytest.mark.parametrize("failure", ["early-close", "reset", "server-error"])
def test_a_host_in_trouble_costs_time_and_no_file(tmp_path, running, failure):
    running.failures[failure] = 0.2
    from_lab(tmp_path, running, "kaggle")
    assert images(tmp_path / "there") == running.images


def test_the_ledger_says_what_lies_there(home):
    from_folder(home)
    with closing(sqlite3.connect(ledger(home))) as database:
        rows = dict(database.execute("SELECT name, sha256 FROM ledger WHERE outcome = 'downloaded'"))
    assert rows == files(home / "there")


def test_a_name_that_the_ledger_has_for_another_path_is_not_taken_for_there(tmp_path, running):
    from_lab(tmp_path, running, "kaggle")
    second = from_lab(tmp_path, running, "box")  # which has the images in other folders
    assert second["copied"] == IMAGES
    assert len(images(tmp_path / "there")) == 2 * IMAGES


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path):
    words = ("mirror", "--source", "nih", "--host", "kaggle", "--to", "there", "--state", "state")
    with lab(images=IMAGES, size=96, folders=3, pace=Pace(bytes_per_second=40_000)) as slow:
        run = subprocess.Popen(
            [*COMMAND, *words, "--workers", "1"],
            cwd=tmp_path,
            env=environment(tmp_path) | {**slow.environment, **IMPATIENT},
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 60
        while run.poll() is None and not images(tmp_path / "there") and time.monotonic() < until:
            time.sleep(0.02)
        run.terminate()
        said = run.communicate(timeout=60)[1]
        assert run.returncode == 130, said
        assert "of 24 images were done" in said
    there = len(images(tmp_path / "there"))
    with lab(images=IMAGES, size=96, folders=3) as quick:
        summary = from_lab(tmp_path, quick, "kaggle")
        assert summary["copied"] == IMAGES - there
        assert images(tmp_path / "there") == quick.images


def test_two_places_have_two_ledgers(home):
    from_folder(home)
    from_folder(home, "--to", "elsewhere")
    assert files(home / "elsewhere") == files(home / "nih")
    assert len(list((home / "state").iterdir())) == 2


def test_the_command_that_counts_prints_the_number_that_is_told(home):
    done = cxr(home, "mirror", "--source", "nih", "--from", "nih", "--to", "there")
    (line,) = [line for line in done.stdout.splitlines() if line.strip().startswith("count:")]
    counted = subprocess.run(line.split(":", 1)[1], shell=True, capture_output=True, text=True, check=True)
    assert counted.stdout.strip() == "12"
    (check,) = [line for line in done.stdout.splitlines() if line.strip().startswith("check:")]
    assert "--verify" in check
