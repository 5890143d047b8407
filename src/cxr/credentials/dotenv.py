"""The ``.env`` file of the working directory."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from cxr.errors import ConfigError

_LARGEST = 1_000_000  # bytes; a .env file holds a few lines


@dataclass(frozen=True, slots=True)
class DotEnv:
    """What a ``.env`` file says.

    Attributes:
        path: Where it is, or would be.
        values: Variable to value, without those that are empty.
        lines: Variable to line, from 1.
    """

    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict)


def read_dotenv(path: Path, ours: Callable[[str], bool]) -> DotEnv:
    """Read those variables that are ours; the file may serve other programs too.

    ``$`` in a value is only a character. A file that is not there, or is no file, says nothing.

    Raises:
        ConfigError: the file cannot be read, or a line of ours cannot be understood.
    """
    if not path.is_file():
        return DotEnv(path)
    try:
        with path.open("rb") as stream:
            # What is not UTF-8 in a line that is not ours does not matter.
            text = stream.read(_LARGEST).decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.", next_step="Make it readable, or move it away."
        ) from error
    values, lines = {}, {}
    for binding in parse_stream(io.StringIO(text)):
        name = binding.key or _name_in(binding.original.string)
        if not ours(name):
            continue
        line = _line(binding)
        if binding.error or (binding.value and not binding.value.isprintable()):
            raise ConfigError(
                f"{path}, line {line}: the value of {name} cannot be read.",
                think="A quote is not closed, or the file is not UTF-8 text.",
                next_step=f"Write it as {name}='value', in a file saved as UTF-8.",
            )
        if binding.value:
            values[name], lines[name] = binding.value.strip(), line
    return DotEnv(path, values, lines)


def _name_in(text: str) -> str:
    return text.strip().removeprefix("export ").partition("=")[0].strip()


def _line(binding: Binding) -> int:
    # What the parser calls the first line includes the blank ones before it.
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
