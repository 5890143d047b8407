"""Every file of the broken set gets the verdict that was written from its bytes before any check existed."""

import csv
from pathlib import Path

import pytest

from cxr.checks.case import Expected
from cxr.checks.examine import Examination, Job, examine
from cxr.images.formats import Format, by_name
from cxr.model import Severity

VERDICTS = Path(__file__).resolve().parents[2] / "broken_verdicts.csv"

with VERDICTS.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
READ = [row for row in ROWS if row["verdict"] != "skipped"]
SKIPPED = [row for row in ROWS if row["verdict"] == "skipped"]


def _examined(test_data: Path, row: dict[str, str]) -> Examination:
    path = test_data / "broken" / row["file"]
    return examine(Job(row["file"], str(path), Expected(path.name)))


def _codes(examination: Examination, severity: Severity) -> list[str]:
    return sorted(issue.code for issue in examination.issues if issue.severity is severity)


def test_there_is_one_row_for_every_file(test_data):
    folder = test_data / "broken"
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert sorted(row["file"] for row in ROWS) == sorted(files)


@pytest.mark.parametrize("row", READ, ids=lambda row: row["file"])
def test_the_verdict_is_the_written_one(test_data, row):
    examination = _examined(test_data, row)
    assert (" ".join(_codes(examination, Severity.ERROR)) or "ok") == row["verdict"]
    assert _codes(examination, Severity.NOTE) == sorted(row["notes"].split())


@pytest.mark.parametrize("row", READ, ids=lambda row: row["file"])
def test_the_format_is_the_written_one(test_data, row):
    kinds = {Format.JPEG: "jpeg", Format.PNG: "png", Format.TIFF: "tiff", Format.WEBP: "webp"}
    assert kinds[_examined(test_data, row).inspection.format] == row["kind"]


@pytest.mark.parametrize("row", SKIPPED, ids=lambda row: row["file"])
def test_what_is_skipped_is_never_called_sound(test_data, row):
    """Should a skipped file be examined all the same, it is refused and not read."""
    assert _codes(_examined(test_data, row), Severity.ERROR)
    format_ = by_name(row["file"])
    assert format_ is None or not format_.is_read
