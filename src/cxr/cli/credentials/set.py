"""Keep the credentials of a service, or of all, one after the other.

On a terminal you are asked, and secrets are not shown. Elsewhere the values are read from stdin: a JSON
object, or a line `field=value` for each. They are never given as arguments, where others could see them.

Examples:
    cxr credentials set kaggle < kaggle.json
"""

import sys
from typing import Annotated

import typer

from cxr.cli._names import known
from cxr.cli._run import Run
from cxr.cli.credentials._asking import ask, read
from cxr.errors import UsageError


def command(
    run: Run,
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="Which one; all by default.")
    ] = None,
) -> None:
    """Ask for what a service needs and keep it."""
    from cxr.credentials import SERVICES, store

    chosen = list(SERVICES) if service is None else [known(service, SERVICES, "service")]
    kept: dict[str, str] = {}
    if sys.stdin.isatty():
        for key in chosen:
            values = ask(SERVICES[key], skippable=service is None)
            if values:
                kept[key] = store(key, values)
                run.out.done(f"Kept {SERVICES[key].title} in {kept[key]}.")
    elif service is None:
        raise UsageError(
            "Values from stdin are for one service.",
            next_step=f"Name it: cxr credentials set SERVICE, one of {', '.join(SERVICES)}.",
        )
    else:
        key = chosen[0]
        kept[key] = store(key, read(SERVICES[key], sys.stdin.read()))
        run.out.done(f"Kept {SERVICES[key].title} in {kept[key]}.")
    run.out.document({"kept": kept})
