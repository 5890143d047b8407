"""A mirror into a bucket may be killed at any moment, lose its ledger and its objects: it ends whole."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
from support.lab_library import IMPATIENT
from support.labs import lab
from support.object_servers import KEY, KEY_ID, moto
from support.program import COMMAND, cxr, environment

from cxr.lab.physionet_rules import AGENTS, PhysioNetRules
from cxr.lab.service import Pace

KILLS = 50
IMAGES = 600
CONNECTIONS = 4
DELETED = 7
"""Objects that are deleted at a time; it is done twice."""
JPG = "mimic-cxr-jpg/2.1.0"


@pytest.mark.acceptance
def test_fifty_kills_a_lost_ledger_and_deleted_objects_cost_what_was_in_flight(tmp_path):
    rules = PhysioNetRules(agents=(*AGENTS, "cxr/"))
    # So slow that the run is still under way at the last kill.
    pace = Pace(bytes_per_second=90_000)
    with moto() as s3, lab(hosts=("physionet",), images=IMAGES, size=256, physionet=rules, pace=pace) as one:
        s3.make("killed", False)
        store = s3.store("killed", "m")
        variables = {
            **one.environment,
            **IMPATIENT,
            "AWS_ENDPOINT_URL": s3.origin,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY,
        }
        words = ("mirror", "--source", "mimic", "--to", "s3://killed/m", "--state", "state", "-q", "--yes")
        words += ("--accept-terms", "mimic", "--workers", str(CONNECTIONS))
        cxr(tmp_path, *words, "--metadata-only", variables=variables)
        sums = {f"{JPG}/{path}": digest for path, digest in one.mimic.checksums(JPG).items()}
        images = {path: digest for path, digest in sums.items() if path.endswith(".jpg")}
        one.reset_accounts()
        draw = random.Random(2026)
        killed, deleted = 0, 0
        while killed < KILLS:
            run = subprocess.Popen(
                [*COMMAND, *words],
                cwd=tmp_path,
                env=environment(tmp_path) | variables,
                start_new_session=True,
            )
            wait_for_an_image(run, one, draw)
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                killed += 1
            run.wait()
            if killed in {KILLS // 3, 2 * KILLS // 3} and deleted < 2 * DELETED:
                there = sorted(images.keys() & store.listing().keys())
                for path in draw.sample(there, DELETED):
                    store.remove(path)
                deleted += DELETED
            if killed == KILLS // 2:
                shutil.rmtree(tmp_path / "state", ignore_errors=True)
            if run.returncode == 0:
                print(f"all were there after {killed} kills")
                break
        cxr(tmp_path, *words, variables=variables)
        found = {name: hashlib.sha256(b"".join(store.read(name))).hexdigest() for name in images}
        assert found == images
        asked = Counter(exchange.path for exchange in one.requests("physionet") if ".jpg" in exchange.path)
        extra = asked.total() - IMAGES
        print(f"{killed} kills, {deleted} deleted: {extra} images asked for more than once")
        assert killed == KILLS
        assert 0 <= extra <= killed * CONNECTIONS + deleted


def wait_for_an_image(run, one, draw):
    """Wait until some more images were asked for, then a moment; now and then wait for nothing."""
    before = one.count("physionet")
    until = time.monotonic() + 60
    if draw.random() < 0.9:
        while run.poll() is None and one.count("physionet") < before + 8 and time.monotonic() < until:
            time.sleep(0.01)
    time.sleep(draw.uniform(0.0, 0.6))
