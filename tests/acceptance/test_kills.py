"""Nothing is lost and nothing half-written counts, whenever the run is killed."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.agreement import check_agreement, sha256
from support.nih_folder import make_nih_folder
from support.program import COMMAND, cxr, environment

KILLS = 50
IMAGES = 2000


@pytest.fixture(params=["copied", "linked"])
def source(request, tmp_path):
    """A folder of the user's: on another file system, so that files are copied, or on the library's."""
    if request.param == "linked":
        (tmp_path / "mine").mkdir()
        yield tmp_path / "mine"
        return
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    folder = shared_memory / f"cxr-kills-{os.getpid()}"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.acceptance
def test_fifty_kills_at_random_moments_lose_nothing(tmp_path, source):
    """Every image is there once, byte-identical, and index, CSV, Parquet, ledger and captions agree.

    The user's own files are what they were.
    """
    folder = make_nih_folder(source / "nih", IMAGES, side=512)
    published = {path.stem: path for path in (folder / "images").iterdir()}
    before = {name: sha256(path) for name, path in published.items()}
    library = tmp_path / "library"
    arguments = ["download", "--source", "nih", "--from", folder, "--base-dir", library, "--yes", "-q"]
    draw = random.Random(2026)
    killed, present = 0, []
    for _ in range(KILLS * 10):  # a run may end before it is killed
        if killed == KILLS:
            break
        run = subprocess.Popen(
            [*COMMAND, *map(str, arguments)], env=environment(tmp_path), start_new_session=True
        )
        # Most while files move, the last at any moment from the start of the program to its end.
        if killed < KILLS * 0.7 and count(library / "Images") < IMAGES:
            wait_for_a_new_file(run, library / "Images")
            time.sleep(draw.uniform(0, 0.06))
        else:
            time.sleep(draw.uniform(0, 2.0))
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            killed += 1
            present.append(count(library / "Images"))
        run.wait()
    assert killed == KILLS
    print(f"images present after each of {killed} kills: {present}")
    cxr(tmp_path, *arguments)
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", library)
    assert not list(library.rglob("*.part"))
    check_agreement(library, "nih", published)
    assert {name: sha256(path) for name, path in published.items()} == before


def wait_for_a_new_file(run, folder):
    """Wait until a file more than before is there, or the run has ended."""
    before = count(folder)
    deadline = time.monotonic() + 20
    while run.poll() is None and count(folder) <= before and time.monotonic() < deadline:
        time.sleep(0.005)


def count(folder):
    return len(list(folder.iterdir())) if folder.is_dir() else 0
