"""A label line is not a finding and a state."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_labels_malformed"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Programs that read labels from captions fail or guess.",
    measured="Each line under STRUCTURED LABELS.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
