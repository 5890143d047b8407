"""How credentials are asked for on a terminal, and read from stdin elsewhere."""

import json
import sys
from typing import TYPE_CHECKING

import typer

from cxr.cli._output import width, wrap
from cxr.errors import UsageError

if TYPE_CHECKING:
    from cxr.credentials import Field, Service


def ask(service: "Service", *, skippable: bool) -> dict[str, str]:
    """Ask for what one service needs; empty where the user skips it."""
    typer.echo("\n" + wrap(f"{service.title}. {service.how}", width(sys.stderr)), err=True)
    if skippable and not typer.confirm(f"Set {service.title} now?", default=False, err=True):
        return {}
    way = _ask_way(service)
    values = {}
    for field in service.fields:
        if field.name in way:
            values[field.name] = _ask_field(field)
        elif not any(field.name in other for other in service.ways):
            values[field.name] = _ask_field(field, optional=True)
    return {name: value for name, value in values.items() if value}


def _ask_way(service: "Service") -> frozenset[str]:
    """Ask which of the fields the user has, where a service takes one or the other."""
    if len(service.ways) == 1:
        return service.ways[0]
    for number, way in enumerate(service.ways, 1):
        titles = [field.title for field in service.fields if field.name in way]
        typer.echo(f"  {number}. {' and '.join(titles)}", err=True)
    while True:
        answer = typer.prompt("Which of these do you have?", default="1", err=True).strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(service.ways):
            return service.ways[int(answer) - 1]
        typer.echo(f"Type a number from 1 to {len(service.ways)}.", err=True)


def _ask_field(field: "Field", *, optional: bool = False) -> str:
    title = field.title[:1].upper() + field.title[1:]
    hidden = field.kind.value == "secret"
    if optional:
        return str(
            typer.prompt(f"{title} (optional)", default="", show_default=False, hide_input=hidden, err=True)
        )
    return str(typer.prompt(title, hide_input=hidden, err=True))


def read(service: "Service", text: str) -> dict[str, str]:
    """Return the values of a JSON object, of ``field=value`` lines, or of one line where one value suffices.

    Raises:
        UsageError: the text is none of these. It is never quoted.
    """
    stripped = text.strip()
    if not stripped:
        raise _unreadable(service, "Nothing came from stdin.")
    if stripped.startswith("{"):
        return _from_json(service, stripped)
    lines = [line.strip() for line in stripped.splitlines() if line.strip()]
    names = {field.name for field in service.fields}
    parts = [line.partition("=") for line in lines]
    if all(name.strip().lower() in names for name, _, _ in parts):
        return {name.strip().lower(): value.strip() for name, _, value in parts}
    single = next((way for way in service.ways if len(way) == 1), None)
    if len(lines) == 1 and single is not None:
        return {next(iter(single)): lines[0]}
    raise _unreadable(service, "What came from stdin is not understood.")


def _from_json(service: "Service", text: str) -> dict[str, str]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise _unreadable(service, "What came from stdin is not a JSON object of texts.")
    return values


def _unreadable(service: "Service", happened: str) -> UsageError:
    ways = ", or ".join(" and ".join(sorted(way)) for way in service.ways)
    return UsageError(
        happened,
        think=f"{service.title} needs {ways}.",
        next_step="Give a JSON object, or a line `field=value` for each.",
    )
