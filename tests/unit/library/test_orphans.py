"""Files that no row speaks of."""

import tracemalloc

import pytest

from cxr.config import load
from cxr.library.open import open_library
from cxr.library.orphans import orphans
from cxr.model import Severity, Status


def found(library, *sources):
    return [(place, issue.code) for place, issue in orphans(library, sources or None)]


def test_what_the_index_knows_is_no_orphan(library, hold, tmp_path):
    hold("a")
    hold("b", "local")
    hold("c", status=Status.ADOPTED, image_path=str(tmp_path / "c.png"))
    assert found(library) == []


def test_files_without_a_row_are_found_by_name(library, hold):
    hold("a")
    for name in ("nih_z.png", "nih_a.png.png", "nih_A.png"):
        (library.layout.images / name).touch()
    (library.layout.captions / "nih_z.txt").touch()
    assert found(library) == [
        ("Images/nih_A.png", "image_without_row"),
        ("Images/nih_a.png.png", "image_without_row"),
        ("Images/nih_z.png", "image_without_row"),
        ("captions/nih_z.txt", "caption_without_row"),
    ]


def test_what_was_set_aside_is_not_expected_among_the_images(library, hold):
    (library.layout.base / "quarantine").mkdir()
    hold("a", status=Status.QUARANTINED, image_path="quarantine/nih_a.png")
    (library.layout.images / "nih_a.png").touch()
    assert found(library) == [("Images/nih_a.png", "image_without_row")]


def test_one_datasets_validation_looks_at_its_own_files(library):
    for name in ("nih_z.png", "local_z.png", "holiday.png"):
        (library.layout.images / name).touch()
    assert found(library, "nih") == [("Images/nih_z.png", "image_without_row")]
    assert found(library, "nih", "local") == [
        ("Images/local_z.png", "image_without_row"),
        ("Images/nih_z.png", "image_without_row"),
    ]
    assert found(library, "synthetic") == []


def test_a_file_that_no_dataset_names_so_is_a_warning(library):
    (library.layout.images / "holiday.png").touch()
    (library.layout.captions / "nih").mkdir()
    assert found(library) == [
        ("Images/holiday.png", "file_without_row"),
        ("captions/nih", "file_without_row"),
    ]
    assert {issue.severity for _, issue in orphans(library)} == {Severity.WARNING}


@pytest.mark.parametrize(
    "name", [".DS_Store", "._nih_a.png", "Thumbs.db", "desktop.ini", "nih_a.png.part", ".nih_a.txt.123.tmp"]
)
def test_what_systems_and_killed_runs_leave_concerns_nobody(library, name):
    (library.layout.images / name).touch()
    (library.layout.captions / name).touch()
    assert found(library) == []


def test_folders_of_other_names_are_compared_too(tmp_path):
    settings = {"paths.base_dir": str(tmp_path / "L"), "paths.images_dir": "pixels/grey"}
    with open_library(load(None, settings), write=True, verb="test") as library:
        (library.layout.images / "nih_z.png").touch()
        assert found(library) == [("pixels/grey/nih_z.png", "image_without_row")]


def test_a_name_takes_little_memory(library, monkeypatch):
    """Half a kilobyte each would be 360 MB for 716,000."""
    number = 20_000

    def names(before):
        return (f"{before}nih_{n:08d}_000_{n:08d}.png" for n in range(number))

    monkeypatch.setattr("cxr.library.orphans._visible", lambda _: names(""))
    monkeypatch.setattr("cxr.library.orphans.image_paths", lambda _: names("Images/"))
    monkeypatch.setattr("cxr.library.orphans.caption_paths", lambda _: names("captions/"))
    tracemalloc.start()
    assert found(library) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / number < 250
