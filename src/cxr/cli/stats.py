"""Say what the library holds, by dataset, and how it came there.

Examples:
    cxr stats
    cxr stats --json
"""

from cxr.cli._run import Run
from cxr.cli._tally import tell_stats


def command(run: Run) -> None:
    """Print the statistics."""
    from cxr.library.statistics import statistics

    with run.library(write=False) as library:
        numbers = statistics(library)
    run.out.document(numbers)
    tell_stats(run.out, numbers)
