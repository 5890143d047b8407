"""What one place holds, what is wrong with it, and the careful reading of small private files."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cxr.credentials.surroundings import Surroundings

_LARGEST = 256 * 1024  # bytes; a service account's key has 2 KB


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a place, found without asking the service.

    Attributes:
        happened: A sentence that names the file or variable.
        next_step: What to type or change.
        fatal: The credentials cannot be used as they are.
    """

    happened: str
    next_step: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What one place holds.

    Attributes:
        where: For people: a file, or variables.
        values: Field to value.
        problems: What is wrong with it.
    """

    where: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()


class Place(Protocol):
    """Where a service's credentials may lie."""

    def read(self, service: str, around: Surroundings) -> Reading | None:
        """Return what lies there, or ``None`` where nothing does."""
        ...

    def variables(self) -> Mapping[str, str]:
        """Return the variables it reads, each with the field it gives."""
        ...


class NoVariables:
    """A place that reads no variable for a value."""

    def variables(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}


def read_private(path: Path, *, private: bool = True) -> tuple[str | None, tuple[Problem, ...]]:
    """Read a small text file that holds a secret.

    Returns:
        Its text, or ``None`` where it cannot be had, and what is wrong with it.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would hold the run
            return None, (Problem(f"{path} is not a file.", "Move it away."),)
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        return None, (
            Problem(f"{path} cannot be read: {error.strerror}.", f"Run `ls -l {path}`; make it yours."),
        )
    problems = mode_problems(path) if private else ()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, (*problems, Problem(f"{path} is not UTF-8 text.", "Save it as UTF-8."))
    if len(data) > _LARGEST:
        return None, (*problems, Problem(f"{path} is too large to hold credentials.", "Move it away."))
    return text, problems


def mode_problems(path: Path) -> tuple[Problem, ...]:
    """Say so where other users of the machine may read a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ()
    if not mode & 0o077:
        return ()
    return (Problem(f"Other users of this machine can read {path}.", f"chmod 600 {path}", fatal=False),)


def expand(path: str, around: Surroundings) -> Path | None:
    """Return a path whose first part is ``~`` or ``$VARIABLE``, or ``None`` where that is not set."""
    head, _, rest = path.partition("/")
    if head == "~":
        return around.home / rest
    if head == "$XDG_CONFIG_HOME":
        return around.config_home / rest
    found = around.variable(head[1:])
    return Path(found[0]).expanduser() / rest if found else None


def json_object(text: str) -> Mapping[str, object] | None:
    """Return the JSON object in a text, or ``None`` where it is something else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
