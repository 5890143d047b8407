"""The file is larger than any single radiograph."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "too_large"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="It was hashed and not inspected.",
    measured="More than 128 MB.",
    source="docs/decisions/image-formats.md",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
