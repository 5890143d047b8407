"""Whether a run starts at once, asks first, or stops with the plan."""

import sys
from enum import Enum
from typing import TYPE_CHECKING

import typer

from cxr.cli._output import wrap
from cxr.cli._words import duration, printable, size
from cxr.errors import PlanNotConfirmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxr.library.plan import Plan
    from cxr.library.routes import Route

SAMPLE_SIZE = 1000


class Step(Enum):
    """What comes before the first byte."""

    RUN = "run"
    ASK_HOW_MANY = "ask how many"
    ASK_WHETHER = "ask whether"
    STOP = "stop with the plan"


def next_step(*, terminal: bool, yes: bool, chosen: bool, large: bool, nothing_to_do: bool) -> Step:
    """Decide (design 6).

    Args:
        terminal: A person can answer.
        yes: ``--yes``.
        chosen: ``--limit`` or ``--sample`` was given, or the person has chosen.
        large: The plan is more than runs unasked, or does not fit.
        nothing_to_do: Every image is there already, or none is selected.
    """
    if yes or nothing_to_do:
        return Step.RUN
    if terminal:
        if not chosen:
            return Step.ASK_HOW_MANY
        return Step.ASK_WHETHER if large else Step.RUN
    return Step.STOP if large else Step.RUN


def write(line: str) -> None:
    """Write a line of the plan where the question will stand: a question needs it even with ``--quiet``."""
    typer.echo(printable(line), err=True)


def is_terminal() -> bool:
    """Say whether a person can answer: questions go to stderr, answers come from stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def reason_against(plan: "Plan") -> PlanNotConfirmed | None:
    """Return why the plan does not run unasked, if so."""
    try:
        plan.check(confirmed=False)
    except PlanNotConfirmed as stop:
        return stop
    return None


def ask_how_many(images: int) -> int | str | None:
    """Ask for all, a sample of 1,000, or a number.

    Returns:
        ``"all"``, ``"sample"``, a number, or ``None`` to leave it.
    """
    offers = f"all {images:,} (a)"
    if images > SAMPLE_SIZE:
        offers += f", a random sample of {SAMPLE_SIZE:,} (s)"
    default = "s" if images > SAMPLE_SIZE else "a"
    while True:
        answer = typer.prompt(f"Download {offers}, or how many? (q to leave)", default=default, err=True)
        understood = read_answer(answer, images)
        if understood != "again":
            return understood if understood != "leave" else None
        typer.echo(f"Type a, s, q, or a number from 1 to {images:,}.", err=True)


def read_answer(answer: str, images: int) -> int | str:
    """Return ``all``, ``sample``, ``leave``, a number from 1, or ``again`` where none is meant."""
    word = answer.strip().lower().replace(",", "").replace("_", "")
    if word.isdecimal() and int(word) >= 1:
        return "all" if int(word) >= images else int(word)
    words = {"a": "all", "all": "all", "q": "leave", "quit": "leave", "n": "leave", "no": "leave"}
    if images > SAMPLE_SIZE:
        words |= {"s": "sample", "sample": "sample"}
    return words.get(word, "again")


def ask_whether(stop: PlanNotConfirmed) -> bool:
    """Tell what speaks against a run and ask whether it starts nevertheless."""
    typer.echo(printable(stop.happened), err=True)
    return typer.confirm("Start nevertheless?", default=False, err=True)


def plan_lines(plan: "Plan", title: str, selection: str, origin: str, columns: int) -> list[str]:
    """Return the plan as people read it."""
    here = f", of which {plan.already:,} are here already" if plan.already else ""
    told = [
        ("images", f"{plan.images:,} ({selection}){here}"),
        *_reading(plan),
        ("to write", f"{_writing(plan)}; {size(plan.free)} free on that disk"),
        *(("note", note) for note in plan.notes),
    ]
    lines = [f"{title}, release {plan.release}, from {origin or plan.host}"]
    return lines + _columns(told, columns)


def route_lines(routes: "Sequence[Route]", recommended: str, why: str, columns: int) -> list[str]:
    """Return the other ways to the same images, and which is recommended, as people read it."""
    told = [("or", _route(route)) for route in routes]
    return _columns([*told, ("best", f"--host {recommended}. {why}")], columns)


def _columns(told: "Sequence[tuple[str, str]]", columns: int) -> list[str]:
    return [wrap(f"{name:<9}{text}", columns, "  ", " " * 11) for name, text in told]


def _reading(plan: "Plan") -> list[tuple[str, str]]:
    """Return what comes over the network and how long it takes, nothing where none is between."""
    if plan.hours is None or plan.images == plan.already:
        return []
    at_most = "up to " if plan.reading > plan.bytes else ""
    return [("to read", f"{at_most}{size(plan.reading)}, {_time(plan.hours)} at {plan.rate}")]


def _route(route: "Route") -> str:
    if not route.ready:
        return f"--host {route.host}: not ready. {route.missing}"
    if route.hours is None:
        return f"--host {route.host}"
    reading = f"up to {size(route.bytes_to_read)} to read"
    return f"--host {route.host}: {reading}, {_time(route.hours)} at {route.rate}"


def _time(hours: float) -> str:
    """Return a time that nobody knows to the second."""
    minute = 1 / 60
    return "less than a minute" if hours < minute else f"about {duration(round(hours * 60) * 60)}"


def _writing(plan: "Plan") -> str:
    if not plan.images:
        return "nothing"
    if plan.images == plan.already:
        return "nothing, every image is here"
    if not plan.bytes:
        return "nothing, your images are on the library's disk (hard links)"
    return f"{'about ' if plan.estimated else ''}{size(plan.bytes)}"
