"""Generated text is not what the labels give."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_text_differs"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="The prose says something that no labeller stated.",
    measured="The text made again from the statements.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
