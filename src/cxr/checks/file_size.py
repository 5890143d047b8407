"""The file is unusually small or large for a radiograph."""

from cxr.checks.case import Card, Case
from cxr.model import Issue, Severity

CODE = "file_size"
SEVERITY = Severity.WARNING
CARD = Card(
    meaning=("A blank or thumbnail image, or one that was never compressed; training works all the same."),
    measured="Its size against 50 kB and 5 MB.",
    source="the quality rules that users of the dataset downloader know",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    size, bounds = case.inspection.size, case.thresholds
    if case.inspection.fault is not None or bounds.minimum_bytes <= size <= bounds.maximum_bytes:
        return None
    usual = f"{bounds.minimum_bytes:,} to {bounds.maximum_bytes:,}"
    return Issue(CODE, SEVERITY, f"It has {size:,} bytes; radiographs mostly have {usual}.")
