"""A download that is so slow that it can be met half-way, and its end."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.program import COMMAND, environment

_PATIENCE = 60  # seconds


@contextmanager
def under_way(
    home: Path, arguments: list[object], variables: Mapping[str, str], library: Path
) -> Iterator[subprocess.Popen[str]]:
    """Start a run and yield it once an image more than before is in the library; leave no process behind."""
    before = _count(library)
    run = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=home,
        env=environment(home) | dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _PATIENCE
        while run.poll() is None and _count(library) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        yield run
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def _count(library: Path) -> int:
    images = library / "Images"
    return len(list(images.iterdir())) if images.is_dir() else 0
