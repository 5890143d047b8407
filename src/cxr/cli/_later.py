"""Flags of the design that this version does not have yet, and what it does instead."""

from cxr.cli._names import known
from cxr.errors import UsageError

LATER = {
    "download": {"--to": "It writes to a folder of this machine: --base-dir DIR."},
}
"""By verb, with what holds meanwhile (docs/decisions/later-flags.md)."""

LAYOUTS = ("flat", "sharded", "published")


def later_flag(command: str, flag: str) -> UsageError | None:
    """Return what to tell of a flag that a verb does not know, or ``None`` where it never will.

    Args:
        command: As it was typed, ``cxr download``.
        flag: Its name, ``--format``.
    """
    instead = LATER.get(command.removeprefix("cxr "), {}).get(flag)
    if instead is None:
        return None
    return UsageError(
        f"`{flag}` is not in this version of cxr.", think=instead, next_step=f"Leave {flag} out for now."
    )


def check_layout(typed: str) -> None:
    """Go on only with the layout that there is.

    Raises:
        UsageError: it is another.
    """
    layout = known(typed, LAYOUTS, "layout")
    if layout != "flat":
        raise UsageError(
            f"`--layout {layout}` is not in this version of cxr.",
            think="All images lie in one folder: flat.",
            next_step="Leave --layout out for now.",
        )
