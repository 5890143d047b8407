"""MIMIC's labels: one row a study in a table for each labeller, one column a finding."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cxr import tables
from cxr.datasets import Problems
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Scope, State, TableProblem
from cxr.tables import Column, quote

_POSITIVE, _NEGATIVE, _UNCERTAIN, _UNMENTIONED = (
    State.POSITIVE,
    State.NEGATIVE,
    State.UNCERTAIN,
    State.UNMENTIONED,
)
_CODES: Final[Mapping[str, Code]] = {
    "+": Code(_POSITIVE, "1.0"),
    "-": Code(_NEGATIVE, "0.0"),
    "?": Code(_UNCERTAIN, "-1.0"),
    ".": Code(_UNMENTIONED, ""),
    "p": Code(_POSITIVE, "1"),
    "n": Code(_NEGATIVE, "0"),
    "u": Code(_UNCERTAIN, "-1"),
}
_BY_VALUE: Final = {code.published: character for character, code in _CODES.items()}
_COMMON: Final = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Enlarged Cardiomediastinum": "enlarged_cardiomediastinum",
    "Fracture": "fracture",
    "Lung Lesion": "lung_lesion",
    "Lung Opacity": "lung_opacity",
    "No Finding": "no_finding",
    "Pleural Effusion": "effusion",
    "Pleural Other": "pleural_other",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Support Devices": "support_devices",
}
_OPACITY: Final = {"Lung Opacity": "Airspace Opacity"}
"""What the radiologists' table calls a finding that the others call by another name."""


def _labeller(key: str, name: str, words: Iterable[tuple[str, str]]) -> Labeller:
    findings = tuple(LabelledFinding(published, common) for published, common in words)
    return Labeller(key, name, "", Scope.STUDY, closed_world=False, findings=findings, codes=_CODES)


CHEXPERT: Final = _labeller("mimic_chexpert", "CheXpert labeller on the reports", _COMMON.items())
NEGBIO: Final = _labeller("mimic_negbio", "NegBio labeller on the reports", _COMMON.items())
RADIOLOGISTS: Final = _labeller(
    "mimic_radiologists",
    "a radiologist, from the reports of the test set",
    ((_OPACITY.get(word, word), common) for word, common in _COMMON.items()),
)


class Said(NamedTuple):
    """What a labeller says of a study.

    Attributes:
        subject: Whose study the table says it is; empty where it has no such column.
        packed: The statements.
    """

    subject: str
    packed: PackedStatements


def read_labels(path: Path, labeller: Labeller, problems: Problems) -> dict[str, Said]:
    """Return what a labeller says, by study id.

    A row with a value that is no state says nothing. Of a repeated study the first row counts.

    Raises:
        TableError: the table as a whole cannot be read.
    """
    table = tables.shown(Path(path.name))
    findings = (Column(one.published, _synonyms(one)) for one in labeller.findings)
    columns = (Column("study_id"), Column("subject_id", required=False), *findings)
    said: dict[str, Said] = {}
    packed: dict[tuple[str, ...], PackedStatements | None] = {}  # rows repeat: a few thousand differ
    for line, (study, subject, *values) in tables.read(path, columns, problems):
        cells = tuple(values)
        if cells not in packed:
            packed[cells] = _packed(labeller, cells)
        statements = packed[cells]
        if statements is None:
            message = f"Study {quote(study)} has a value that is no state: {_odd(labeller, cells)}"
            problems(TableProblem(table, line, "unknown_state", message, dropped=False))
        elif study in said:
            message = f"Study {quote(study)} is listed again; its first row counts"
            problems(TableProblem(table, line, "repeated_study", message, dropped=False))
        else:
            said[study] = Said(subject, statements)
    return said


def _synonyms(finding: LabelledFinding) -> tuple[str, ...]:
    return tuple(word for pair in _OPACITY.items() for word in pair if finding.published in pair)


def _packed(labeller: Labeller, values: Iterable[str]) -> PackedStatements | None:
    characters = [_BY_VALUE.get(value.strip()) for value in values]
    return None if None in characters else PackedStatements(labeller.key, "".join(filter(None, characters)))


def _odd(labeller: Labeller, values: Iterable[str]) -> str:
    pairs = zip(labeller.findings, values, strict=True)
    finding, value = next(pair for pair in pairs if pair[1].strip() not in _BY_VALUE)
    return f"{finding.published} {quote(value)}"
