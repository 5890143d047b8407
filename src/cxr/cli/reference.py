"""Writes ``docs/reference/cli.md`` from the commands: ``python -m cxr.cli.reference [--check]``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WIDTH = 100  # the page must not depend on the terminal that it was made in
PAGE = Path("docs/reference/cli.md")
_HEAD = """# The command line

Generated from the commands themselves by `make docs`. What each one prints for `--help`:

"""


def page() -> str:
    """Return the whole reference in Markdown."""
    parts = []
    for words, text in helps():
        level = "##" if len(words) < 3 else "###"
        parts.append(f"{level} {' '.join(words)}\n\n```text\n{text}\n```\n")
    return _HEAD + "\n".join(parts)


def helps() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each command as it is typed, with its help at a fixed width."""
    from cxr.cli._app import program

    yield from _helps(program(), ("cxr",), None)


def _helps(command: Any, words: tuple[str, ...], above: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    context = command.make_context(words[-1], [], parent=above, resilient_parsing=True, terminal_width=_WIDTH)
    yield words, command.get_help(context).strip()
    for verb in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _helps(command.get_command(context, verb), (*words, verb), context)


def main() -> int:
    """Write the page, or with ``--check`` say whether it is as it would be written."""
    text = page()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            sys.stderr.write(f"{PAGE} is not what the commands say. Run `make docs`.\n")
        return 0 if fresh else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
