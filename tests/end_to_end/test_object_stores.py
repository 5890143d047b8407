"""From a web host into a bucket: the engine, its threads and its further processes, with no disk between."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import object_servers
from support.file_server import Treatment, png, serving
from support.web_host import WebHost

from cxr.model import Failure, Fetched, Remote
from cxr.transfer.engine import Engine
from cxr.transfer.fetch import verify_found
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.unit import Job

FILES = {
    f"files/p10/p1000000{number % 5}/{number:03}.png": png(40_000 + 7 * number, seed=number)
    for number in range(60)
}
LARGE = {"large.png": png(20 << 20, seed=1)}
POLICY = RetryPolicy(attempts=5, delay=0.01)


@pytest.fixture(scope="module")
def moto():
    with object_servers.moto() as server:
        yield server


@pytest.fixture
def store(moto, request):
    name = f"bucket-{abs(hash(request.node.name))}"
    moto.make(name, False)
    return moto.store(name, "mimic-cxr-jpg/2.1.0")


def units(files):
    for name, content in files.items():
        checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
        yield FileUnit(Job(name, Remote(name, None, checksum), name))


def carried(store, files, *, treat=None, movers=0):
    """Bring files into a store; return what came of each."""
    with serving(files) as server:
        if treat is not None:
            server.treat = treat
        host = WebHost(server.address)
        try:
            engine = Engine(host, store, connections=8, policy=POLICY, movers=movers)
            return {job.name: result for job, result in engine.run(units(files))}
        finally:
            host.close()


def assert_all_there(store, files):
    assert store.listing() == {name: len(content) for name, content in files.items()}
    for name, content in files.items():
        assert b"".join(store.read(name)) == content


@pytest.mark.parametrize("movers", [0, 2])
def test_a_tree_comes_into_a_bucket_whole(store, movers):
    results = carried(store, FILES, movers=movers)
    assert all(isinstance(result, Fetched) for result in results.values()), results
    assert_all_there(store, FILES)


def test_what_breaks_on_the_way_is_fetched_again_and_wrong_bytes_never_appear(store):
    faults = {1: Treatment(cut=1000), 3: Treatment(status=503), 5: Treatment(cut=30_000)}
    wrong = dict(FILES)
    bad = next(iter(FILES))
    wrong[bad] = FILES[bad][:20_000] + b"?" + FILES[bad][20_001:]
    with serving(wrong) as server:
        server.treat = lambda request: faults.get(request.number, Treatment())
        host = WebHost(server.address)
        try:
            engine = Engine(host, store, connections=8, policy=POLICY)
            results = {job.name: result for job, result in engine.run(units(FILES))}
        finally:
            host.close()
    failed = {name: result for name, result in results.items() if isinstance(result, Failure)}
    assert {name: result.code for name, result in failed.items()} == {bad: "hash_differs"}
    assert_all_there(store, {name: content for name, content in FILES.items() if name != bad})


def test_a_large_file_whose_connection_breaks_begins_anew_and_leaves_nothing_to_pay_for(store, moto):
    faults = {0: Treatment(cut=18 << 20)}
    results = carried(store, LARGE, treat=lambda request: faults.get(request.number, Treatment()))
    assert isinstance(results["large.png"], Fetched)
    assert_all_there(store, LARGE)
    assert object_servers.uploads_under_way(moto, store.bucket.name) == 0


def test_an_object_that_lies_there_already_is_verified_from_the_store(store):
    carried(store, LARGE)
    host = WebHost("http://127.0.0.1:9")
    try:
        (unit,) = units(LARGE)
        assert isinstance(verify_found(host, store, unit.job), Fetched)
        other = Job("other", Remote("large.png", None, "sha256:" + "0" * 64), "large.png")
        assert verify_found(host, store, other) is None
        assert verify_found(host, store, Job("none", Remote("none.png"), "none.png")) is None
    finally:
        host.close()


RUN = """
import pickle, sys
sys.path[:] = sys.argv[2:]
from support.web_host import WebHost
from cxr.transfer.engine import Engine
from cxr.transfer.retry import RetryPolicy
store, units = pickle.loads(bytes.fromhex(sys.stdin.read()))
there = store.listing()
left = [unit for unit in units if unit.job.name not in there]
for job, result in Engine(WebHost(sys.argv[1]), store, connections=4, policy=RetryPolicy()).run(left):
    print(job.name, type(result).__name__, flush=True)
"""


def test_a_run_that_is_killed_goes_on_by_the_listing(store):
    """What was in flight is fetched again, and nothing else; no half object is ever to be seen."""
    said = pickle.dumps((store, list(units(FILES)))).hex()
    with serving(FILES) as server:
        server.treat = lambda _: Treatment(pause=0.005)
        for kill in (True, True, False):
            with subprocess.Popen(
                [sys.executable, "-c", RUN, server.address, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                process.stdin.write(said)
                process.stdin.close()
                for came, line in enumerate(process.stdout, 1):
                    assert line.endswith("Fetched\n")
                    if kill and came == 10:
                        os.kill(process.pid, signal.SIGKILL)
                        break
            for name, size in store.listing().items():
                assert size == len(FILES[name])
        assert_all_there(store, FILES)
        assert len(server.requests) <= len(FILES) + 2 * (4 + 10)


MEMORY = """
import hashlib, pickle, sys, threading
sys.path[:] = sys.argv[1:]
store = pickle.loads(bytes.fromhex(sys.stdin.read()))
content = bytes(range(256)) * (5 * 4096)
block = content[: 1 << 16]
sha256 = hashlib.sha256(content).hexdigest()

def put(number):
    for turn in range(6):
        part = store.new_part(f"{number}/{turn}.jpg")
        for _ in range(len(content) // len(block)):
            part.write(block)
        store.commit(f"{number}/{turn}.jpg", sha256)

threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with open("/proc/self/status") as status:  # getrusage would tell the parent's, too
    print(status.read().partition("VmHWM:")[2].split()[0])
"""


def test_eight_connections_with_five_megabytes_each_stay_under_300_mb(store):
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc, to see how much memory a process had at most")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *sys.path],
        input=pickle.dumps(store).hex(),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert len(store.listing()) == 48
    kilobytes = int(done.stdout)
    print(f"{kilobytes / 1024:.0f} MB resident at most")
    assert kilobytes < 300 << 10
