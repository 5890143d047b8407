"""The file is there and cannot be read."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "not_readable"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Permissions, a failing disk, or something that is no file.",
    measured="Reading the file.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
