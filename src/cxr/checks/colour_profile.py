"""Something says how to show the values."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "colour_profile"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning=("A viewer may show other greys than a training pipeline reads; cxr reads the stored values."),
    measured=("Chunks iCCP, sRGB, gAMA, cHRM of a PNG; ICC profiles of the other formats."),
    source="W3C PNG 11.3.2; ICC.1",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or not found.colour_profile:
        return None
    return Issue(
        CODE,
        SEVERITY,
        f"It has a colour profile ({', '.join(found.colour_profile)}); stored values are read.",
    )
