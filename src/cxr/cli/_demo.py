"""What the demo made, and where to look."""

import sys
from shutil import which
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._tally import tell_stats
from cxr.cli._validation import verdict
from cxr.cli._words import count

if TYPE_CHECKING:
    from cxr.lab.demo import DemoResult


def tell(run: Run, result: "DemoResult") -> None:
    """Print the statistics, what the hosts did, and what to open next."""
    run.out.document(result.to_json())
    if run.quiet:
        return
    tell_stats(run.out, result.statistics)
    run.out.show()
    for host, download in result.downloads.items():
        run.out.show(f"{_came(host)}  {_survived(result, host)}{count(download.downloaded, 'image')} came")
    run.out.show(f"Validation   {verdict(result.validation)}")
    run.out.show(f"Library      {result.base}")
    for sheet in result.contact_sheets:
        run.out.show(f"Look at      {sheet}")
    program = _program()
    run.out.show(
        f"Next         `{program} lab` for hosts to try things on, `{program} datasets` for real ones"
    )


def _came(host: str) -> str:
    names = {"kaggle": "From Kaggle", "box": "From Box", "phantoms": "Made here"}
    return f"{names.get(host, host):<11}"


def _survived(result: "DemoResult", host: str) -> str:
    if host not in result.answers:
        return ""
    return f"{result.broken[host]} of {count(result.answers[host], 'answer')} went wrong on purpose; "


def _program() -> str:
    """Return what to type: the demo may have been run by make, from an environment that is not active."""
    return "cxr" if which("cxr") else sys.argv[0]
