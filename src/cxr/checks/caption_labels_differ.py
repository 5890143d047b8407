"""The labels are not those of the index."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_labels_differ"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Whoever trains on the caption learns a wrong label.",
    measured="The lines against the labeller's statements.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
