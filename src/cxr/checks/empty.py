"""The file has no bytes."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "empty"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Nothing was written: fetch the file again.",
    measured="Its size is 0.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
