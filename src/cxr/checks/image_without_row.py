"""An image file among the library's own, and the index has no row for it."""

from cxr.checks.case import Card
from cxr.model import Issue, Severity

CODE = "image_without_row"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="A run that was killed left it: the same download again gives it its row. If it is not cxr's, "
    "move it out of the library.",
    measured="Comparing the names in the folder of images with the index.",
    source="cxr",
)


def check() -> Issue:
    """Return what is wrong with such a file."""
    return Issue(CODE, SEVERITY, "The index has no image with this file.")
