"""A section of the caption is missing or out of place."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_sections"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Programs that read one section find nothing, or another.",
    measured="The four headings: each once, in order, not empty.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
