"""A download from either host may be killed at any moment: nothing is lost, hardly anything comes twice."""

import os
import random
import signal
import subprocess
import time
from pathlib import PurePosixPath

import pytest
from support.lab_library import IMPATIENT, arguments, check_complete, download
from support.program import COMMAND, cxr, environment

from cxr.lab.lab import Lab
from cxr.lab.service import Pace

KILLS = 50
IMAGES = 1000
CONNECTIONS = 4
BUFFERED = 256 << 10
"""Bytes of one connection that the server had handed over and the killed program had not used."""
WINDOW = 1 << 20
"""Bytes between two points of the seek index of an archive as small as the lab's."""


@pytest.mark.acceptance
@pytest.mark.parametrize(("host", "speed"), [("kaggle", 800_000), ("box", 3_500_000)])
def test_fifty_kills_lose_nothing_and_fetch_hardly_anything_twice(tmp_path, host, speed):
    # So slow that the run is still under way at the last kill; Box's one archive comes over one connection.
    pace = Pace(bytes_per_second=speed)
    with Lab(images=IMAGES, size=512, pixels="noise", folders=1, pace=pace) as lab:
        library = tmp_path / "L"
        draw = random.Random(2026)
        # The tables and the directory are there from now on.
        download(tmp_path, library, host, lab, "--limit", 1)
        for accounts in lab.accounts.values():
            accounts.reset()
        command = [*COMMAND, *map(str, arguments(library, host, lab)), "--workers", str(CONNECTIONS), "-q"]
        killed, there = 0, []
        while killed < KILLS:
            run = subprocess.Popen(
                command, env=environment(tmp_path) | {**lab.environment, **IMPATIENT}, start_new_session=True
            )
            if draw.random() < 0.8:  # else at any moment, from the start of the program on
                wait_for_a_new_image(run, library / "Images")
            time.sleep(draw.uniform(0.0, 1.0))
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                killed += 1
            run.wait()
            there.append(len(list((library / "Images").iterdir())))
            if there[-1] == IMAGES and killed < KILLS:
                print(f"all were there after {killed} kills")
                break
        download(tmp_path, library, host, lab)
        cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", library)
        check_complete(library, lab)
        check_bytes(lab, host, killed)
        print(f"{host}: {killed} kills; images there after each: {there}")
        assert killed == KILLS


def wait_for_a_new_image(run, folder):
    """Wait until an image more than before is there, or the run has ended."""
    before = len(list(folder.iterdir()))
    deadline = time.monotonic() + 20
    while run.poll() is None and len(list(folder.iterdir())) == before:
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.005)


def check_bytes(lab, host, killed):
    sent = {
        path: size
        for path, size in lab.accounts[host].bytes_by_path.items()
        if "archive" in path or "/d/" in path
    }
    whole = sum(lab.sizes[path] for path in lab.images)
    total = sum(sent.values())
    allowed = killed * (CONNECTIONS * BUFFERED if host == "kaggle" else WINDOW + BUFFERED)
    print(
        f"{host}: {total:,} bytes sent for {whole:,} of images; {total - whole:,} more, {allowed:,} allowed"
    )
    assert total - whole <= allowed
    names = [PurePosixPath(path).name for path in lab.images]
    assert len(set(names)) == IMAGES
