"""The bytes are not those that came in."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "hash_differs"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning=(
        "The file was changed or damaged after it was fetched; whatever was measured on it before is void."
    ),
    measured="SHA-256 of the bytes against the index.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    if not case.sha256 or not case.expected.sha256 or case.sha256 == case.expected.sha256:
        return None
    message = f"Its SHA-256 is {case.sha256}, the index says {case.expected.sha256}."
    return Issue(CODE, SEVERITY, message)
