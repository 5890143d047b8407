"""Runs whose every process is looked at while they last, and whose every file is searched afterwards."""

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from support.program import COMMAND, environment


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run said, how it ended, and how it and its processes were called.

    Attributes:
        code: Its exit code.
        said: Stdout and stderr.
        arguments: Of every process that was seen.
        processes: How many were seen.
        peak: KiB of memory that one of them had at most.
    """

    code: int
    said: str
    arguments: bytes
    processes: int
    peak: int


def watched(home: Path, arguments: Iterable[object], variables: Mapping[str, str]) -> Watched:
    """Run ``cxr`` in a session of its own and read the arguments of each process in it, again and again."""
    run = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=home,
        env=environment(home) | dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    seen: dict[int, bytes] = {}
    peaks: dict[int, int] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(run.pid, seen, peaks, over))
    watcher.start()
    try:
        said, _ = run.communicate(timeout=120)
    finally:
        over.set()
        watcher.join()
        if run.poll() is None:
            run.kill()
            run.communicate()
    return Watched(run.returncode, said, b"\n".join(seen.values()), len(seen), max(peaks.values()))


def _watch(session: int, seen: dict[int, bytes], peaks: dict[int, int], over: threading.Event) -> None:
    while not over.wait(0.02):
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):  # it has ended
                    if os.getsid(int(folder.name)) == session:
                        _look(folder, seen, peaks)


def _look(folder: Path, seen: dict[int, bytes], peaks: dict[int, int]) -> None:
    peak = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
    arguments = (folder / "cmdline").read_bytes()
    if (
        peak and arguments
    ):  # it has not ended; before exec it is called as the tests are: the last look counts
        seen[int(folder.name)] = arguments
        peaks[int(folder.name)] = int(peak[1])


def forms(secret: str) -> set[bytes]:
    """Return a secret as it is, as addresses, JSON and reprs write it, and as a Basic header holds it."""
    written = {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    written |= {base64.b64encode(text.encode()).decode() for text in (secret, f"someone:{secret}")}
    return {one.encode() for one in written}


def holding(folder: Path, secrets: Iterable[str], but: Iterable[Path] = ()) -> list[str]:
    """Return which files below a folder, hidden ones and SQLite's included, hold one of the secrets."""
    every = {form for secret in secrets for form in forms(secret)}
    left_out = set(but)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in left_out:
            content = path.read_bytes()
            found += [f"{path}: {form!r}" for form in every if form in content or form in os.fsencode(path)]
    return found
