"""A grey image stored in colour."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "rgb_equal_channels"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="One channel holds all there is; three take three times the memory.",
    measured="Red, green and blue are equal in every pixel.",
    source="seen in NIH ChestX-ray14",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or not found.channels_equal:
        return None
    return Issue(
        CODE, SEVERITY, f"It is stored with {found.channels} channels, and red, green and blue are equal."
    )
