"""The file goes on after its image."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "trailing_data"
SEVERITY = Severity.NOTE
CARD = Card(
    meaning="The image is whole; what follows belongs to nothing and is not read.",
    measured=(
        "Bytes after IEND or within IDAT after the end of the pixels, after EOI, or after the container."
    ),
    source="W3C PNG 10; ITU-T T.81 B.2.1",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or found.trailing_bytes <= 0:
        return None
    return Issue(CODE, SEVERITY, f"{found.trailing_bytes:,} bytes follow the end of its image.")
