"""Variables and files that hold the values themselves, and what cxr keeps.

A place that is there but of no use gives a reading with its problems. What a place holds is never quoted.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxr.credentials.reading import (
    NoVariables,
    Problem,
    Reading,
    expand,
    json_object,
    mode_problems,
    read_private,
)
from cxr.credentials.stored import read_stored
from cxr.credentials.surroundings import Surroundings


@dataclass(frozen=True)
class Variables:
    """Variables of the environment or ``.env`` that hold the values themselves."""

    fields: Mapping[str, str]
    """Field to variable."""

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return what the variables that are set hold."""
        values, origins = {}, []
        for name, variable in self.fields.items():
            found = around.variable(variable)
            if found is not None:
                values[name] = found[0]
                origins.append((variable, found[1]))
        if not values:
            return None
        return Reading(", ".join(where for _, where in origins), values, _dotenv_problems(around, origins))

    def variables(self) -> Mapping[str, str]:
        """Return the variables it reads."""
        return {variable: name for name, variable in self.fields.items()}


@dataclass(frozen=True)
class TokenVariable:
    """A variable that holds a token, or the path of a file with the token in it."""

    variable: str
    field: str

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return the token."""
        found = around.variable(self.variable)
        if found is None:
            return None
        value, where = found
        path = _existing(value)
        if path is not None:
            return _read_token(path, self.field, f"{path} ({where})")
        if value.startswith(("~/", "/", "./")) and len(value) < 512:
            problem = Problem(
                f"{self.variable} looks like a path, and no file is there.", f"Correct {self.variable}."
            )
            return Reading(where, {}, (problem,))
        return Reading(where, {self.field: value}, _dotenv_problems(around, [(self.variable, where)]))

    def variables(self) -> Mapping[str, str]:
        """Return the variable it reads."""
        return {self.variable: self.field}


@dataclass(frozen=True)
class TokenFile(NoVariables):
    """The first of some files, with nothing but a token in it."""

    field: str
    paths: tuple[str, ...]

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return the token."""
        for path in (expand(one, around) for one in self.paths):
            if path is not None and os.path.lexists(path):
                return _read_token(path, self.field, str(path))
        return None


@dataclass(frozen=True)
class JsonFile(NoVariables):
    """A JSON object with the fields as keys.

    Attributes:
        fields: Names of the fields.
        named: Paths through a variable; where that is set nothing else is looked at.
        usual: The other paths; the first that exists is read.
    """

    fields: tuple[str, ...]
    named: tuple[str, ...]
    usual: tuple[str, ...]

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return what the file holds."""
        named = [path for path in (expand(one, around) for one in self.named) if path is not None]
        paths = named or [path for path in (expand(one, around) for one in self.usual) if path is not None]
        path = next((path for path in paths if os.path.lexists(path)), None)
        return None if path is None else self._read(path)

    def _read(self, path: Path) -> Reading:
        text, problems = read_private(path)
        if text is None:
            return Reading(str(path), {}, problems)
        content = json_object(text)
        if content is None:
            wrong = Problem(f"{path} is not a JSON object.", "Download it again where you made it.")
            return Reading(str(path), {}, (*problems, wrong))
        texts = {name: value.strip() for name, value in content.items() if isinstance(value, str)}
        values = {name: texts[name] for name in self.fields if texts.get(name)}
        missing = [name for name in self.fields if name not in values]
        if missing:
            named = " and ".join(f'"{name}"' for name in missing)
            wrong = Problem(f"{path} has no {named}.", "Download it again where you made it.")
            problems = (*problems, wrong)
        return Reading(str(path), values, problems)


@dataclass(frozen=True)
class Stored(NoVariables):
    """What ``cxr credentials set`` kept: in the system's keyring, or in a file that only the user reads."""

    def read(self, service: str, around: Surroundings) -> Reading | None:
        """Return what was kept."""
        found = read_stored(service, around.cxr_home)
        if found is None:
            return None
        again = f"Run `cxr credentials set {service}` again."
        problems = tuple(Problem(text, again) for text in ([found.wrong] if found.wrong else []))
        return Reading(found.where, found.values, (*problems, *mode_problems(found.path)))


def _dotenv_problems(around: Surroundings, origins: list[tuple[str, str]]) -> tuple[Problem, ...]:
    in_dotenv = any(where.endswith(f"{name} in {around.dotenv.path}") for name, where in origins)
    return mode_problems(around.dotenv.path) if in_dotenv else ()


def _read_token(path: Path, name: str, where: str) -> Reading:
    text, problems = read_private(path)
    if text is None:
        return Reading(where, {}, problems)
    words = text.split()
    if len(words) != 1:
        holds = "more than a token" if words else "nothing"
        wrong = Problem(f"{path} holds {holds}.", "Save the token alone in it.")
        return Reading(where, {}, (*problems, wrong))
    return Reading(where, {name: words[0]}, problems)


def _existing(value: str) -> Path | None:
    try:
        path = Path(value).expanduser()
        return path if path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, an unknown user
        return None
