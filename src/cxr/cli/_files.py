"""Which verbs there are and what their docstrings say, read from the files without importing them."""

import ast
import importlib.util
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

_NOT_VERBS = frozenset({"reference"})  # run as `python -m cxr.cli.reference`
_PROGRAM = "cxr "


@dataclass(frozen=True, slots=True)
class HelpText:
    """A verb's docstring, taken apart.

    Attributes:
        summary: Its first line.
        body: The paragraphs, the summary among them.
        examples: Commands that work as they stand.
    """

    summary: str
    body: str
    examples: tuple[str, ...]


def verbs(package: str) -> dict[str, str]:
    """Return what is typed for each verb of a package (``check-access``), with its module."""
    names = (module.name for module in pkgutil.iter_modules([str(_source(package).parent)]))
    found = [name for name in names if not name.startswith("_") and name not in _NOT_VERBS]
    return {name.replace("_", "-"): f"{package}.{name}" for name in sorted(found)}


def is_group(module: str) -> bool:
    """Say whether a verb has verbs of its own."""
    return _spec(module).submodule_search_locations is not None


@cache
def help_text(module: str) -> HelpText:
    """Return what a verb's docstring says."""
    doc = ast.get_docstring(ast.parse(_source(module).read_text(encoding="utf-8"))) or ""
    body, _, examples = doc.partition("\nExamples:\n")
    lines = (line.strip() for line in examples.splitlines())
    return HelpText(
        summary=doc.partition("\n")[0],
        body=_plain(body).strip(),
        examples=tuple(line for line in lines if line.startswith(_PROGRAM)),
    )


def _plain(text: str) -> str:
    """Take the marks of reStructuredText away: a terminal shows them as they are."""
    return re.sub(r"``([^`]*)``", r"`\1`", text)


def _source(module: str) -> Path:
    origin = _spec(module).origin
    assert origin is not None, f"{module} has no file"
    return Path(origin)


def _spec(module: str) -> ModuleSpec:
    spec = importlib.util.find_spec(module)
    assert spec is not None, f"there is no {module}"
    return spec
