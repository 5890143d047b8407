"""The file ends before its image does."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "truncated"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="A download or a copy was cut off: fetch the file again.",
    measured=(
        "The file ends within a chunk, segment or strip, or before the end that its format prescribes."
    ),
    source="W3C PNG 5.6 (IEND); ITU-T T.81 B.2.1 (EOI)",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
