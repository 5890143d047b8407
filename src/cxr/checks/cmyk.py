"""The image is stored in four printing colours."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "cmyk"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="No device makes radiographs like that: it went through a layout program.",
    measured="A JPEG of four components, or a TIFF with photometric interpretation 5.",
    source="ITU-T T.81; TIFF 6.0",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or found.colour != "cmyk":
        return None
    return Issue(CODE, SEVERITY, "It is stored in four printing colours (CMYK).")
