"""Make a small library by way of simulated hosts, validate it, and say where to look.

Starts the lab: Kaggle and NIH's Box folder on this machine, holding invented patients, with some of their
answers broken on purpose. Needs no account and no network.

Examples:
    cxr demo --count 12 --size 256
"""

from pathlib import Path
from typing import Annotated

import typer

from cxr.cli._run import Run


def command(
    run: Run,
    *,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, help="How many phantoms; half as many NIH images.")
    ] = 100,
    size: Annotated[
        int, typer.Option("--size", metavar="PIXELS", min=64, max=4096, help="Their side.")
    ] = 512,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="Other images for another seed.")
    ] = 0,
) -> None:
    """Run the demo in --base-dir, ./demo-library by default."""
    from cxr.cli._demo import tell
    from cxr.lab.demo import demo

    with run.progress() as progress:
        result = demo(run.base_dir or Path("demo-library"), progress, count=count, size=size, seed=seed)
    tell(run, result)
    raise typer.Exit(result.exit_code)
