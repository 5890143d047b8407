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
BUFFERED = 512 << 10
"""Bytes of one connection that the server had handed over and the killed program had not used."""
WINDOW = 1 << 20
"""Bytes between two points of the seek index of an archive as small as the lab's."""


@pytest.mark.acceptance
@pytest.mark.parametrize("host", ["kaggle", "box"])
def test_fifty_kills_lose_nothing_and_fetch_hardly_anything_twice(tmp_path, host):
    # So slow that the run is still under way at the last kill.
    pace = Pace(bytes_per_second=700_000)
    with Lab(images=IMAGES, size=256, pixels="noise", folders=3, hosts=("kaggle", "box"), pace=pace) as lab:
        library = tmp_path / "L"
        draw = random.Random(2026)
        download(
            tmp_path, library, host, lab, "--limit", 1
        )  # the tables, the directory, the index's beginning
        for accounts in lab.accounts.values():
            accounts.reset()
        command = [*COMMAND, *map(str, arguments(library, host, lab)), "--workers", str(CONNECTIONS), "-q"]
        killed, there = 0, []
        while killed < KILLS:
            run = subprocess.Popen(
                command, env=environment(tmp_path) | {**lab.environment, **IMPATIENT}, start_new_session=True
            )
            wait_for_bytes(run, lab.accounts[host])
            time.sleep(draw.uniform(0.0, 1.2))
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
        assert killed >= KILLS * 0.8


def wait_for_bytes(run, accounts):
    """Wait until the run has begun to receive, or has ended."""
    before = accounts.bytes_sent
    deadline = time.monotonic() + 20
    while run.poll() is None and accounts.bytes_sent < before + 4096:
        assert time.monotonic() < deadline, "nothing was asked for"
        time.sleep(0.01)


def check_bytes(lab, host, killed):
    sent = {
        path: size
        for path, size in lab.accounts[host].bytes_by_path.items()
        if "archive" in path or "/d/" in path
    }
    whole = sum(lab.sizes[path] for path in lab.images)
    total = sum(sent.values())
    allowed = killed * CONNECTIONS * (BUFFERED if host == "kaggle" else BUFFERED + WINDOW)
    print(
        f"{host}: {total:,} bytes sent for {whole:,} of images; {total - whole:,} more, {allowed:,} allowed"
    )
    assert total - whole <= allowed
    names = [PurePosixPath(path).name for path in lab.images]
    assert len(set(names)) == IMAGES
