"""A small file that asks for far more memory than any radiograph."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "decompression_bomb"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning=(
        "Reading it would exhaust memory or time; it is refused by its header, or as soon as a text or "
        "profile in it passes its bound."
    ),
    measured=(
        "More than 400 million pixels; more than 200 MB to be held at once; text that "
        "inflates to more than 1 MB, or a profile to more than 16 MB; more than 100 scans or 250,000 chunks."
    ),
    source="docs/decisions/image-formats.md",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
