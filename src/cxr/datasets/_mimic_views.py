"""MIMIC's views: three published columns to one normalised view position."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from cxr import view_position
from cxr.model import Issue, Severity
from cxr.tables import quote

# DICOM's View Position (0018,5101), and what stands in the table beside it.
_POSITIONS: Final[Mapping[str, str]] = {
    **{word: word for word in ("AP", "PA", "LATERAL", "LL", "RL", "LLD", "RLD", "LAO", "RAO", "LPO", "RPO")},
    "AP LLD": "LLD",
    "PA LLD": "LLD",
    "AP RLD": "RLD",
    "PA RLD": "RLD",
    "XTABLE LATERAL": "LATERAL",
    "AP AXIAL": "AXIAL",
    "SWIMMERS": "SWIMMERS",
}
# Meanings of DICOM's View Code Sequence (0054,0220), context group 4010.
_MEANINGS: Final[Mapping[str, str]] = {
    "antero-posterior": "AP",
    "postero-anterior": "PA",
    "lateral": "LATERAL",
    "left lateral": "LL",
    "right lateral": "RL",
    "left anterior oblique": "LAO",
    "right anterior oblique": "RAO",
    "left posterior oblique": "LPO",
    "right posterior oblique": "RPO",
    "axial": "AXIAL",
}
# How the patient was held, where that changes the view; erect and recumbent do not.
_DECUBITUS: Final[Mapping[str, str]] = {
    "left lateral decubitus": "LLD",
    "right lateral decubitus": "RLD",
}


class View(NamedTuple):
    """What the three columns say.

    Attributes:
        position: Normalised; ``UNKNOWN`` where they say nothing that we know.
        published: The word that it was taken from, or the one that is not known.
        issues: What is odd about it.
    """

    position: str
    published: str
    issues: tuple[Issue, ...]


@lru_cache(maxsize=4096)
def view_of(position: str, meaning: str, orientation: str) -> View:
    """Return the view of a row: by ``ViewPosition``, else by the meaning of the view's code.

    Args:
        position: ``ViewPosition``.
        meaning: ``ViewCodeSequence_CodeMeaning``.
        orientation: ``PatientOrientationCodeSequence_CodeMeaning``; a decubitus makes a frontal view its own.
    """
    by_position = _POSITIONS.get(_plain(position).upper(), "")
    by_meaning = _MEANINGS.get(_plain(meaning).lower(), "")
    found = by_position if position.strip() else by_meaning  # a view that we do not know is not another one
    if not found:
        return _unknown(position.strip() or meaning.strip())
    published = position if by_position else meaning
    if found in view_position.FRONTAL:
        found = _DECUBITUS.get(_plain(orientation).lower(), found)
    if by_position and by_meaning and _contradict(by_position, by_meaning):
        message = f"ViewPosition is {quote(position)} and the view's code means {quote(meaning)}"
        return View(found, published, (Issue("view_contradicts", Severity.WARNING, message),))
    return View(found, published, ())


def _unknown(published: str) -> View:
    if published:
        issue = Issue("unknown_view", Severity.WARNING, f"{quote(published)} is not a view that we know")
    else:
        issue = Issue("no_view", Severity.NOTE, "The table does not say which view it is")
    return View(view_position.UNKNOWN, published, (issue,))


def _contradict(one: str, other: str) -> bool:
    """Say whether two views exclude each other; a lateral of no side and one of a side do not."""
    if one in view_position.LATERAL and other in view_position.LATERAL:
        return {one, other} == {"LL", "RL"}
    plain = view_position.FRONTAL | view_position.LATERAL
    return one != other and one in plain and other in plain


def _plain(text: str) -> str:
    return " ".join(text.split())
