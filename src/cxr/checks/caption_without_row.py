"""A caption among the library's own, and the index has no row for it."""

from cxr.checks.case import Card
from cxr.model import Issue, Severity

CODE = "caption_without_row"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="A run that was killed left it: the same download or index run again gives it its row. If it is "
    "not cxr's, move it out of the library.",
    measured="Comparing the names in the folder of captions with the index.",
    source="cxr",
)


def check() -> Issue:
    """Return what is wrong with such a file."""
    return Issue(CODE, SEVERITY, "The index has no image with this caption.")
