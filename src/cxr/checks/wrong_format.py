"""The name promises one format, the bytes are another."""

from cxr.checks.case import Card, Case
from cxr.images.formats import by_name
from cxr.model import Issue, Severity

CODE = "wrong_format"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Readers that go by the name fail on it, or read it by other rules.",
    measured="The first bytes against the suffix.",
    source="cxr",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    actual, promised = case.inspection.format, by_name(case.expected.name)
    if actual is None or promised is None or actual is promised:
        return None
    return Issue(CODE, SEVERITY, f"Its name promises {promised.title}, its bytes are {actual.title}.")
