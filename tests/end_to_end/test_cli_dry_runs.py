"""``--dry-run``: it says what the verb would do, and nothing on the disk is another than before."""

import os
import shutil

import pytest
from support.nih_folder import make_nih_folder
from support.program import cxr, cxr_json

IMAGES = 12


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A home with an NIH folder of which two images are absent, and a library of the rest."""
    home = tmp_path_factory.mktemp("home")
    make_nih_folder(home / "nih", IMAGES, side=64)
    for image in sorted((home / "nih" / "images").iterdir())[:2]:
        image.unlink()
    shutil.copy(next((home / "nih" / "images").iterdir()), home / "nih" / "images" / "99999999_000.png")
    cxr(home, "download", "--source", "nih", "--from", "nih", "--limit", 4, "--base-dir", "library", "-q")
    return home


def state(folder):
    """Return what lies below a folder with each file's size and time, but for what SQLite's readers leave."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.suffix not in {".db-shm", ".db-wal"}:
            found[str(path)] = (status.st_mtime_ns, status.st_size) if path.is_file() else None
    return found


def test_index_tells_what_is_published_present_selected_and_there_and_makes_nothing(world):
    before = state(world)
    plan = cxr_json(world, "index", "--source", "nih", "--at", "nih", "--base-dir", "new", "--dry-run")
    assert {name: plan[name] for name in ("published", "present", "selected", "already", "unmatched")} == {
        "published": IMAGES,
        "present": IMAGES - 2,
        "selected": IMAGES - 2,
        "already": 0,
        "unmatched": 1,
    }
    again = cxr_json(world, "index", "--source", "nih", "--at", "nih", "--base-dir", "library", "--dry-run")
    assert again["already"] == 4
    assert state(world) == before


def test_index_then_does_what_its_dry_run_said(world):
    typed = ("index", "--source", "nih", "--at", "nih", "--base-dir", "adopted")
    plan, done = cxr_json(world, *typed, "--dry-run"), cxr_json(world, *typed)
    assert done["adopted"] == plan["selected"] - plan["already"]
    assert cxr_json(world, *typed, "--dry-run")["already"] == done["adopted"]


def test_cleanup_lists_what_would_go_and_leaves_it(world, tmp_path):
    shutil.copytree(world / "library", tmp_path / "library")
    old, young = (tmp_path / "library" / "temp" / name for name in ("old.part", "young.part"))
    old.write_bytes(b"123")
    young.write_bytes(b"1")
    os.utime(old, (0, 0))
    before = state(tmp_path)
    told = cxr(tmp_path, "cleanup", "--base-dir", "library", "--dry-run").stdout
    assert "temp/old.part" in told
    assert "young.part" not in told
    planned = cxr_json(tmp_path, "cleanup", "--base-dir", "library", "--dry-run")
    assert state(tmp_path) == before
    assert planned == cxr_json(tmp_path, "cleanup", "--base-dir", "library")
    assert planned == {"files": 1, "bytes": 3, "kept": 1, "names": ["temp/old.part"]}
    assert young.exists()
    assert not old.exists()


def test_remove_tells_what_would_go_and_leaves_it(world, tmp_path):
    shutil.copytree(world / "library", tmp_path / "library")
    before = state(tmp_path)
    typed = ("remove", "--source", "nih", "--base-dir", "library")
    planned = cxr_json(tmp_path, *typed, "--dry-run", "--yes")
    assert state(tmp_path) == before
    assert (planned["rows"], planned["images"], planned["captions"]) == (4, 4, 4)
    assert cxr_json(tmp_path, *typed, "--yes") | {"certificate": ""} == planned


def test_validate_tells_what_it_would_examine_and_examines_nothing(world, tmp_path):
    shutil.copytree(world / "library", tmp_path / "library")
    before = state(tmp_path)
    typed = ("validate", "--base-dir", "library")
    assert cxr_json(tmp_path, *typed, "--dry-run") == {"sources": {"nih": {"images": 4, "set_aside": 0}}}
    assert state(tmp_path) == before
    image = next((tmp_path / "library" / "Images").iterdir())
    image.unlink()  # of two hard links, the library's
    image.write_bytes(b"spoilt")
    cxr(tmp_path, *typed, "--quarantine", expect=1)
    assert cxr_json(tmp_path, *typed, "--dry-run") == {"sources": {"nih": {"images": 3, "set_aside": 1}}}


@pytest.mark.parametrize(
    "typed",
    [
        ["cleanup"],
        ["remove", "--source", "nih"],
        ["validate"],
        ["download", "--source", "nih", "--from", "nih"],
    ],
    ids=lambda typed: typed[0],
)
def test_it_needs_no_lock(typed, world):
    """Another run may be at work meanwhile."""
    import fcntl

    with (world / "library" / "metadata" / "library.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cxr(world, *typed, "--base-dir", "library", "--dry-run")
