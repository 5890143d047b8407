"""The caption is too short or too long to be one."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_length"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="It was cut off, or is something else.",
    measured="At least 100 characters, at most a megabyte.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
