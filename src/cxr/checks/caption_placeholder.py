"""The text of an error or an unfilled template."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_placeholder"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="A model would learn to write error messages.",
    measured="Known texts of errors and marks of templates.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
