"""The image has transparency."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "alpha"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="Readers differ in what they show of it; a radiograph needs none.",
    measured="An alpha channel, or values declared transparent (tRNS).",
    source="W3C PNG 11.3.1",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or not found.has_alpha:
        return None
    return Issue(
        CODE, SEVERITY, "It has transparency" + (", opaque everywhere." if found.alpha_opaque else ".")
    )
