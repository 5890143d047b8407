"""Further processes that carry units out: they do the same as threads, and nobody outlives the run."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.file_server import Treatment, png, serving
from support.units import Scripted, job
from support.web_host import WebHost

from cxr.errors import CxrError, StorageError
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer import movers
from cxr.transfer.engine import Engine
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.movers import movers_for
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.unit import Job

FILES = {f"{number:03d}.png": png(300_000 + 7 * number, seed=number) for number in range(40)}
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
PROCESSES = Path("/proc")
POLICY = RetryPolicy(attempts=4, delay=0.01)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


@pytest.fixture
def served():
    with serving(FILES) as server:
        yield server


@pytest.fixture
def host(served):
    host = WebHost(served.address)
    yield host
    host.close()


@pytest.fixture(autouse=True)
def _no_process_is_left():
    before = children_of(os.getpid())
    yield
    assert children_of(os.getpid()) <= before


def children_of(process):
    """Return the processes that a process started and that have not ended."""
    if not PROCESSES.is_dir():
        pytest.skip("needs /proc, to see which processes there are")
    return {int(entry.name) for entry in PROCESSES.iterdir() if parent_of(entry) == process}


def parent_of(entry):
    """Return the parent of a process that has not ended."""
    try:
        state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def file_units(files=FILES):
    return (
        FileUnit(Job(path[:-4], Remote(path, len(content)), path)) for path, content in sorted(files.items())
    )


def run(host, store, units=None, **more):
    engine = Engine(host, store, connections=6, policy=POLICY, movers=2, **more)
    return engine.run(units or file_units())


@pytest.mark.parametrize(
    ("total", "cores", "expected"),
    [
        (1_400_000_000, 2, 2),
        (1_400_000_000, 1, 0),  # there is nothing to be had from a second process
        (100_000_000, 8, 0),  # over before the processes are up
        (209_715_200, 64, 2),
    ],
)
def test_processes_are_for_many_bytes_on_several_cores(total, cores, expected):
    assert movers_for(total, cores) == expected


def test_files_come_byte_for_byte_and_their_bytes_are_told(host, store):
    moved = []
    results = dict(run(host, store, moved=moved.append))
    assert all(isinstance(result, Fetched) for result in results.values())
    assert {one.name for one in results} == set(FILES)
    for path, content in FILES.items():
        assert store.path(path).read_bytes() == content
    assert sum(moved) == sum(map(len, FILES.values()))


def test_what_fails_there_is_decided_here(host, store, served):
    faults = {1: Treatment(cut=1000), 3: Treatment(status=503), 5: Treatment(status=500)}
    served.treat = lambda request: faults.get(request.number, Treatment())
    del served.files["007.png"]
    results = {one.name: result for one, result in run(host, store)}
    failures = [name for name, result in results.items() if isinstance(result, Failure)]
    assert failures == ["007.png"]
    assert len(store.listing()) == len(FILES) - 1


def full(unit, report, number):
    raise StorageError("No space left while writing.", next_step="Free some.")


class UnpicklableError(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def strange(unit, report, number):
    raise UnpicklableError("a bug", 2)


def test_an_error_of_the_store_ends_the_run_with_all_its_words(host, store):
    with pytest.raises(StorageError, match="No space left") as caught:
        list(run(host, store, iter([_Plain(full)])))
    assert caught.value.next_step == "Free some."


def test_an_exception_that_cannot_cross_the_border_comes_in_words(host, store):
    [(_, failure)] = run(host, store, iter([_Plain(strange)]))
    assert failure.code == "unexpected"
    assert "UnpicklableError: a bug" in failure.reason


class _Plain(Scripted):
    """A unit that can be pickled: its script is a function of this module."""

    def __init__(self, script):
        super().__init__([job(1)], script, log=None)

    def attempt(self, host, store, report):
        self.script(self, report, 0)


def test_closing_ends_the_processes_in_peace(host, store, served, monkeypatch):
    monkeypatch.setattr(movers, "_PATIENCE", 60.0)
    served.treat = lambda _: Treatment(pause=0.02)
    engine = Engine(host, store, connections=6, policy=POLICY, movers=2)
    with closing(engine.run(file_units())) as results:
        next(results)
        processes = [mover.process for mover in engine._workers._movers.values()]
    assert [process.returncode for process in processes] == [0, 0]
    assert all(store.path(name).read_bytes() == FILES[name] for name in store.listing())


def test_a_process_that_hangs_is_killed(host, store, served):
    served.treat = lambda _: Treatment(pause=0.02)
    with closing(run(host, store)) as results:
        next(results)
        for process in children_of(os.getpid()):
            os.kill(process, signal.SIGSTOP)


def test_the_death_of_one_costs_an_attempt_and_not_the_run(host, store, served):
    served.treat = lambda _: Treatment(pause=0.002)
    results = {}
    with closing(run(host, store)) as events:
        for one, result in events:
            if len(results) in {5, 15, 25}:
                os.kill(min(children_of(os.getpid())), signal.SIGKILL)
            results[one.name] = result
    assert all(isinstance(result, Fetched) for result in results.values())
    for path, content in FILES.items():
        assert store.path(path).read_bytes() == content


def test_signals_that_reach_all_processes_are_left_to_the_parent(host, store, served):
    served.treat = lambda _: Treatment(pause=0.002)
    with closing(run(host, store)) as results:
        next(results)
        before = children_of(os.getpid())
        for process in before:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(process, number)
        for _ in range(20):
            next(results)
        assert children_of(os.getpid()) == before


def dying(unit, report, number):
    os._exit(3)


def test_processes_that_keep_dying_end_the_run_with_words(host, store):
    with pytest.raises(CxrError, match="exit code 3") as caught:
        list(run(host, store, (_Plain(dying) for _ in range(100))))
    assert "--workers" in caught.value.next_step


SCRIPT = """
import sys
from pathlib import Path
from support.web_host import WebHost
from cxr.model import Remote
from cxr.stores.local import LocalStore
from cxr.transfer import movers
from cxr.transfer.engine import Engine
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.unit import Job

print("the script runs", flush=True)
base, folder = sys.argv[1:]
store = LocalStore(Path(folder) / "Images", Path(folder) / "temp")
units = (FileUnit(Job(f"{n:03d}", Remote(f"{n:03d}.png"), f"{n:03d}.png")) for n in range(40))
engine = Engine(WebHost(base), store, connections=6, policy=RetryPolicy(delay=0.01), movers=2)
for _ in engine.run(units):
    pass
print("done", flush=True)
"""


def start_script(tmp_path, served):
    """Run an engine in a process of its own, from a script without ``if __name__ == "__main__"``."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, script, served.address, tmp_path], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )


def test_the_users_script_is_not_run_again_in_each_process(tmp_path, served):
    process = start_script(tmp_path, served)
    assert process.communicate(timeout=60)[0] == "the script runs\ndone\n"
    assert len(list((tmp_path / "Images").iterdir())) == len(FILES)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nobody_goes_on_writing_when_the_run_is_killed_or_interrupted(tmp_path, served, number):
    served.treat = lambda _: Treatment(pause=0.02)
    with start_script(tmp_path, served) as process:
        wait_until(lambda: len(children_of(process.pid)) == 2 and served.sent > 1_000_000)
        movers = children_of(process.pid)
        process.send_signal(number)
        assert process.wait(20) != 0
        wait_until(lambda: not any(parent_of(PROCESSES / str(mover)) for mover in movers))
    images = list((tmp_path / "Images").iterdir())
    assert all(image.read_bytes() == FILES[image.name] for image in images)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which kills children for their parents")
def test_even_a_process_that_hangs_ends_with_a_run_that_is_killed(tmp_path, served):
    served.treat = lambda _: Treatment(pause=0.02)
    with start_script(tmp_path, served) as process:
        wait_until(lambda: len(children_of(process.pid)) == 2 and served.sent > 1_000_000)
        movers = children_of(process.pid)
        for mover in movers:
            os.kill(mover, signal.SIGSTOP)
        process.kill()
        wait_until(lambda: not any(parent_of(PROCESSES / str(mover)) for mover in movers))


def test_a_process_loads_nothing_heavy():
    code = "import sys, cxr.transfer.mover, cxr.transfer.file_unit; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"cv2", "numpy", "polars", "pydantic", "rich", "sqlite3", "structlog", "typer", "yaml"}
    assert set(loaded.split()) & heavy == set()
