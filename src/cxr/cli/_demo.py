"""What the demo made, and where to look."""

from typing import TYPE_CHECKING

from cxr.cli._run import Run

if TYPE_CHECKING:
    from cxr.library.demo import DemoResult


def tell(run: Run, result: "DemoResult") -> None:
    """Print the statistics and what to open next."""
