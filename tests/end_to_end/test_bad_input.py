"""Bad images and tables: a clear error or a row with its reason, and the same command finishes later."""

import json
import shutil

import pytest
from support.bad_input import (
    IMAGES,
    TABLE,
    as_plain_user,
    download,
    failed_list,
    finish,
    issues,
)
from support.program import cxr, cxr_json

# --- Images ---------------------------------------------------------------------------------------------


def spoil(images):
    """Make six images bad, each in its way; return the code that is expected of each."""
    cut, empty, page, text, gone, folder = images[:6]
    cut.write_bytes(cut.read_bytes()[:-20])
    empty.write_bytes(b"")
    page.write_text("<!DOCTYPE html><title>Sign in</title>")
    text.write_text("not an image")
    gone.unlink()
    gone.symlink_to("nowhere.png")
    folder.unlink()
    folder.mkdir()
    return {cut.stem: "truncated", empty.stem: "empty", page.stem: "not_an_image", text.stem: "not_an_image"}


def test_bad_images_are_rows_with_reasons_in_every_list_and_the_same_command_finishes(
    tmp_path, nih, published
):
    codes = spoil(sorted((nih / "images").iterdir()))
    done = download(tmp_path, nih, expect=1)
    assert "failed_images.txt" in done.stderr
    library = tmp_path / "L"
    listed = failed_list(library)
    assert {image_id: row["code"] for image_id, row in listed.items()} == codes
    assert all(row["reason"] and row["url"].startswith("file:///") for row in listed.values())
    told = (library / "logs" / "cxr_downloader_errors.log").read_text()
    assert all(f"image_id={image_id}  code={code}" in told for image_id, code in codes.items())
    stats = cxr_json(tmp_path, "stats", "--base-dir", "L")["sources"]["nih"]
    counts = {"truncated": 1, "empty": 1, "not_an_image": 2}
    assert counts.items() <= stats["errors"].items()
    assert (stats["downloaded"], stats["failed"]) == (IMAGES - 6, 4)
    shutil.rmtree(nih)
    shutil.copytree(published, nih)
    finish(tmp_path, nih)
    assert failed_list(library) == {}


def test_an_image_that_is_still_being_copied_fails_now_and_comes_later(tmp_path, nih):
    growing = min((nih / "images").iterdir())
    whole = growing.read_bytes()
    growing.write_bytes(whole[: len(whole) // 2])
    download(tmp_path, nih, expect=1)
    assert "still being copied" in failed_list(tmp_path / "L")[growing.stem]["reason"]
    growing.write_bytes(whole)
    finish(tmp_path, nih)


def test_another_format_and_damaged_pixels_are_found_by_validate(tmp_path, nih):
    other, damaged = sorted((nih / "images").iterdir())[:2]
    other.write_bytes(b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    download(tmp_path, nih)
    cxr(tmp_path, "validate", "--engine", "serial", "--base-dir", "L", expect=1)
    found = issues(tmp_path / "L")
    assert (damaged.stem, "does_not_decode") in found
    assert any(image_id == other.stem for image_id, _ in found)


def test_an_image_that_is_yours_passes_once_you_have_put_it_right(tmp_path, nih):
    """What was measured of the damaged bytes is not held against the right ones, of the same size."""
    image = min((nih / "images").iterdir())
    whole = image.read_bytes()
    damaged = whole[: len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1 :]
    image.write_bytes(damaged)
    cxr(tmp_path, "index", "--source", "nih", "--at", nih, "--base-dir", "L")
    validate = ["validate", "--engine", "serial", "--base-dir", "L"]
    cxr(tmp_path, *validate, expect=1)
    cxr(tmp_path, *validate, expect=1)
    image.write_bytes(whole)
    cxr(tmp_path, *validate)
    image.write_bytes(damaged)
    cxr(tmp_path, *validate, expect=1)
    assert (image.stem, "hash_differs") in issues(tmp_path / "L")


def test_what_may_not_be_read_is_a_row_and_comes_once_it_may(tmp_path, nih):
    image = min((nih / "images").iterdir())
    image.chmod(0)
    download(tmp_path, nih, expect=1, preexec_fn=as_plain_user)
    assert failed_list(tmp_path / "L")[image.stem]["code"] == "not_readable"
    image.chmod(0o644)
    finish(tmp_path, nih)


def test_folders_that_may_not_be_read_are_named(tmp_path, nih):
    for place in (nih / "images", nih / TABLE, nih):
        mode = place.stat().st_mode
        place.chmod(0)
        code = 3 if place == nih else 2
        done = download(tmp_path, nih, expect=code, preexec_fn=as_plain_user)
        place.chmod(mode)
        assert place.name in done.stderr.replace("\n", "")
    finish(tmp_path, nih)


def test_no_image_at_all_is_an_error_for_download_and_index(tmp_path, nih):
    shutil.rmtree(nih / "images")
    done = download(tmp_path, nih, expect=2)
    assert f"The tables name {IMAGES}; none of them lies there" in done.stderr
    cxr(tmp_path, "index", "--source", "nih", "--at", nih, "--base-dir", "L", expect=2)
    (tmp_path / "empty").mkdir()
    done = cxr(tmp_path, "index", "--source", "local", "--at", "empty", "--base-dir", "L", expect=2)
    assert "no file in empty" in done.stderr
    assert not (tmp_path / "L").exists()


# --- Tables ---------------------------------------------------------------------------------------------


def replaced(line, old, new):
    return lambda lines: [one.replace(old, new, 1) if n == line else one for n, one in enumerate(lines)]


STOPPING = {
    "missing column": (replaced(0, b"Finding Labels", b"Befunde"), "no column 'Finding Labels'"),
    "thousand columns": (
        lambda lines: [lines[0] + b"".join(b",c%d" % n for n in range(1000)), *lines[1:]],
        "1,011 columns",
    ),
    "empty": (lambda _: [], "is empty"),
    "header only": (lambda lines: lines[:1], "names no image"),
    "sign-in page": (lambda _: [b"<!DOCTYPE html><html>"], "HTML page"),
    "image": (lambda _: [b"\x89PNG\r\n\x1a\n"], "PNG image"),
    "cut gzip": (lambda _: [b"\x1f\x8b\x08\x00\x00\x00\x00\x00"], "gzip"),
    "endless line": (lambda lines: [*lines, b"x" * (2 << 20)], "line 14"),
}
SPOILING = {
    "repeated image": (lambda lines: [*lines, lines[1]], "listed again", 0),
    "unknown label": (
        lambda lines: [lines[0], lines[1].replace(lines[1].split(b",")[1], b"Cavitation"), *lines[2:]],
        "Cavitation",
        0,
    ),
    "wrong encoding": (replaced(2, b",", b"\xe9,"), "not UTF-8", 1),
    "quote never closed": (replaced(3, b",", b',"'), "quote", 1),
    "cut in the last line": (lambda lines: [*lines[:-1], lines[-1][:30]], "cells", 1),
    "path out of the folder": (replaced(1, b"0", b"../../0"), "../../0", 1),
    "NUL in a name": (replaced(1, b".png", b".png\0"), "NUL", 1),
    "long name": (replaced(1, b"0", b"a" * 300), "aaa", 1),
    "emoji in a name": (replaced(1, b"0", "\N{LUNGS}".encode()), "is not the name", 1),
}


def rewrite(table, change):
    table.write_bytes(b"\n".join(change(table.read_bytes().splitlines())))


@pytest.mark.parametrize("how", STOPPING)
def test_a_table_that_is_none_stops_before_the_library_is_made(how, tmp_path, nih, published):
    change, said = STOPPING[how]
    rewrite(nih / TABLE, change)
    for typed in (["datasets", "show", "nih", "--tables", nih], ["index", "--source", "nih", "--at", nih]):
        done = cxr(tmp_path, *typed, "--base-dir", "L", expect=2)
        assert said in done.stderr.replace("\n  ", " ")
        assert TABLE in done.stderr.replace("\n  ", "")
        assert "Next: " in done.stderr
    assert not (tmp_path / "L").exists()


@pytest.mark.parametrize("how", SPOILING)
def test_a_bad_row_is_told_and_the_others_are_read(how, tmp_path, nih, published):
    change, said, dropped = SPOILING[how]
    rewrite(nih / TABLE, change)
    shown = cxr(tmp_path, "datasets", "show", "nih", "--tables", nih, "--json")
    assert json.loads(shown.stdout)["images"] == IMAGES - dropped
    assert said in shown.stderr
    summary = cxr_json(tmp_path, "index", "--source", "nih", "--at", nih, "--base-dir", "L")
    assert (summary["adopted"], summary["table_problems"]) == (IMAGES - dropped, 1)
    assert "table" in (tmp_path / "L" / "logs" / "cxr_downloader.log").read_text()
    shutil.copy(published / TABLE, nih / TABLE)
    cxr(tmp_path, "index", "--source", "nih", "--at", nih, "--base-dir", "L")
    assert cxr_json(tmp_path, "stats", "--base-dir", "L")["sources"]["nih"]["images"] == IMAGES
