"""List which credentials are found and where, secrets masked.

Examples:
    cxr credentials list
"""

from cxr.cli._run import Run
from cxr.cli.credentials._telling import as_json, found_for, services


def command(run: Run) -> None:
    """Print a line a service."""
    from cxr.credentials import SERVICES

    every = found_for(services(None))
    run.out.document({key: as_json(found) for key, found in every.items()})
    run.out.table(
        ("key", "service", "found in", "values"),
        [
            (
                key,
                SERVICES[key].title,
                found.where if found else "nowhere",
                ", ".join(f"{name}={value}" for name, value in found.masked().items()) if found else "",
            )
            for key, found in every.items()
        ],
    )
