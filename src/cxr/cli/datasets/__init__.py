"""List the datasets: what they hold, who may have them, and how.

Examples:
    cxr datasets
    cxr datasets show nih
"""

from cxr.cli._catalogue import facts, how_to_have
from cxr.cli._run import Run


def command(run: Run) -> None:
    """Print the catalogue."""
    from cxr import datasets

    every = {key: datasets.load(key) for key in datasets.keys()}  # noqa: SIM118  a function of the package
    catalogue = {key: facts(key, dataset) for key, dataset in every.items()}
    run.out.document(catalogue)
    run.out.table(
        ("key", "dataset", "images", "access", "how to have it"),
        [
            (
                key,
                fact["title"],
                f"{fact['images']:,}" if fact["images"] else "any",
                fact["access"],
                how_to_have(key, every[key]),
            )
            for key, fact in catalogue.items()
        ],
    )
    run.out.remark("\n`cxr datasets show KEY` describes one; `cxr access KEY` says how to get it.")
