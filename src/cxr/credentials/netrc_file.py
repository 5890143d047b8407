"""The netrc file, where wget and curl keep passwords too."""

import os
from dataclasses import dataclass
from pathlib import Path

from cxr.credentials.reading import NoVariables, Problem, Reading, read_private
from cxr.credentials.surroundings import Surroundings


@dataclass(frozen=True)
class Netrc(NoVariables):
    """The user's netrc file. Only an entry for this very machine counts, never ``default``."""

    machine: str

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return login and password."""
        named = around.environ.get("NETRC", "")
        path = Path(named).expanduser() if named else around.home / ".netrc"
        if not os.path.lexists(path):
            return None
        text, problems = read_private(path)
        if text is None:
            return Reading(str(path), {}, problems)
        entry, wrong = _netrc_entry(path, text, self.machine)
        if wrong is not None:
            return Reading(str(path), {}, (*problems, wrong))
        if entry is None:
            return None
        values = {name: value for name, value in zip(("username", "password"), entry, strict=True) if value}
        if len(values) < len(entry):
            lacking = Problem(
                f"{path} has no complete entry for {self.machine}.",
                f"Write `machine {self.machine} login NAME password PASSWORD` there.",
            )
            problems = (*problems, lacking)
        return Reading(str(path), values, problems)


def _netrc_entry(path: Path, text: str, machine: str) -> tuple[tuple[str, str] | None, Problem | None]:
    """Read one machine's entry; words are separated by spaces or line ends, ``#`` begins a comment line."""
    lines = []
    in_macro = False
    for line in text.splitlines():
        in_macro = bool(line.strip()) and (in_macro or line.lstrip().startswith("macdef"))
        if not in_macro and not line.lstrip().startswith("#"):
            lines.append(line)
    words = iter(" ".join(lines).split())
    entries: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for word in words:
        if word == "default":
            current = {}
        elif word in ("machine", "login", "user", "password", "account"):
            value = next(words, None)
            if value is None:
                return None, Problem(f"{path} ends after the word {word!r}.", "Complete its last entry.")
            if word == "machine":
                current = entries.setdefault(value.lower(), {})
            else:
                current.setdefault({"user": "login"}.get(word, word), value.strip('"'))
        else:
            wrong = "a word stands where `machine`, `login` or `password` is expected"
            return None, Problem(f"{path} cannot be read: {wrong}.", "Correct the file.")
    entry = entries.get(machine)
    return (None if entry is None else (entry.get("login", ""), entry.get("password", ""))), None
