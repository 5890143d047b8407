"""What every command is given: its settings, its output, its progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr.cli._output import Output
from cxr.cli._progress import choose
from cxr.errors import CxrError, UsageError
from cxr.progress import Progress

if TYPE_CHECKING:
    from cxr.config import Config
    from cxr.library.open import Library


@dataclass
class Run:
    """One command as it was typed.

    Attributes:
        verb: ``download``, ``datasets show``.
        base_dir: ``--base-dir``.
        config_file: ``--config``.
        json: ``--json``.
        quiet: ``--quiet``.
        verbosity: How often ``-v`` was given.
    """

    verb: str
    base_dir: Path | None = None
    config_file: Path | None = None
    json: bool = False
    quiet: bool = False
    verbosity: int = 0

    @cached_property
    def config(self) -> "Config":
        """The settings in effect, flags over everything.

        Raises:
            ConfigError: a setting cannot be used.
        """
        from cxr.config import load

        return load(self.config_file, {"paths.base_dir": self.base_dir})

    @property
    def out(self) -> Output:
        """Where the command writes."""
        return Output(json=self.json, quiet=self.quiet)

    def need_library(self) -> None:
        """Stop a verb that works on a library before it makes an empty one.

        Raises:
            UsageError: there is no library at the base directory.
        """
        from cxr.library.open import layout_of

        layout = layout_of(self.config)
        if not layout.database.exists():
            raise UsageError(
                f"There is no library in {layout.base}.",
                next_step="Name the library with --base-dir DIR, or begin one with "
                "`cxr download` or `cxr index`.",
            )

    @contextmanager
    def library(self, *, write: bool) -> Iterator["Library"]:
        """Open the library while the context lasts; an unexpected error leaves its traceback in the logs.

        Raises:
            UsageError: there is no library to read.
            LibraryError: it is in use by another run, damaged, or made by a newer cxr.
            StorageError: it cannot be written.
        """
        from cxr.library.open import open_library
        from cxr.logs import get_logger

        with open_library(self.config, write=write, verb=self.verb) as library:
            try:
                yield library
            except CxrError:
                raise
            except Exception as error:
                if write:
                    get_logger(__name__).exception("unexpected error", verb=self.verb)
                    error.add_note(f"The traceback is at the end of the logs in {library.layout.logs}.")
                raise

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show progress while the context lasts, whatever ends it."""
        progress = choose(quiet=self.quiet)
        try:
            yield progress
        finally:
            progress.finish()


COMMON = ("base_dir", "config", "json", "quiet", "verbose")
"""Names of the flags that every command has, as typer hands them over."""


def run_from(verb: str, levels: list[dict[str, Any]]) -> Run:
    """Return the run for flags after the program, a group or the verb; the last one given holds."""

    def last(name: str) -> Any:
        return next((level[name] for level in reversed(levels) if level.get(name)), None)

    return Run(
        verb=verb,
        base_dir=last("base_dir"),
        config_file=last("config"),
        json=bool(last("json")),
        quiet=bool(last("quiet")),
        verbosity=sum(level.get("verbose") or 0 for level in levels),
    )
