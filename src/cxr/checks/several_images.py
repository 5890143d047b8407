"""The file holds more than one image."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "several_images"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="Only the first is read.",
    measured=("Animated PNG or WebP, a second directory of a TIFF, a JPEG that goes on after its end."),
    source="W3C PNG 11.3.6; CIPA DC-007",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or not found.several_images:
        return None
    return Issue(CODE, SEVERITY, "It holds several images; the first is read.")
