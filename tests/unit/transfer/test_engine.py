"""The engine: what it does with units that fail in every way, and how it stops."""

import json
import threading
import time
from contextlib import closing
from datetime import datetime
from itertools import pairwise

import pytest
from support.file_server import Treatment, png, serving
from support.nih_folder import make_nih_folder
from support.units import Attempts, Named, Scripted, came, job, succeed
from support.web_host import WebHost

from cxr.errors import AccessError, CxrError, HostError, StorageError
from cxr.hosts import folder
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.logs import open_logs
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer import budget
from cxr.transfer.engine import Engine
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import LONGEST_PAUSE, RetryPolicy
from cxr.transfer.threads import AHEAD
from cxr.transfer.unit import Job

QUICK = RetryPolicy(attempts=3, delay=0.002)
WINDOW = 2 * 4 + AHEAD
"""Units that an engine with four connections may have tried when something happens to all of them."""


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert [thread for thread in threading.enumerate() if thread.name == "cxr-fetch"] == []


def carry_out(units, store, host=None, *, connections=4, policy=QUICK, **more):
    """Run an engine to its end; return what came of each image."""
    engine = Engine(host or Named(), store, connections=connections, policy=policy, **more)
    results = {}
    for one, result in engine.run(units):
        assert one.image_id not in results
        results[one.image_id] = result
    return results


def kinds(results):
    return {image_id: getattr(result, "code", "came") for image_id, result in results.items()}


def breaking(times, error=None, *, first=0):
    """Return a script that reports the first few images, and breaks so many times."""

    def script(unit, report, number):
        for one in unit.jobs[:first]:
            report.done(one, came(one))
        if number < times:
            raise error or TransientError("stalled", "no byte came for 60 seconds")
        succeed(unit, report, number)

    return script


def refusing(status):
    def script(unit, report, number):
        raise RefusedError(f"http_{status}", f"the host answered with HTTP status {status}", status=status)

    return script


# What becomes of units.


def test_every_image_is_decided_once(store):
    log = Attempts()
    units = [Scripted([job(f"{unit}_{image}") for image in range(3)], succeed, log) for unit in range(200)]
    assert set(kinds(carry_out(iter(units), store)).values()) == {"came"}
    assert len(log.begun) == 200


def test_nothing_to_do_is_done_at_once(store):
    assert carry_out(iter(()), store) == {}


def test_a_broken_unit_is_tried_again_for_what_is_left(store):
    log = Attempts()
    unit = Scripted([job(1), job(2), job(3)], breaking(2, first=1), log)
    assert kinds(carry_out(iter([unit]), store)) == {"1": "came", "2": "came", "3": "came"}
    assert [ids for _, ids in log.begun] == [("1", "2", "3"), ("2", "3"), ("3",)]


def test_tries_count_from_the_last_progress(store):
    unit = Scripted([job(number) for number in range(20)], breaking(20, first=1))
    assert set(kinds(carry_out(iter([unit]), store)).values()) == {"came"}


def test_bytes_that_stay_are_progress_if_they_are_worth_it(store):
    def bringing(size):
        def script(unit, report, number):
            report.kept(size)
            breaking(10)(unit, report, number)

        return script

    good = Scripted([job("good")], succeed)
    for size, code in ((1 << 20, "came"), (100, "stalled")):
        assert kinds(carry_out(iter([good, Scripted([job(1)], bringing(size))]), store))["1"] == code


def test_what_is_given_up_is_a_row_with_its_reason(store):
    units = [Scripted([job(1)], succeed), Scripted([job(2), job(3)], breaking(99, first=0))]
    results = carry_out(iter(units), store)
    assert kinds(results) == {"1": "came", "2": "stalled", "3": "stalled"}
    assert results["2"].reason == ("images/2.png at somewhere: no byte came for 60 seconds (tried 3 times)")
    assert results["2"].url == "https://somewhere.example/images/2.png"


def test_what_is_refused_is_a_row_and_is_not_tried_again(store):
    log = Attempts()
    units = [Scripted([job(1)], succeed), Scripted([job(2), job(3)], refusing(404), log)]
    assert kinds(carry_out(iter(units), store)) == {"1": "came", "2": "http_404", "3": "http_404"}
    assert len(log.begun) == 1


def test_any_number_of_files_may_not_be_there(store):
    units = [Scripted([job(number)], refusing(404)) for number in range(100)]
    assert set(kinds(carry_out(iter(units), store)).values()) == {"http_404"}


def test_a_fault_of_ours_costs_its_own_unit_alone_and_is_in_the_log(store, tmp_path):
    def script(unit, report, number):
        raise ValueError("a bug")

    units = [Scripted([job(1)], script), Scripted([job(2)], succeed)]
    with open_logs(tmp_path / "logs"):
        results = carry_out(iter(units), store)
    assert kinds(results) == {"1": "unexpected", "2": "came"}
    assert "ValueError: a bug" in (tmp_path / "logs" / "cxr_downloader_errors.log").read_text()


def test_a_fault_of_ours_in_everything_ends_the_run(store):
    def script(unit, report, number):
        raise ValueError("a bug")

    units = (Scripted([job(number)], script) for number in range(10_000))
    rows = []
    with pytest.raises(CxrError, match="ValueError: a bug") as caught:
        rows.extend(Engine(Named(), store, connections=4, policy=QUICK).run(units))
    assert "report" in caught.value.next_step
    assert len(rows) == 50


def test_a_store_that_cannot_be_written_ends_the_run(store):
    def script(unit, report, number):
        raise StorageError("No space left.")

    units = (Scripted([job(number)], script) for number in range(1000))
    with pytest.raises(StorageError):
        carry_out(units, store)


def test_what_is_reported_twice_counts_once(store):
    def script(unit, report, number):
        succeed(unit, report, number)
        succeed(unit, report, number)

    assert kinds(carry_out(iter([Scripted([job(1)], script)]), store)) == {"1": "came"}


# Elsewhere.


def nothing(unit, report, number):
    """Find no image."""


def finding(*image_ids):
    def script(unit, report, number):
        for one in unit.jobs:
            if one.image_id in image_ids:
                report.done(one, came(one))

    return script


def test_what_is_nowhere_is_missing(store):
    results = carry_out(iter([Scripted([job(1), job(2)], finding("1"))]), store)
    assert kinds(results) == {"1": "came", "2": "missing"}


@pytest.mark.parametrize("shape", ["list", "chain"])
def test_each_place_is_asked_for_what_those_before_did_not_have(store, shape):
    log, jobs = Attempts(), [job(number) for number in range(5)]
    third = Scripted(jobs, finding("2"), log)
    second = Scripted(jobs, finding("1"), log, places=[third] if shape == "chain" else [])
    first = Scripted(jobs, finding("0"), log, places=[second] if shape == "chain" else [second, third])
    results = carry_out(iter([first]), store)
    assert kinds(results) == {"0": "came", "1": "came", "2": "came", "3": "missing", "4": "missing"}
    assert [ids for _, ids in log.begun] == [tuple("01234"), tuple("1234"), tuple("234")]


def test_images_may_be_elsewhere_in_different_places(store):
    places = [Scripted([job(1)], succeed), Scripted([job(2)], succeed), Scripted([job(3)], nothing)]
    unit = Scripted([job(1), job(2), job(3)], nothing, places=places)
    assert kinds(carry_out(iter([unit]), store)) == {"1": "came", "2": "came", "3": "missing"}


# How many at a time.


def slowly(unit, report, number):
    time.sleep(0.002)
    succeed(unit, report, number)


@pytest.mark.parametrize(("connections", "ceiling", "most"), [(1, 16, 1), (3, 16, 3), (16, 2, 2), (3, 0, 3)])
def test_no_more_are_under_way_than_user_and_host_allow(store, connections, ceiling, most):
    log = Attempts()
    units = (Scripted([job(number)], slowly, log) for number in range(60))
    assert len(carry_out(units, store, Named(ceiling), connections=connections)) == 60
    assert log.most == most


def test_a_host_of_this_machine_is_used_in_full_from_the_beginning(store, tmp_path):
    together = threading.Barrier(12)

    def script(unit, report, number):
        together.wait(10)
        succeed(unit, report, number)

    units = (Scripted([job(number)], script) for number in range(12))
    with open_logs(tmp_path / "logs"):
        results = carry_out(units, store, Named(0), connections=12)
    assert set(kinds(results).values()) == {"came"}
    assert (tmp_path / "logs" / "cxr_downloader.json").read_text() == ""


def test_units_of_one_name_are_never_under_way_together(store):
    logs = {name: Attempts() for name in "ab"}
    units = (
        Scripted([job(number)], slowly, logs["ab"[number % 2]], exclusive="ab"[number % 2])
        for number in range(60)
    )
    assert len(carry_out(units, store, connections=8)) == 60
    assert [log.most for log in logs.values()] == [1, 1]


def test_units_are_taken_as_late_as_possible(store):
    taken = []

    def units():
        for number in range(10_000):
            taken.append(number)
            yield Scripted([job(number)], succeed)

    with closing(Engine(Named(), store, connections=4, policy=QUICK).run(units())) as results:
        next(results)
        assert len(taken) < 100


def test_units_that_wait_for_another_try_hold_up_further_ones(store):
    """Memory is bounded in an hour of failures, too."""
    taken = []

    def units():
        for number in range(10_000):
            taken.append(number)
            yield Scripted([job(number)], breaking(1))

    patient = RetryPolicy(delay=3600, longest=3600)
    with closing(Engine(Named(), store, connections=4, policy=patient).run(units())) as results:
        stopper = threading.Timer(0.3, lambda: taken.append("time"))
        stopper.start()
        with pytest.raises(_EnoughError):
            _pull_until(results, lambda: "time" in taken)
        stopper.join()
    assert len(taken) < 100


class _EnoughError(Exception):
    pass


def _pull_until(results, over):
    """Consume results; raise in the engine's own thread once it is over."""
    engine = results.gi_frame.f_locals["self"]
    wait = engine._workers.wait

    def waiting(seconds):
        if over():
            raise _EnoughError
        return wait(0.01)

    engine._workers.wait = waiting
    list(results)


# The budget.


def test_the_log_shows_how_the_budget_shrinks_and_grows(store, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "WINDOW", 0.02)
    refused = threading.Event()

    def script(unit, report, number):
        report.moved(1000)
        time.sleep(0.002)
        if unit.jobs[0].image_id == "100" and not refused.is_set():
            refused.set()
            raise TransientError("http_429", "too many requests", status=429, throttled=True)
        succeed(unit, report, number)

    units = (Scripted([job(number)], script) for number in range(2000))
    with open_logs(tmp_path / "logs"):
        results = carry_out(units, store, connections=16)
    assert set(kinds(results).values()) == {"came"}
    lines = (tmp_path / "logs" / "cxr_downloader.json").read_text().splitlines()
    changes = [line for line in map(json.loads, lines) if line["event"] == "budget"]
    assert all(line["host"] == "somewhere" for line in changes)
    shrunk = [line for line in changes if line["connections"] < line["before"]]
    assert [line["reason"] for line in shrunk] == ["the host asks for less (HTTP status 429)"]
    after = changes[changes.index(shrunk[0]) + 1 :]
    assert after
    assert all(line["connections"] == line["before"] + 1 for line in after)


def test_a_host_that_asks_for_a_pause_gets_it_from_everybody(store):
    log, pause = Attempts(), 0.3

    def script(unit, report, number):
        if unit.jobs[0].image_id == "5" and number == 0:
            raise TransientError("http_429", "later", status=429, throttled=True, retry_after=pause)
        time.sleep(0.001)
        succeed(unit, report, number)

    units = (Scripted([job(number)], script, log) for number in range(200))
    assert len(carry_out(units, store)) == 200
    longest = max(after - before for (before, _), (after, _) in pairwise(sorted(log.begun)))
    assert longest > pause * 0.8


def too_many(unit, report, number):
    raise TransientError("http_429", "too many requests", status=429, throttled=True)


def test_what_waited_when_the_host_asked_for_less_is_tried_later_and_once(store):
    log, refused = Attempts(), threading.Event()

    def script(unit, report, number):
        if not refused.is_set():
            refused.set()
            too_many(unit, report, number)
        succeed(unit, report, number)

    units = (Scripted([job(number)], script, log) for number in range(200))
    results = carry_out(units, store, policy=RetryPolicy(attempts=1, delay=0.01))
    assert list(kinds(results).values()) == ["came"] * 200
    assert len(log.begun) == 201


def test_too_many_requests_are_no_fault_of_the_image_while_others_come(store):
    done, log = threading.Semaphore(0), Attempts()

    def refused_nine_times(unit, report, number):
        for _ in range(20):
            assert done.acquire(timeout=10)
        (too_many if number < 9 else succeed)(unit, report, number)

    def others(unit, report, number):
        succeed(unit, report, number)
        done.release()

    units = [Scripted([job("x")], refused_nine_times, log)]
    units += [Scripted([job(number)], others) for number in range(1000)]
    results = carry_out(iter(units), store, policy=RetryPolicy(attempts=2, delay=0.001))
    assert set(kinds(results).values()) == {"came"}
    assert len(log.begun) == 10


def test_too_many_requests_of_everybody_end_the_run(store):
    log = Attempts()
    with pytest.raises(HostError, match="too many requests"):
        carry_out((Scripted([job(n)], too_many, log) for n in range(10_000)), store)
    assert len(log.begun) < 300


def test_a_host_that_wants_to_be_left_alone_for_long_ends_the_run(store):
    def script(unit, report, number):
        raise TransientError(
            "http_429", "later", status=429, throttled=True, retry_after=LONGEST_PAUSE + 3600
        )

    with pytest.raises(HostError) as caught:
        carry_out(iter([Scripted([job(1)], script)]), store)
    assert f"until {datetime.now().astimezone():%Y-}" in caught.value.happened
    assert "Run the same command again" in caught.value.next_step


# Giving up.


def test_a_host_that_is_down_is_given_up_before_every_image_has_waited(store):
    log = Attempts()
    units = (Scripted([job(number)], breaking(99), log) for number in range(10_000))
    rows = []
    with pytest.raises(HostError, match="no byte came") as caught:
        rows.extend(Engine(Named(), store, connections=4, policy=QUICK).run(units))
    assert caught.value.exit_code == 4
    assert 5 <= len(rows) < 20
    assert {result.code for _, result in rows} == {"stalled"}
    assert len(log.begun) < 300


def test_a_host_that_fails_now_and_then_is_not_given_up(store):
    units = [Scripted([job(number)], breaking(99) if number % 2 else succeed) for number in range(200)]
    codes = kinds(carry_out(iter(units), store, connections=1))
    assert list(codes.values()).count("stalled") == 100


def test_a_network_that_is_away_for_a_while_costs_only_what_it_interrupted(store):
    """The others wait until something is to be had again, and one of them looks whether it is."""
    down, log = threading.Event(), Attempts()

    def script(unit, report, number):
        if unit.jobs[0].image_id == "50" and number == 0:
            down.set()
            threading.Timer(0.4, down.clear).start()
        if down.is_set():
            raise TransientError("connection", "there was no answer")
        succeed(unit, report, number)

    units = (Scripted([job(number)], script, log) for number in range(500))
    results = carry_out(units, store, connections=4, policy=RetryPolicy(attempts=2, delay=0.03))
    codes = list(kinds(results).values())
    assert len(codes) == 500
    assert 1 <= codes.count("connection") <= WINDOW


def test_a_host_that_goes_away_for_good_is_given_up_after_a_few_looks(store):
    units = (Scripted([job(n)], succeed if n < 100 else breaking(99)) for n in range(10_000))
    rows = []
    with pytest.raises(HostError):
        rows.extend(Engine(Named(), store, connections=4, policy=QUICK).run(units))
    assert 100 <= len(rows) < 100 + WINDOW + 5


def test_one_look_at_a_time_shows_whether_a_host_is_back(store):
    units = (Scripted([job(n)], succeed if n < 100 else breaking(99)) for n in range(10_000))
    rows = []
    policy = RetryPolicy(attempts=2, delay=0.5, longest=0.5)
    with pytest.raises(HostError):
        rows.extend(Engine(Named(), store, connections=4, policy=policy).run(units))
    assert len(rows) < 100 + WINDOW * 2 // 3


def test_a_run_that_had_nothing_says_that_it_is_the_host(store):
    rows = []
    with pytest.raises(HostError):
        rows.extend(
            Engine(Named(), store, connections=4, policy=QUICK).run(iter([Scripted([job(1)], breaking(9))]))
        )


@pytest.mark.parametrize("status", [401, 403])
def test_a_host_that_lets_nobody_in_ends_the_run_without_a_row(store, status):
    units = (Scripted([job(number)], refusing(status)) for number in range(10_000))
    rows = []
    with pytest.raises(AccessError, match=str(status)) as caught:
        rows.extend(Engine(Named(), store, connections=4, policy=QUICK).run(units))
    assert caught.value.exit_code == 3
    assert rows == []


def test_credentials_that_are_withdrawn_end_the_run_and_keep_what_came(store):
    units = (Scripted([job(n)], succeed if n < 100 else refusing(401)) for n in range(10_000))
    rows = []
    with pytest.raises(AccessError):
        rows.extend(Engine(Named(), store, connections=1, policy=QUICK).run(units))
    assert [one.image_id for one, _ in rows] == [str(n) for n in range(100)]
    assert all(isinstance(result, Fetched) for _, result in rows)


def test_what_was_forbidden_among_what_came_is_a_row_whatever_happens_later(store):
    units = (Scripted([job(n)], succeed if n in {0, 2} else refusing(403)) for n in range(10_000))
    rows = []
    with pytest.raises(AccessError):
        rows.extend(Engine(Named(), store, connections=1, policy=QUICK).run(units))
    assert kinds({one.image_id: result for one, result in rows}) == {
        "0": "came",
        "1": "http_403",
        "2": "came",
    }


@pytest.mark.parametrize("let_in", [True, False])
def test_what_was_forbidden_is_a_row_if_the_run_ends_for_another_reason(store, let_in):
    """Not where nothing came before: it may be that the host lets nobody in."""

    def full(unit, report, number):
        raise StorageError("No space left while writing.", next_step="Free some.")

    scripts = [*[succeed] * let_in, refusing(403), full]
    units = (Scripted([job(n)], script) for n, script in enumerate(scripts))
    rows = []
    with pytest.raises(StorageError):
        rows.extend(Engine(Named(), store, connections=1, policy=QUICK).run(units))
    expected = {"0": "came", "1": "http_403"} if let_in else {}
    assert kinds({one.image_id: result for one, result in rows}) == expected


def test_single_files_that_are_forbidden_are_rows(store):
    units = [Scripted([job(n)], refusing(403) if n % 10 == 3 else succeed) for n in range(100)]
    codes = kinds(carry_out(iter(units), store, connections=1))
    assert list(codes.values()).count("http_403") == 10


def test_nothing_for_longer_than_patience_ends_the_run_without_a_row(store):
    policy = RetryPolicy(attempts=1000, delay=0.01, patience=0.2)
    rows = []
    with pytest.raises(HostError):
        rows.extend(
            Engine(Named(), store, connections=4, policy=policy).run(
                Scripted([job(number)], breaking(9999)) for number in range(20)
            )
        )
    assert rows == []


# Stopping.


def test_closing_ends_what_is_under_way(store):
    host, begun = Named(), threading.Event()

    def script(unit, report, number):
        if unit.jobs[0].image_id == "0":
            succeed(unit, report, number)
            return
        begun.set()
        while not (report.stopping and host.closed.wait(0.01)):
            pass

    units = (Scripted([job(number)], script) for number in range(100))
    results = Engine(host, store, connections=4, policy=QUICK).run(units)
    next(results)
    begun.wait(5)
    results.close()
    assert host.closed.is_set()


def test_a_consumer_that_fails_ends_the_run(store):
    def consume():
        with closing(Engine(Named(), store, connections=4, policy=QUICK).run(units)) as results:
            for _ in results:
                raise ZeroDivisionError

    units = (Scripted([job(number)], slowly) for number in range(1000))
    with pytest.raises(ZeroDivisionError):
        consume()


def test_a_host_stays_open_after_a_run_that_came_to_its_end(store):
    host = Named()
    carry_out(iter([Scripted([job(1)], succeed)]), store, host)
    assert not host.closed.is_set()


# With real files.

FILES = {f"{number:03d}.png": png(20_000 + 7 * number, seed=number) for number in range(60)}


@pytest.fixture
def served():
    with serving(FILES) as server:
        yield server


@pytest.fixture
def host(served):
    host = WebHost(served.address, settings=HttpSettings(stall_timeout=0.5))
    yield host
    host.close()


def file_units(files=FILES):
    return (
        FileUnit(Job(path[:-4], Remote(path, len(content)), path)) for path, content in sorted(files.items())
    )


def assert_all_there(store, files=FILES):
    assert store.listing() == {path: len(content) for path, content in files.items()}
    for path, content in files.items():
        assert store.path(path).read_bytes() == content


def test_files_come_byte_for_byte_and_their_bytes_are_told(host, store):
    moved = []
    results = carry_out(file_units(), store, host, connections=8, moved=moved.append)
    assert set(kinds(results).values()) == {"came"}
    assert sum(moved) == sum(map(len, FILES.values()))
    assert_all_there(store)


def test_files_come_through_cuts_stalls_and_errors(host, store, served):
    faults = [
        Treatment(cut=100),
        Treatment(cut=0),
        Treatment(status=500),
        Treatment(status=429, headers={"Retry-After": "0"}),
        Treatment(status=503),
        Treatment(stall=5000),
    ]
    served.treat = lambda request: faults[request.number // 5 % 6] if request.number % 5 == 2 else Treatment()
    results = carry_out(file_units(), store, host, connections=8, policy=RetryPolicy(attempts=5, delay=0.01))
    assert set(kinds(results).values()) == {"came"}
    assert_all_there(store)
    assert list(store.part("x").parent.iterdir()) == []


def test_a_server_that_goes_away_leaves_whole_files_and_a_word(store, served):
    served.treat = lambda request: Treatment(cut=1000) if request.number > 20 else Treatment()
    host = WebHost(served.address)
    with pytest.raises(HostError):
        carry_out(file_units(), store, host, connections=2)
    there = store.listing()
    assert 0 < len(there) < len(FILES)
    assert all(store.path(name).read_bytes() == FILES[name] for name in there)
    host.close()


def test_images_of_this_machine_go_the_same_way(tmp_path, store):
    source = make_nih_folder(tmp_path / "nih", 12) / "images"
    units = [
        FileUnit(Job(path.stem, Remote(f"images/{path.name}", path.stat().st_size), path.name))
        for path in source.iterdir()
    ]
    units.append(FileUnit(Job("gone", Remote("images/gone.png"), "gone.png")))
    results = carry_out(iter(units), store, folder.connect(tmp_path / "nih"))
    assert len(store.listing()) == 12
    assert [image_id for image_id, result in results.items() if isinstance(result, Failure)] == ["gone"]
