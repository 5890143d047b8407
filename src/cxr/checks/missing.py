"""The index has a row, and there is no file."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "missing"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="The image was moved or deleted, or a disk is not mounted.",
    measured="Looking for the file.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
