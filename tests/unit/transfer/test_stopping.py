"""A run of threads that is interrupted or killed: what is half-written is never called done."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support.file_server import Treatment, png, serving

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
FILES = {f"{number:03d}.png": png(200_000 + 7 * number, seed=number) for number in range(60)}
SCRIPT = """
import sys, threading
from pathlib import Path
from support.web_host import WebHost
from cxr.model import Remote
from cxr.stores.local import LocalStore
from cxr.transfer.engine import Engine
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.unit import Job

base, folder = sys.argv[1:]
store = LocalStore(Path(folder) / "Images", Path(folder) / "temp")
units = (FileUnit(Job(f"{n:03d}", Remote(f"{n:03d}.png"), f"{n:03d}.png")) for n in range(60))
try:
    for _ in Engine(WebHost(base), store, connections=4, policy=RetryPolicy(delay=0.01)).run(units):
        pass
except KeyboardInterrupt:
    print(threading.active_count(), flush=True)
"""


@pytest.fixture
def served():
    with serving(FILES) as server:
        yield server


def start(tmp_path, served):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, served.address, tmp_path],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def whole(folder):
    return all(path.read_bytes() == FILES[path.name] for path in folder.iterdir())


def test_an_interrupt_is_heeded_while_every_connection_stalls(tmp_path, served):
    """It cuts the connections; nobody waits for a time-out, and no thread is left."""
    served.treat = lambda request: Treatment(stall=1000) if request.number > 10 else Treatment()
    process = start(tmp_path, served)
    wait_until(lambda: len([one for one in served.requests[11:] if one.sent]) >= 3)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "1\n"
    assert process.returncode == 0
    assert whole(tmp_path / "Images")


def test_kills_at_any_moment_leave_whole_files_and_the_next_run_brings_the_rest(tmp_path, served):
    served.treat = lambda _: Treatment(pause=0.002)
    for kill in range(3):
        before = served.sent
        process = start(tmp_path, served)
        wait_until(lambda seen=before, kill=kill: served.sent > seen + 700_000 * (kill + 1))
        process.kill()
        process.communicate()
        assert whole(tmp_path / "Images")
    served.treat = lambda _: Treatment()
    process = start(tmp_path, served)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert {path.name for path in (tmp_path / "Images").iterdir()} == set(FILES)
    assert whole(tmp_path / "Images")
    assert list((tmp_path / "temp").iterdir()) == []
