"""`map_bounded`: every item comes back once, whatever happens to it or to the process it is in."""

import importlib
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

import cxr.compute
from cxr.compute import map_bounded
from cxr.compute.processes import WorkerDiedError
from cxr.errors import CxrError, MissingExtraError, UsageError

FUNCTIONS = """
import ctypes, os, signal, time

class Fussy(Exception):
    def __init__(self, one, two):  # pickling an exception passes one argument
        super().__init__(f"{one} {two}")

def act(what):
    if what == "raise": raise ValueError("no good")
    if what == "fussy": raise Fussy("very", "fussy")
    if what == "lambda": return lambda: None
    if what == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if what == "crash": ctypes.string_at(0)
    if what == "exit": os._exit(3)
    if what == "sleep": time.sleep(60)
    if isinstance(what, bytes): return what + what
    return what * 2

def pid(_): return os.getpid()
def slow_pid(_): time.sleep(0.1); return os.getpid()

class DiesOnArrival:
    def __reduce__(self): return (os._exit, (7,))
    def __call__(self, item): return item
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    (tmp_path / "compute_functions.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("compute_functions")
    sys.modules.pop("compute_functions")


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_each_item_comes_back_once_with_its_result(functions, engine):
    items = [*range(50), "again", "again"]
    results = list(map_bounded(functions.act, items, engine=engine, workers=2))
    assert Counter(results) == Counter((item, item * 2) for item in items)


def test_serial_keeps_the_order(functions):
    assert [item for item, _ in map_bounded(functions.act, range(5))] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_an_exception_comes_back_beside_its_item(functions, engine):
    outcomes = dict(map_bounded(functions.act, [1, "raise", 2], engine=engine))
    assert (outcomes[1], outcomes[2]) == (2, 4)
    assert isinstance(outcomes["raise"], ValueError)
    assert str(outcomes["raise"]) == "no good"


@pytest.mark.parametrize("deadly", ["kill", "crash", "exit"])
def test_the_death_of_a_worker_costs_only_the_item_it_was_at(functions, deadly):
    items = [1, 2, deadly, 3, deadly, *range(10, 20)]
    outcomes = list(map_bounded(functions.act, items, engine="processes", workers=2))
    assert Counter(item for item, _ in outcomes) == Counter(items)
    dead = [outcome for item, outcome in outcomes if item == deadly]
    assert all(isinstance(outcome, WorkerDiedError) for outcome in dead)
    assert not issubclass(WorkerDiedError, CxrError), "errors of that kind end a run"
    assert all(outcome == item * 2 for item, outcome in outcomes if item != deadly)


def test_what_cannot_be_pickled_is_a_failure_of_its_item(functions):
    lock = os.scandir()  # an item that cannot travel
    with lock:
        outcomes = list(map_bounded(functions.act, [lock, "lambda", "fussy", 1], engine="processes"))
    by_item = {str(item): outcome for item, outcome in outcomes}
    assert by_item.pop("1") == 2
    assert len(by_item) == 3
    assert all(isinstance(outcome, Exception) for outcome in by_item.values())
    assert "very fussy" in str(by_item["fussy"])


def test_large_items_and_results_do_not_block_each_other(functions):
    items = [bytes([n]) * 3_000_000 for n in range(6)]
    results = list(map_bounded(functions.act, items, engine="processes"))
    assert sorted(results) == [(item, item + item) for item in items]


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_items_are_taken_only_as_room_comes_free(functions, engine):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = map_bounded(functions.act, endless(), engine=engine, workers=2, window=5)
    for done in range(1, 40):
        next(results)
        assert taken <= done + 5
    results.close()


def test_work_is_shared_among_as_many_processes_as_asked(functions):
    # Long enough for the second process to have started, however busy the machine is.
    results = map_bounded(functions.slow_pid, range(400), engine="processes", workers=2)
    pids = set()
    for _, pid in results:
        pids.add(pid)
        if len(pids) == 2:
            break
    results.close()
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_no_process_outlives_the_iteration(functions):
    results = map_bounded(functions.pid, ["a", "b", "c"], engine="processes", workers=2, window=2)
    _, pid = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_workers_that_die_before_they_begin_end_the_run(functions):
    with pytest.raises(CxrError, match=r"end before they begin \(exit code 7\)"):
        list(map_bounded(functions.DiesOnArrival(), [1], engine="processes"))


def test_an_empty_input_starts_nothing(functions):
    assert list(map_bounded(functions.act, [], engine="processes", workers=2)) == []


def test_ctrl_c_ends_the_run_at_once_and_quietly(functions, tmp_path):
    """A SIGINT to the whole group, as a terminal sends it, gives one KeyboardInterrupt and no noise."""
    script = tmp_path / "interrupted.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal, sys
        from compute_functions import act
        from cxr.compute import map_bounded
        if __name__ == "__main__":
            try:
                for item, _ in map_bounded(act, [1, 2, "sleep", "sleep"], engine="processes", workers=2):
                    if item == 2:
                        os.killpg(0, signal.SIGINT)
            except KeyboardInterrupt:
                print("interrupted")
        """)
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run(
        [sys.executable, script],
        env=environment,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


def test_a_worker_ends_when_its_parent_is_killed(functions, tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal
        from compute_functions import pid
        from cxr.compute import map_bounded
        if __name__ == "__main__":
            for _, worker in map_bounded(pid, range(100), engine="processes"):
                print(worker, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    # The pipe of its output closes only when the last process that writes to it has ended.
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, timeout=50, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.strip().isdigit()


def test_ray_that_is_not_installed_is_a_named_error(monkeypatch):
    monkeypatch.setattr(cxr.compute, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        map_bounded(abs, [1], engine="ray")
    assert "pip install 'cxr[ray]'" in caught.value.next_step
    assert caught.value.exit_code == 8


def test_ray_that_is_installed_is_named_as_not_in_this_version(monkeypatch):
    monkeypatch.setattr(cxr.compute, "find_spec", lambda _: object())
    with pytest.raises(UsageError, match="not in this version"):
        map_bounded(abs, [1], engine="ray")


@pytest.mark.parametrize(
    "wrong", [{"engine": "dask"}, {"workers": 0}, {"engine": "processes", "window": 0}], ids=str
)
def test_what_cannot_work_is_refused_before_anything_is_taken(wrong):
    with pytest.raises(UsageError):
        map_bounded(abs, Path, **wrong)  # a class is no iterable: taking from it would fail
