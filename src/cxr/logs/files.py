"""The three log files of a library: for a person, for a program, and the errors alone.

Any thread may speak. Worker processes, forked or spawned, are silent: what they find they return. One that
keeps its lines (`keep_logs`) has its parent write them (`pass_on`).
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cxr.errors import StorageError
from cxr.logs.redaction import redact_event

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

MAIN = "cxr_downloader.log"
JSON = "cxr_downloader.json"
ERRORS = "cxr_downloader_errors.log"
LOG_FILES = (MAIN, JSON, ERRORS)

_ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})
_FIRST = ("timestamp", "level", "logger", "event")
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}

_lock = threading.Lock()
_opened: tuple["_Files | _Kept", ...] = ()


def get_logger(name: str) -> "FilteringBoundLogger":
    """Return a logger whose lines reach the log files that are open when it speaks, or nothing.

    Secrets are taken out of every line (`cxr.logs.redact`). structlog's own configuration, which belongs to
    the program that uses this library, is neither read nor changed.

    Args:
        name: Of the part that speaks, usually ``__name__``.
    """
    import structlog  # noqa: PLC0415  slow, and a process that only moves files has nothing to say

    processors: list[Processor] = [
        _drop_unheard,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _finish,
    ]
    wrapper = structlog.make_filtering_bound_logger(_LEVELS["DEBUG"])
    logger = structlog.wrap_logger(_Sink(), processors=processors, wrapper_class=wrapper, context_class=dict)
    return cast("FilteringBoundLogger", logger.bind(logger=name))


@contextmanager
def open_logs(folder: Path, *, level: str = "INFO") -> Iterator[None]:
    """Send what all loggers say to three files in ``folder`` until the block ends.

    Files that are there are continued. Where two libraries are open at once, the last opened one hears.

    Args:
        folder: The library's ``logs`` folder, made if it is not there.
        level: The least that is written: ``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``.

    Raises:
        StorageError: the folder or a file in it cannot be written.
    """
    global _opened  # noqa: PLW0603  loggers live longer than any library that is open
    files = _Files(folder, _LEVELS[level.upper()])
    with _lock:
        _opened = (*_opened, files)
    try:
        yield
    finally:
        with _lock:
            _opened = tuple(one for one in _opened if one is not files)
        files.close()


def reopen_logs() -> None:
    """Go on in the files that bear the logs' names now, after whoever holds them open has replaced them.

    Raises:
        StorageError: one of them cannot be written.
    """
    for files in _opened:
        if isinstance(files, _Files):
            files.close()
            files.open()


def keep_logs() -> Callable[[], list[Mapping[str, Any]]]:
    """From now on, keep the lines of all loggers, in a process whose parent writes the files.

    Returns:
        A function that returns the lines since it was last called, redacted: plain values, for `pass_on`.
    """
    global _opened  # noqa: PLW0603  see open_logs
    kept = _Kept()
    with _lock:
        _opened = (*_opened, kept)
    return kept.take


def pass_on(lines: Iterable[Mapping[str, Any]]) -> None:
    """Write what another process kept as if it had been said here; the time is that at which it was said."""
    opened = _opened
    if not opened:
        return
    for line in lines:
        if _LEVELS[line["level"]] >= opened[-1].least:
            opened[-1].write(cast("Mapping[str, Any]", redact_event(line)))


class _Files:
    """The open files."""

    def __init__(self, folder: Path, least: int) -> None:
        self.least = least
        self._folder = folder
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._main = self._json = self._errors = -1
        self.open()

    def open(self) -> None:
        folder = self._folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._main = _append(folder / MAIN)
            self._json = _append(folder / JSON)
            self._errors = _append(folder / ERRORS)
        except OSError as error:
            self.close()
            raise StorageError(
                f"The log files in {folder} cannot be written: {error.strerror}.",
                next_step="Make that folder writable, or choose another library with `--base-dir`.",
            ) from error

    def close(self) -> None:
        # Under the lock, since the system gives a closed file's number to the next one that is opened.
        with self._lock:
            for descriptor in (self._main, self._json, self._errors):
                if descriptor >= 0:
                    os.close(descriptor)
            self._main = self._json = self._errors = -1

    def write(self, event: Mapping[str, Any]) -> None:
        if os.getpid() != self._process:  # forked: another thread may have held the lock, for ever
            return
        line = _line_for_people(event)
        record = json.dumps(event, ensure_ascii=False)
        with self._lock:
            if self._main < 0:
                return
            _write(self._main, line)
            _write(self._json, record)
            if event["level"] in _ERROR_LEVELS:
                _write(self._errors, line)


class _Kept:
    """Lines on their way to another process, which knows what is worth writing."""

    def __init__(self) -> None:
        self.least = _LEVELS["DEBUG"]
        self._lines: deque[Mapping[str, Any]] = deque()

    def write(self, event: Mapping[str, Any]) -> None:
        self._lines.append(event)

    def take(self) -> list[Mapping[str, Any]]:
        return [self._lines.popleft() for _ in range(len(self._lines))]


def _append(path: Path) -> int:
    # Not blocking: a pipe put in a log's place must fail, not wait for a reader.
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)


def _write(descriptor: int, line: str) -> None:
    # Names that are not UTF-8 arrive as lone surrogates; written as \udcXX they are valid in JSON too.
    data = line.encode("utf-8", "backslashreplace") + b"\n"
    try:
        written = os.write(descriptor, data)
        if written < len(data):  # the disk is full: no half line, to which the next would be joined
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
    except OSError:
        # A full disk ends the run where the images are written, with its own error; a log line must not.
        return


class _Sink:
    """Where finished events go; structlog calls the method named after the level."""

    def write(self, event: Mapping[str, Any]) -> None:
        opened = _opened
        if opened:
            opened[-1].write(event)

    debug = info = warning = error = critical = write


def _drop_unheard(_logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    opened = _opened
    if not opened or _LEVELS.get(_level(method), _LEVELS["ERROR"]) < opened[-1].least:
        from structlog import DropEvent  # noqa: PLC0415  as above

        raise DropEvent
    return event


def _level(method: str) -> str:
    return {"warn": "WARNING", "exception": "ERROR", "err": "ERROR", "fatal": "CRITICAL"}.get(
        method, method.upper()
    )


def _finish(
    _logger: object, method: str, event: MutableMapping[str, Any]
) -> tuple[tuple[Mapping[str, Any]], dict[str, Any]]:
    event["level"] = _level(method)
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    return (cast("Mapping[str, Any]", redact_event(ordered)),), {}


def _line_for_people(event: Mapping[str, Any]) -> str:
    """``2026-01-31 12:00:00Z ERROR    cxr.transfer: what happened  key=value``, then any traceback."""
    fields = "".join(
        f"  {key}={_shown(value)}" for key, value in event.items() if key not in {*_FIRST, "exception"}
    )
    moment = str(event["timestamp"])[:19].replace("T", " ")
    head = f"{moment}Z {event['level']:<8} {event['logger']}: {_one_line(str(event['event']))}{fields}"
    traceback = [f"    {_one_line(line)}" for line in str(event.get("exception", "")).splitlines()]
    return "\n".join([head, *traceback])


def _shown(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(" ='\""):
        return value
    return _one_line(json.dumps(value, ensure_ascii=False))


def _one_line(text: str) -> str:
    # File names and server answers may hold line ends or terminal codes, which would forge lines.
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
