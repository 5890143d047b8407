"""The lines that name the image are damaged."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_header"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="The caption no longer says which image it is of.",
    measured="Each line before the first section, once and in order.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
