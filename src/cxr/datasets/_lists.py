"""Official splits that are published as lists of file names."""

from collections.abc import Callable, Iterable, Mapping
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
        problems(TableProblem(_names(lists), 0, "split_contradicts", message, image_id, dropped=False))
    for patient in _leaking(parts, patient_of):
        message = f"Patient {patient} is in more than one of the official lists"
        problems(TableProblem(_names(lists), 0, "split_leaks", message, dropped=False))
    return parts


def _names(lists: Mapping[str, Path]) -> str:
    return ", ".join(tables.shown(Path(path.name)) for path in lists.values())


def _leaking(parts: Mapping[str, str], patient_of: Callable[[str], str]) -> Iterable[str]:
    by_patient: dict[str, str] = {}
    leaking: dict[str, None] = {}
    for image_id, part in parts.items():
        patient = patient_of(image_id)
        if by_patient.setdefault(patient, part) != part:
            leaking[patient] = None
    return leaking
