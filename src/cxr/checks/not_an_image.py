"""The bytes are of no image format."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "not_an_image"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning=("Something else was saved under an image's name, often a web page that asks for a password."),
    measured="The first bytes are those of no image format.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
