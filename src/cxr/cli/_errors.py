"""How a command ends badly: what happened, what we think, what to do next, and the exit code."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from cxr.cli._later import later_flag
from cxr.cli._output import bold, width, wrap, write_error, write_json
from cxr.cli._signals import StopRequested
from cxr.cli._words import printable
from cxr.errors import CxrError, InterruptedRunError, PlanNotConfirmed, StorageError, TermsError, UsageError

_HEADINGS: dict[type[CxrError], str] = {
    InterruptedRunError: "Stopped",
    PlanNotConfirmed: "Not started",
    TermsError: "Refused",
}


def report(error: BaseException, typed: Sequence[str]) -> int:
    """Tell the user of an error in its own way.

    Args:
        error: What ended the program.
        typed: The arguments; ``--json`` and ``-v`` among them hold even where parsing failed.

    Returns:
        The exit code.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, BrokenPipeError):
        return _quiet_end()
    from cxr.logs import redact

    told = _as_cxr_error(error)
    told = type(told)(redact(told.happened), think=redact(told.think), next_step=redact(told.next_step))
    if type(error).__name__ == "NoArgsIsHelpError":  # typer's own for a bare `cxr`: its text is the help
        write_error(told.happened)
        return told.exit_code
    _tell(told)
    if "--json" in typed:
        _tell_json(told)
    if _is_verbose(typed) and not isinstance(error, (CxrError, KeyboardInterrupt, typer.TyperException)):
        write_error(printable(redact("".join(traceback.format_exception(error)).rstrip())))
    return told.exit_code


def _as_cxr_error(error: BaseException) -> CxrError:
    if isinstance(error, InterruptedRunError) and isinstance(error.__context__, StopRequested):
        why = f"{error.__context__.why}. {error.think}".strip()
        return InterruptedRunError(error.happened, think=why, next_step=error.next_step)
    if isinstance(error, CxrError):
        return error
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return interrupted(error)
    if isinstance(error, typer.TyperException):
        return _mistyped(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        return _refused_by_the_system(error)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return CxrError(
        f"Something went wrong that cxr did not expect: {what}",
        think="This is a fault in cxr. What was finished is kept.",
        next_step=" ".join([*getattr(error, "__notes__", ()), "`-v` prints it; please report it with that."]),
    )


def _mistyped(error: typer.TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cxr"
    return later_flag(path, getattr(error, "option_name", "")) or UsageError(
        error.format_message(), next_step=f"`{path} --help` shows what can be typed, with an example."
    )


def _refused_by_the_system(error: OSError) -> StorageError:
    """Return what to tell where no part of cxr said more of a file that could not be read or written."""
    return StorageError(
        f"{os.fsdecode(error.filename)}: {error.strerror}.",
        think="The system refused this file or folder to cxr. What was finished is kept.",
        next_step="Check that it is there and yours to read and write, then run the same command again.",
    )


def interrupted(error: BaseException) -> InterruptedRunError:
    """Return what to tell of a run that was stopped where the library had nothing to keep."""
    happened = f"{error.why}." if isinstance(error, StopRequested) else "Interrupted."
    return InterruptedRunError(happened, next_step="Type the same command again to go on.")


def _tell(error: CxrError) -> None:
    heading = next((text for kind, text in _HEADINGS.items() if isinstance(error, kind)), "Error")
    columns = width(sys.stderr)
    first, _, rest = printable(error.happened).removeprefix(f"{heading}: ").partition("\n")
    opening = wrap(f"{heading}: {first}", columns).replace(
        f"{heading}:", bold(f"{heading}:", sys.stderr, "red" if heading == "Error" else "yellow"), 1
    )
    write_error(opening)
    for part in (rest, error.think):
        if part:
            write_error(wrap(printable(part), columns, "  "))
    if error.next_step:
        marked = wrap(f"Next: {printable(error.next_step)}", columns, "  ")
        write_error(marked.replace("Next:", bold("Next:", sys.stderr), 1))


def _tell_json(told: CxrError) -> None:
    document = {
        "error": {
            "kind": type(told).__name__,
            "happened": told.happened,
            "think": told.think,
            "next_step": told.next_step,
            "exit_code": told.exit_code,
        }
    }
    write_json(document)


def _is_verbose(typed: Sequence[str]) -> bool:
    flags = (argument for argument in typed if argument.startswith("-") and not argument.startswith("--"))
    return "--verbose" in typed or any("v" in flag and set(flag) <= set("-vq") for flag in flags)


def _quiet_end() -> int:
    """End without a word when the reader of our output left (``cxr stats | head``)."""
    # What is still buffered would raise again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
