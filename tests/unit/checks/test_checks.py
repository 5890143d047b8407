"""Each check says what it should, and the package finds them all."""

import hashlib
import importlib
import io
import pickle

import numpy as np
import pytest
from PIL import Image

from cxr.captions.check import CODES as CAPTION_CODES
from cxr.checks import (
    card,
    codes,
    issue_without_row,
    run_caption_checks,
    run_image_checks,
    severity,
)
from cxr.checks.case import Case, Expected, Thresholds
from cxr.checks.examine import Job, examine
from cxr.images.formats import Format
from cxr.images.inspection import Fault, Inspection, Limits
from cxr.model import Severity

ERRORS = {
    "decompression_bomb",
    "does_not_decode",
    "empty",
    "hash_differs",
    "missing",
    "not_an_image",
    "not_readable",
    "too_large",
    "truncated",
    "wrong_format",
}
WARNINGS = {"file_size", "low_resolution"}
WITHOUT_ROW = {"image_without_row", "caption_without_row", "file_without_row"}
NOTES = {
    "alpha",
    "cmyk",
    "colour_profile",
    "orientation",
    "rgb_equal_channels",
    "several_images",
    "trailing_data",
}


def _sound(**facts: object) -> Inspection:
    given = {
        "size": 100_000,
        "format": Format.PNG,
        "width": 1024,
        "height": 1024,
        "bit_depth": 8,
        "channels": 1,
    }
    return Inspection(**given | {"colour": "grey"} | facts)


def _codes(inspection: Inspection, expected: Expected | None = None, **more: object) -> list[str]:
    case = Case(inspection, more.pop("sha256", ""), expected or Expected("a.png"), **more)
    return [issue.code for issue in run_image_checks(case)]


def test_the_checks_are_those_that_are_documented():
    assert set(codes()) == ERRORS | WARNINGS | NOTES | set(CAPTION_CODES) | {"caption_missing"} | WITHOUT_ROW
    assert {code for code in codes() if severity(code) is Severity.NOTE} == NOTES
    image_codes = {code for code in codes() if not code.startswith("caption_")} - WITHOUT_ROW
    assert {code for code in image_codes if severity(code) is Severity.WARNING} == WARNINGS


@pytest.mark.parametrize("code", codes())
def test_each_check_has_a_card_and_its_file_name_for_code(code):
    module = importlib.import_module(f"cxr.checks.{code}")
    assert code == module.CODE
    assert all(len(text) > 2 for text in card(code))


@pytest.mark.parametrize("code", sorted(WITHOUT_ROW))
def test_a_file_that_the_index_does_not_know_fails_a_validation_if_it_bears_a_datasets_name(code):
    issue = issue_without_row(code)
    assert (issue.code, issue.severity) == (code, severity(code))
    assert (severity(code) is Severity.ERROR) == (code != "file_without_row")


def test_a_sound_radiograph_has_no_issue():
    assert _codes(_sound()) == []


@pytest.mark.parametrize("code", sorted(ERRORS - {"hash_differs", "wrong_format"}))
def test_a_fault_is_its_one_error_and_hides_what_it_makes_meaningless(code):
    found = _sound(size=10, width=10, has_alpha=True, fault=Fault(code, "something is there"))
    issues = run_image_checks(Case(found, "", Expected("a.png")))
    assert [(issue.code, issue.severity) for issue in issues] == [(code, Severity.ERROR)]
    assert issues[0].message == "Something is there."


def test_the_hash_is_compared_where_both_are_known():
    recorded = Expected("a.png", sha256="0" * 64)
    assert _codes(_sound(), recorded, sha256="1" * 64) == ["hash_differs"]
    assert _codes(_sound(), recorded, sha256="0" * 64) == []
    assert _codes(_sound(), recorded, sha256="") == []
    assert _codes(_sound(), Expected("a.png"), sha256="1" * 64) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jpg", ["wrong_format"]), ("a.PNG", []), ("a", []), ("a.img", []), ("a.tiff", ["wrong_format"])],
)
def test_the_name_is_held_to_its_promise(name, expected):
    assert _codes(_sound(), Expected(name)) == expected


@pytest.mark.parametrize(
    ("own", "side", "expected"),
    [
        (None, 511, ["low_resolution"]),
        (None, 512, []),
        (320, 320, []),
        (320, 319, ["low_resolution"]),
        (0, 1, []),
    ],
)
def test_the_minimum_is_the_releases_own_or_the_threshold(own, side, expected):
    assert _codes(_sound(height=side), Expected("a.png", minimum_resolution=own)) == expected
    assert _codes(_sound(width=side), Expected("a.png", minimum_resolution=own)) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(49_999, ["file_size"]), (50_000, []), (5_000_000, []), (5_000_001, ["file_size"])],
)
def test_unusual_sizes_are_warned_of(size, expected):
    assert _codes(_sound(size=size)) == expected
    assert _codes(_sound(size=size), thresholds=Thresholds(minimum_bytes=0, maximum_bytes=10**9)) == []


@pytest.mark.parametrize(
    ("facts", "code", "words"),
    [
        ({"has_alpha": True, "alpha_opaque": True, "channels": 4}, "alpha", "opaque everywhere"),
        ({"channels_equal": True, "channels": 3, "colour": "rgb"}, "rgb_equal_channels", "3 channels"),
        ({"colour_profile": ("gAMA", "iCCP")}, "colour_profile", "gAMA, iCCP"),
        ({"orientation": 6}, "orientation", "6"),
        ({"several_images": True}, "several_images", "first"),
        ({"trailing_bytes": 1234}, "trailing_data", "1,234"),
        ({"colour": "cmyk", "channels": 4}, "cmyk", "CMYK"),
    ],
)
def test_what_is_odd_and_harmless_is_a_note(facts, code, words):
    issues = run_image_checks(Case(_sound(**facts), "", Expected("a.png")))
    assert [(issue.code, issue.severity) for issue in issues] == [(code, Severity.NOTE)]
    assert words in issues[0].message


def test_errors_come_first():
    found = _sound(height=10, has_alpha=True)
    assert _codes(found, Expected("a.jpg")) == ["wrong_format", "low_resolution", "alpha"]


def test_caption_problems_become_issues():
    issues = run_caption_checks({"caption_sections": "No section.", "caption_line_endings": "A CR."})
    assert [(issue.code, issue.severity) for issue in issues] == [
        ("caption_sections", Severity.ERROR),
        ("caption_line_endings", Severity.WARNING),
    ]
    assert issues[0].message == "No section."


def _png() -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (600, 600), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_examining_reads_hashes_and_checks(tmp_path):
    data = _png()
    path = tmp_path / "a.png"
    path.write_bytes(data)
    found = examine(Job(7, str(path), Expected("a.png", sha256=hashlib.sha256(data).hexdigest())))
    assert (found.key, found.sha256, found.issues) == (7, hashlib.sha256(data).hexdigest(), ())
    assert (found.inspection.width, found.inspection.size) == (600, len(data))
    path.write_bytes(data[:-1])
    damaged = examine(Job(7, str(path), Expected("a.png", sha256=found.sha256)))
    assert [issue.code for issue in damaged.issues] == ["hash_differs", "truncated"]


def test_what_cannot_be_read_is_an_issue(tmp_path):
    (tmp_path / "folder.png").mkdir()
    assert [i.code for i in examine(Job(1, str(tmp_path / "gone.png"), Expected("gone.png"))).issues] == [
        "missing"
    ]
    for name in ("folder.png", "nul\0.png", "x" * 300 + ".png"):
        found = examine(Job(1, str(tmp_path / name), Expected(name)))
        assert [issue.code for issue in found.issues] == ["not_readable"]
        assert (found.sha256, found.inspection.size) == ("", 0)


def test_a_file_beyond_the_bound_is_hashed_and_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(_png())
    found = examine(Job(1, str(path), Expected("a.png"), limits=Limits(file_bytes=1000)))
    assert [issue.code for issue in found.issues] == ["too_large"]
    assert (found.sha256, found.inspection.size) == (hashlib.sha256(_png()).hexdigest(), len(_png()))


def test_jobs_and_examinations_cross_process_borders(tmp_path):
    job = Job(1, str(tmp_path / "gone.png"), Expected("gone.png"))
    assert pickle.loads(pickle.dumps(job)) == job
    assert pickle.loads(pickle.dumps(examine(job))) == examine(job)
