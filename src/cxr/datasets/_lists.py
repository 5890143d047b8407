"""Official splits that are published as lists of file names."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cxr import tables
from cxr.datasets import Problems
from cxr.model import TableProblem


def read_splits(
    lists: Mapping[str, Path],
    image_id_of: Callable[[str], str | None],
    patient_of: Callable[[str], str],
    problems: Problems,
) -> dict[str, str]:
    """Return the part of each listed image: image id to the list's key.

    An image in two lists is in neither. A patient in two lists is told of, since such lists leak.

    Raises:
        TableError: a list cannot be read.
    """
    parts: dict[str, str] = {}
    torn: dict[str, None] = {}
    for part, path in lists.items():
        name = tables.shown(Path(path.name))
        for line, text in tables.read_list(path, problems):
            image_id = image_id_of(text)
            if image_id is None:
                message = f"{tables.quote(text)} is not the name of an image"
                problems(TableProblem(name, line, "bad_image_name", message, dropped=False))
            elif parts.setdefault(image_id, part) != part:
                torn[image_id] = None
    for image_id in torn:
        del parts[image_id]
        message = f"{image_id} is in more than one of the official lists, so it is in none"
        problems(TableProblem("", 0, "split_contradicts", message, image_id, dropped=False))
    _tell_leaks(parts, patient_of, problems)
    return parts


def _tell_leaks(parts: Mapping[str, str], patient_of: Callable[[str], str], problems: Problems) -> None:
    by_patient: dict[str, str] = {}
    leaking: dict[str, None] = {}
    for image_id, part in parts.items():
        patient = patient_of(image_id)
        if by_patient.setdefault(patient, part) != part:
            leaking[patient] = None
    for patient in leaking:
        message = f"Patient {patient} is in more than one of the official lists"
        problems(TableProblem("", 0, "split_leaks", message, dropped=False))
