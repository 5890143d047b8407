"""The index has a row, and there is no caption that could be read."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_missing"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="The caption was moved or deleted; the next download or index run writes it again.",
    measured="Opening the file.",
    source="cxr",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
