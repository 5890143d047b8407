"""What a validation found, by the kind of issue."""

from typing import TYPE_CHECKING

from cxr.cli._run import Run

if TYPE_CHECKING:
    from cxr.library.validate import ValidationSummary


def tell(run: Run, summary: "ValidationSummary") -> None:
    """Print the issues by code, then the verdict and where each issue is listed."""
