"""What a person should know of a download beside its numbers."""

import pytest
from support.nih_folder import make_nih_folder
from support.program import cxr, cxr_json

from cxr.cli._later import LATER


@pytest.fixture
def nih(tmp_path):
    """A home with an NIH folder in ``nih``."""
    make_nih_folder(tmp_path / "nih", 12, side=64)
    return tmp_path


DOWNLOAD = ("download", "--source", "nih", "--from", "nih", "--base-dir", "L")


def test_patients_of_whom_there_is_no_image_are_named(nih):
    typed = (*DOWNLOAD, "--patient", "1", "--patient", "999999", "--patient", "a\x1b[31m\nb")
    missing = ["999999", "a\x1b[31m\nb"]
    planned = cxr(nih, *typed, "--dry-run")
    assert "no image of patient 999999, a\\x1b[31m\\nb" in planned.stdout
    assert cxr_json(nih, *typed, "--dry-run")["patients_missing"] == missing
    assert "no image of patient 999999, a\\x1b[31m\\nb" in cxr(nih, *typed).stdout
    assert cxr_json(nih, *typed)["patients_missing"] == missing
    assert cxr_json(nih, *DOWNLOAD, "--patient", "1", "--limit", 1)["patients_missing"] == []


def test_images_that_no_table_names_are_told(nih):
    (nih / "nih" / "images" / "99999999_000.png").write_bytes(b"whatever")
    assert "1 image of the folder in no table" in cxr(nih, *DOWNLOAD).stdout
    assert cxr_json(nih, *DOWNLOAD)["unmatched"] == 1


def test_images_set_aside_are_told_with_what_brings_them_back(nih):
    cxr(nih, *DOWNLOAD)
    image = next((nih / "L" / "Images").iterdir())
    image.unlink()  # of two hard links, the library's
    image.write_bytes(b"spoilt")
    cxr(nih, "validate", "--base-dir", "L", "--quarantine", expect=1)
    done = cxr(nih, *DOWNLOAD)
    assert "1 image of nih" in done.stderr
    assert "cxr validate --repair --source nih" in done.stderr
    assert cxr_json(nih, *DOWNLOAD)["set_aside"] == 1
    cxr(nih, "validate", "--base-dir", "L", "--repair")
    assert "set aside" not in cxr(nih, *DOWNLOAD).stderr
    assert cxr_json(nih, *DOWNLOAD)["set_aside"] == 0


@pytest.mark.parametrize("flag", LATER["download"])
@pytest.mark.parametrize("form", [("{}", "x"), ("{}=x",)])
def test_a_flag_of_a_later_version_is_answered_as_such(flag, form, tmp_path):
    done = cxr(tmp_path, "download", "--source", "synthetic", *(part.format(flag) for part in form), expect=2)
    assert f"`{flag}` is not in this version of cxr" in done.stderr
    assert "Next: " in done.stderr


def test_the_one_layout_may_be_named(tmp_path):
    small = ("--limit", 1, "--size", 64, "--base-dir", "L", "--layout")
    cxr(tmp_path, "download", "--source", "synthetic", *small, "flat")
    told = cxr(tmp_path, "download", "--source", "synthetic", *small, "published", expect=2)
    assert "`--layout published` is not in this version" in told.stderr
