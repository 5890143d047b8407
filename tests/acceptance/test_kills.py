"""Nothing is lost and nothing half-written counts, whenever the run is killed."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.agreement import check_agreement
from support.nih_folder import make_nih_folder
from support.program import COMMAND, cxr, environment

KILLS = 50
IMAGES = 2000


@pytest.fixture
def other_file_system(tmp_path):
    """A folder on another file system than ``tmp_path``, so that files are copied, not linked."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    folder = shared_memory / f"cxr-kills-{os.getpid()}"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.acceptance
def test_fifty_kills_at_random_moments_lose_nothing(tmp_path, other_file_system):
    """Every image is there once, byte-identical, and index, CSV, Parquet, ledger and captions agree."""
    folder = make_nih_folder(other_file_system / "nih", IMAGES, side=512)
    library = tmp_path / "library"
    arguments = [
        "download",
        "--source",
        "nih",
        "--from",
        str(folder),
        "--base-dir",
        str(library),
        "--yes",
        "-q",
    ]
    draw = random.Random(2026)
    unfinished = 0
    for _ in range(KILLS):
        run = subprocess.Popen([*COMMAND, *arguments], env=environment(tmp_path), start_new_session=True)
        images = library / "Images"
        before = len(list(images.iterdir())) if images.is_dir() else 0
        deadline = time.monotonic() + 20
        # From the first file that moves on, any moment is as good as another.
        while run.poll() is None and time.monotonic() < deadline:
            if images.is_dir() and len(list(images.iterdir())) > before:
                break
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.12))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        unfinished += len(list(images.iterdir())) < IMAGES
    print(f"{unfinished} of {KILLS} kills fell before all {IMAGES:,} images were there")
    assert unfinished >= KILLS // 2
    cxr(tmp_path, *arguments)
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", library)
    assert not list(library.rglob("*.part"))
    check_agreement(library, "nih", {path.stem: path for path in (folder / "images").iterdir()})
