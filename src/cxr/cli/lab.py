"""Simulate the hosts on your own machine, filled with invented patients.

Kaggle, NIH's Box folder and PhysioNet answer as the real ones do, on 127.0.0.1 alone, until Ctrl-C. Nothing
that they hold shows a person. With --fail they fail as real hosts do. Kaggle's own library finds its host at
port 7777. PhysioNet listens to GNU wget alone, as the real one does, and to what --accept-agent names.

Examples:
    cxr lab --images 12 --size 128 --port-kaggle 0 --port-box 0 --for 2s
    cxr lab --images 12 --size 128 --port-kaggle 0 --port-box 0 --fail rate-limit --fail reset=0.3 --for 2s
    cxr lab --list-failures
"""

from typing import Annotated

import typer

from cxr.cli._run import Run


def command(
    run: Run,
    *,
    images: Annotated[
        int,
        typer.Option("--images", metavar="N", min=1, help="How many images of NIH, and how many of MIMIC."),
    ] = 100,
    size: Annotated[
        int, typer.Option("--size", metavar="PIXELS", min=16, max=4096, help="Their longer side.")
    ] = 512,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="S", min=0, help="Other patients and other luck for another seed."),
    ] = 0,
    port_kaggle: Annotated[
        int,
        typer.Option(
            "--port-kaggle", metavar="P", min=0, max=65_535, help="Kaggle's port; 0 for any free one."
        ),
    ] = 7777,
    port_box: Annotated[
        int,
        typer.Option("--port-box", metavar="P", min=0, max=65_535, help="Box's port; 0 for any free one."),
    ] = 7778,
    port_physionet: Annotated[
        int,
        typer.Option(
            "--port-physionet", metavar="P", min=0, max=65_535, help="PhysioNet's port; 0 for any free one."
        ),
    ] = 0,
    accept_agent: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-agent",
            metavar="START",
            help="Another user agent whose password PhysioNet looks at, by its start: cxr/. May be repeated.",
        ),
    ] = None,
    fail: Annotated[
        list[str] | None,
        typer.Option(
            "--fail",
            metavar="NAME[=RATE]",
            help="What goes wrong, and how often from 0 to 1; 0.1 where no rate is given. May be repeated.",
        ),
    ] = None,
    latency: Annotated[
        float, typer.Option("--latency", metavar="SECONDS", min=0, max=60, help="Wait before each answer.")
    ] = 0,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="KB", min=1, help="Send each connection so many kB a second at most."),
    ] = None,
    list_failures: Annotated[
        bool, typer.Option("--list-failures", help="Say what can go wrong, and end.")
    ] = False,
    time: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="End by itself after this time: 10m, 2h.")
    ] = None,
) -> None:
    """Run the lab."""
    from cxr.cli._lab import rates, seconds, serve, tell_failures
    from cxr.lab import HOSTS, Lab, Pace, PhysioNetRules
    from cxr.lab.physionet_rules import AGENTS

    if list_failures:
        tell_failures(run.out)
        return
    failures, until = rates(fail or []), seconds(time)
    with run.progress() as progress:
        lab = Lab(
            images=images,
            size=size,
            seed=seed,
            hosts=HOSTS,
            ports={"kaggle": port_kaggle, "box": port_box, "physionet": port_physionet},
            physionet=PhysioNetRules(agents=(*AGENTS, *(accept_agent or []))),
            failures=failures,
            pace=Pace(latency, None if rate is None else rate * 1000),
            progress=progress,
        )
        with lab:
            progress.finish()
            serve(run.out, lab, until)
