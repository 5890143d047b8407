"""``cxr lab`` as a user runs it: it says where its hosts are, serves, and leaves nothing behind."""

import base64
import json
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.asking import ask
from support.program import COMMAND, cxr, environment

SMALL = ("--images", 3, "--size", 32)
FREE = ("--port-kaggle", 0, "--port-box", 0)


def heed_signals():
    """Undo what a shell's `&` around the tests left to every program below it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def started(home, *flags):
    """A lab, with what it said at its start as JSON."""
    arguments = [*COMMAND, "lab", "--json", *map(str, (*SMALL, *FREE, *flags))]
    running = subprocess.Popen(
        arguments,
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,  # noqa: PLW1509  no other thread runs in these tests
    )
    try:
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line == "}\n":
                break
        yield running, json.loads("".join(lines))
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_removes_what_it_made(tmp_path, stop):
    with started(tmp_path) as (running, said):
        sources = Path(said["environment"]["CXR_DATASET_SOURCES"])
        assert sources.is_file()
        assert (Path(said["tables"]) / "Data_Entry_2017_v2020.csv").is_file()
        assert said["images"] == 3
        assert ask(f"{said['hosts']['kaggle']}/", "HEAD").status == 200
        assert ask(f"{said['hosts']['box']}/nothing").status == 404
        running.send_signal(stop)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    assert "Kaggle: 1 request" in told
    assert not sources.exists()


def test_its_failures_strike_and_are_counted(tmp_path):
    with started(tmp_path, "--fail", "server-error=1") as (running, said):
        assert said["failures"] == {"server-error": 1.0}
        assert ask(f"{said['hosts']['kaggle']}/v1/a/b", "POST", body={}).status == 500
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert "server-error 1 time." in told


def test_its_hosts_are_as_slow_as_it_is_told(tmp_path):
    with started(tmp_path, "--latency", "0.01", "--rate", "45") as (_, said):
        assert (said["latency_seconds"], said["bytes_per_second"]) == (0.01, 45_000)
        assert ask(f"{said['hosts']['kaggle']}/", "HEAD").status == 200


def test_its_physionet_listens_to_wget_and_to_the_programs_that_are_named(tmp_path):
    with started(tmp_path, "--accept-agent", "cxr/") as (running, said):
        assert said["mimic_images"] == 3
        origin, own = said["hosts"]["physionet"], said["environment"]
        coded = base64.b64encode(f"{own['PHYSIONET_USERNAME']}:{own['PHYSIONET_PASSWORD']}".encode()).decode()
        url = f"{origin}/files/mimic-cxr-jpg/2.1.0/IMAGE_FILENAMES"
        statuses = {
            agent: ask(url, headers={"User-Agent": agent, "Authorization": f"Basic {coded}"}).status
            for agent in ("Wget/1.21.3", "cxr/0.1", "curl/8")
        }
        assert statuses == {"Wget/1.21.3": 200, "cxr/0.1": 200, "curl/8": 403}
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert "PhysioNet: 3 requests" in told


def test_it_says_what_to_type_and_ends_after_its_time(tmp_path):
    done = cxr(tmp_path, "lab", *SMALL, *FREE, "--fail", "reset", "--for", "0.1s")
    assert "export CXR_DATASET_SOURCES=/" in done.stdout
    assert "cxr download --source nih" in done.stdout
    assert "reset 0.1" in done.stdout
    assert "KAGGLE_API_ENVIRONMENT" not in done.stdout
    assert "export PHYSIONET_USERNAME=lab-reader" in done.stdout


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--fail", "resets"], "There is no failure 'resets'"),
        (["--fail", "reset=often"], "is not a rate"),
        (["--fail", "reset=2"], "a rate of 2"),
        (["--fail", "reset=nan"], "a rate of nan"),
        (["--for", "soon"], "is not a time"),
        (["--for", "99999999999h"], "is longer than any lab can run"),
        (["--for", f"{'9' * 400}s"], "is longer than any lab can run"),
        (["--port-physionet", "7998", "--port-box", "7998"], "cannot both have port 7998"),
        (["--port-kaggle", "7999", "--port-box", "7999"], "cannot both have port 7999"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_told(tmp_path, flags, told):
    assert told in cxr(tmp_path, "lab", *SMALL, *FREE, *flags, expect=2).stderr


def test_a_taken_port_is_told_before_anything_is_made(tmp_path):
    with started(tmp_path) as (_, said):
        port = said["hosts"]["box"].rpartition(":")[2]
        done = cxr(tmp_path, "lab", *SMALL, "--port-kaggle", 0, "--port-box", port, expect=2)
    assert f"Port {port}" in done.stderr
    assert "Making images" not in done.stderr


def test_it_lists_what_can_go_wrong(tmp_path):
    listed = json.loads(cxr(tmp_path, "lab", "--list-failures", "--json").stdout)
    assert {one["name"] for one in listed} >= {"rate-limit", "truncated-archive", "stall"}
    assert "truncated-archive" in cxr(tmp_path, "lab", "--list-failures").stdout
