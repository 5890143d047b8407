"""A file among the library's own whose name no dataset gives."""

from cxr.checks.case import Card
from cxr.model import Issue, Severity

CODE = "file_without_row"
SEVERITY = Severity.WARNING
CARD = Card(
    meaning="It is not cxr's, which leaves it alone. Files of your own are better kept outside the library.",
    measured="Comparing the beginning of its name with the keys of the datasets.",
    source="cxr",
)


def check() -> Issue:
    """Return what is wrong with such a file."""
    return Issue(CODE, SEVERITY, "No dataset names its files so.")
