"""The caption speaks of another image than its row."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_row_differs"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Image and caption are of different patients or views.",
    measured="The identifiers against the index.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
