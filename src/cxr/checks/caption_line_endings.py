"""The caption ends its lines in another way."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_line_endings"
SEVERITY = Severity.WARNING
CARD = Card(
    meaning="It differs from what cxr writes; its words are not touched.",
    measured="Carriage returns; exactly one newline at the end.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
