"""What the demo made, and where to look."""

import sys
from shutil import which
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._tally import tell_stats
from cxr.cli._validation import verdict

if TYPE_CHECKING:
    from cxr.library.demo import DemoResult


def tell(run: Run, result: "DemoResult") -> None:
    """Print the statistics and what to open next."""
    run.out.document(result.to_json())
    if run.quiet:
        return
    tell_stats(run.out, result.statistics)
    run.out.show()
    run.out.show(f"Validation  {verdict(result.validation)}")
    run.out.show(f"Library     {result.base}")
    run.out.show(f"Look at     {result.contact_sheet}")
    program = _program()
    run.out.show(f"Next        `{program} datasets`, then `{program} access KEY`")


def _program() -> str:
    """Return what to type: the demo may have been run by make, from an environment that is not active."""
    return "cxr" if which("cxr") else sys.argv[0]
