"""Check the credentials that are found, as far as it shows without asking the service.

Whether a service lets you in, `cxr check-access` finds out by asking it. Exits with 3 when something is
wrong, or when a service that was named has no credentials.

Examples:
    cxr credentials test
    cxr credentials test kaggle
"""

from typing import Annotated

import typer

from cxr.cli._output import width, wrap
from cxr.cli._run import Run
from cxr.cli.credentials._telling import as_json, found_for, services
from cxr.errors import AccessError


def command(
    run: Run,
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="Which one; all by default.")
    ] = None,
) -> None:
    """Print a verdict a service, then the next step of each that is not well."""
    from cxr.credentials import SERVICES, problems

    every = found_for(services(service))
    run.out.document({key: as_json(found) for key, found in every.items()})
    run.out.table(
        ("key", "verdict", "found in"),
        [
            (
                key,
                _verdict(found is not None, usable=bool(found and found.usable)),
                found.where if found else "",
            )
            for key, found in every.items()
        ],
    )
    steps = [one for found in every.values() if found for one in problems(found)]
    for step in steps:
        run.out.remark(wrap(f"{step.happened} {step.next_step}", width()))
    if service is not None and next(iter(every.values())) is None:
        key = next(iter(every))
        run.out.remark(wrap(f"{SERVICES[key].how} Then: cxr credentials set {key}", width()))
        raise typer.Exit(AccessError.exit_code)
    if any(step.fatal for step in steps):
        raise typer.Exit(AccessError.exit_code)


def _verdict(found: bool, *, usable: bool) -> str:
    if not found:
        return "none"
    return "looks right" if usable else "not usable"
