"""Take what the logs say of one dataset out of them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from cxr.library.layout import Layout
from cxr.logs import LOG_FILES, reopen_logs
from cxr.stores.replacing import replacing

_BEGINS = "run begins"
_SOURCE = re.compile(rb"  source=(\S+)")
_OF_A_TRACEBACK = b"    "


def scrub_logs(layout: Layout, source: str) -> None:
    """Rewrite the download log and the three log files without the lines that are about a dataset.

    These are the lines that name it as their source, and those that name none between the beginning of a run
    over it and that of the next. Memory stays bounded however long the logs are.

    Raises:
        StorageError: a log cannot be written; it is then as it was.
    """
    _rewrite(layout.download_log, lambda line: _of_json(line)[0] == source)
    for name in LOG_FILES:
        tell = _of_json if name.endswith(".json") else _of_text
        _rewrite(layout.logs / name, _Follower(source, tell).is_about)
    reopen_logs()


class _Follower:
    """Follows a log line by line, and knows which dataset's run it is in."""

    def __init__(self, source: str, tell: Callable[[bytes], tuple[str, bool]]) -> None:
        self._source = source
        self._tell = tell
        self._of_run = ""
        self._last = False

    def is_about(self, line: bytes) -> bool:
        """Say whether a line is about the dataset; the lines of a traceback are what their first one is."""
        if not line.startswith(_OF_A_TRACEBACK):
            source, begins = self._tell(line)
            if begins:
                self._of_run = source
            self._last = (source or self._of_run) == self._source
        return self._last


def _of_json(line: bytes) -> tuple[str, bool]:
    """Return the dataset that a line of JSON names, and whether a run begins with it."""
    try:
        record = json.loads(line)
    except ValueError:  # the half line that a kill may leave
        return "", False
    if not isinstance(record, dict):
        return "", False
    return str(record.get("source") or ""), record.get("event") == _BEGINS


def _of_text(line: bytes) -> tuple[str, bool]:
    """Return the dataset that a line for people names, and whether a run begins with it."""
    found = _SOURCE.search(line)
    return (found[1].decode("utf-8", "replace") if found else ""), f": {_BEGINS}  ".encode() in line


def _rewrite(log: Path, drop: Callable[[bytes], bool]) -> None:
    if not log.is_file():
        return
    with replacing(log) as part, log.open("rb") as old, part.open("wb") as new:
        new.writelines(line for line in old if not drop(line))
