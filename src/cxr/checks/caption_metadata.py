"""The lines under METADATA are damaged."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_metadata"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Where the text comes from is no longer said.",
    measured="Each line of the last section, once and in order.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
