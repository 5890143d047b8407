"""Make a small library of synthetic radiographs, validate it, and say where to look.

Needs no account and no network.

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
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many images.")] = 200,
    size: Annotated[
        int, typer.Option("--size", metavar="PIXELS", min=64, max=4096, help="Their side.")
    ] = 512,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="Other images for another seed.")
    ] = 0,
) -> None:
    """Run the demo in --base-dir, ./demo-library by default."""
    from cxr.cli._demo import tell
    from cxr.library.demo import demo

    with run.progress() as progress:
        result = demo(run.base_dir or Path("demo-library"), progress, count=count, size=size, seed=seed)
    tell(run, result)
    raise typer.Exit(max(result.download.exit_code, result.validation.exit_code))
