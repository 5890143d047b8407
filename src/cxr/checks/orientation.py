"""The file asks to be turned before it is shown."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "orientation"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="Readers differ: some turn the image, some do not. cxr reads it as stored.",
    measured="EXIF orientation, XMP's where EXIF has none, or TIFF tag 274, other than 1.",
    source="Exif 2.32, 4.6.4; ISO 16684-1",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or found.orientation == 1:
        return None
    return Issue(
        CODE, SEVERITY, f"Its orientation tag is {found.orientation}: a viewer may turn or mirror it."
    )
