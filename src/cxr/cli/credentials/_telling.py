"""Credentials as they are listed: where they lie and what is wrong with them, never what they are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cxr.cli._names import known

if TYPE_CHECKING:
    from cxr.credentials import Found


def services(typed: str | None) -> list[str]:
    """Return the service that was named, or all.

    Raises:
        UsageError: there is none of that name.
    """
    from cxr.credentials import SERVICES

    return list(SERVICES) if typed is None else [known(typed, SERVICES, "service")]


def found_for(keys: Iterable[str]) -> dict[str, "Found | None"]:
    """Return what is found for each service."""
    from cxr.credentials import find

    return {key: find(key) for key in keys}


def as_json(found: "Found | None") -> dict[str, Any] | None:
    """Return one service's credentials for JSON, masked."""
    from cxr.credentials import problems

    if found is None:
        return None
    return {
        "where": found.where,
        "usable": found.usable,
        "values": found.masked(),
        "problems": [
            {"happened": problem.happened, "next_step": problem.next_step, "fatal": problem.fatal}
            for problem in problems(found)
        ],
    }
