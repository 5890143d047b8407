"""The image is smaller than the release promises."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "low_resolution"
SEVERITY = Severity.WARNING
CARD = Card(
    meaning="Fine findings are lost; it may be a thumbnail.",
    measured=("The shorter side against the release's minimum, 512 pixels where it has none of its own."),
    source="the quality rules that users of the dataset downloader know",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    found = case.inspection
    if found.fault is not None or found.width is None or found.height is None:
        return None
    own = case.expected.minimum_resolution
    minimum = case.thresholds.minimum_resolution if own is None else own
    if min(found.width, found.height) >= minimum:
        return None
    message = f"It has {found.width} x {found.height} pixels; the shorter side should have {minimum}."
    return Issue(CODE, SEVERITY, message)
