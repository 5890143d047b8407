"""MIMIC's official split, and the lists of images and studies in MIMIC-CXR."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cxr import tables
from cxr.datasets import Problems
from cxr.model import TableProblem
from cxr.tables import Column, quote

PARTS: Final = frozenset({"train", "validate", "test"})
"""The words of the official split."""
_IDS: Final = (Column("subject_id"), Column("study_id"))


class Listed(NamedTuple):
    """What the split table says of an image.

    Attributes:
        subject: Whose image it is.
        study: Of which study.
        part: Of the split, as published.
    """

    subject: str
    study: str
    part: str


class _Where(NamedTuple):
    table: str
    line: int
    image_id: str = ""


def read_split(path: Path, problems: Problems) -> dict[str, Listed]:
    """Return what the split says, by image id; it is told where a patient is in several parts.

    Raises:
        TableError: the table as a whole cannot be read.
    """
    table = tables.shown(Path(path.name))
    split: dict[str, Listed] = {}
    of_patient: dict[str, str] = {}
    leaking: dict[str, None] = {}
    last = Listed("", "", "")
    for line, row in tables.read(path, (Column("dicom_id"), *_IDS, Column("split")), problems):
        image_id, now = row[0], Listed(*row[1:])
        last = last if now == last else now  # the images of a study share it
        if last.part not in PARTS:
            message = f"{quote(last.part)} is no part of the official split"
            problems(TableProblem(table, line, "unknown_split", message, dropped=False))
        elif split.setdefault(image_id, last) != last:
            message = f"{quote(image_id)} is listed again, and otherwise; its first row counts"
            problems(TableProblem(table, line, "repeated_image", message, dropped=False))
        elif of_patient.setdefault(last.subject, last.part) != last.part:
            leaking[last.subject] = None
    for subject in leaking:
        message = f"Patient {quote(subject)} is in more than one part of the official split"
        problems(TableProblem(table, 0, "split_leaks", message, dropped=False))
    return split


def check_images(path: Path, study_of: Mapping[str, str], problems: Problems) -> None:
    """Tell of images that the record list gives another study than the metadata, or another path than ids.

    Args:
        path: ``cxr-record-list.csv``.
        study_of: Study id by image id, from the metadata.
        problems: Told.

    Raises:
        TableError: the table as a whole cannot be read.
    """
    columns = (*_IDS, Column("dicom_id"), Column("path"))
    table = tables.shown(Path(path.name))
    for line, (subject, study, image_id, path_given) in tables.read(path, columns, problems):
        expected = f"files/p{subject[:2]}/p{subject}/s{study}/{image_id}.dcm"
        _check(
            _Where(table, line, image_id),
            (path_given, expected),
            (study, study_of.get(image_id, study)),
            problems,
        )


def check_studies(path: Path, subject_of: Mapping[str, str], problems: Problems) -> None:
    """Tell of studies that the study list gives another subject than the metadata, or another path than ids.

    Args:
        path: ``cxr-study-list.csv``.
        subject_of: Subject id by study id, from the metadata.
        problems: Told.

    Raises:
        TableError: the table as a whole cannot be read.
    """
    table = tables.shown(Path(path.name))
    for line, (subject, study, path_given) in tables.read(path, (*_IDS, Column("path")), problems):
        expected = f"files/p{subject[:2]}/p{subject}/s{study}.txt"
        _check(
            _Where(table, line), (path_given, expected), (subject, subject_of.get(study, subject)), problems
        )


def _check(where: _Where, paths: tuple[str, str], owners: tuple[str, str], problems: Problems) -> None:
    if paths[0] != paths[1]:
        message = f"The path {quote(paths[0], 120)} does not fit the row's ids"
    elif owners[0] != owners[1]:
        message = f"The row says {quote(owners[0])}, and the metadata {quote(owners[1])}"
    else:
        return
    table, line, image_id = where
    problems(TableProblem(table, line, "list_contradicts", message, image_id, dropped=False))
