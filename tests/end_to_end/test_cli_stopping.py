"""Runs that are stopped, asked, or met by a second one."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from support.program import COMMAND, cxr, cxr_json, environment
from support.terminal import on_a_terminal

SLOW = [
    "download",
    "--source",
    "synthetic",
    "--limit",
    "60",
    "--size",
    "512",
    "--workers",
    "1",
    "--base-dir",
    "l",
]


def heed_signals():
    """Undo what `nohup` or a shell's `&` around the tests left to every program below it."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def under_way(home, *more):
    """A download that has begun and is far from its end."""
    run = subprocess.Popen(
        [*COMMAND, *SLOW, *more],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,  # noqa: PLW1509  no other thread runs in these tests
    )
    images = home / "l" / "Images"
    deadline = time.monotonic() + 60
    while run.poll() is None and time.monotonic() < deadline:
        if images.is_dir() and len(list(images.iterdir())) >= 8:
            break
        time.sleep(0.01)
    try:
        yield run
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_says_so_keeps_its_state_and_goes_on(number, tmp_path):
    """Exit 130; what was finished is in the index; the next run makes only the rest."""
    with under_way(tmp_path) as run:
        run.send_signal(number)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "Stopped" in err
    assert "Traceback" not in err
    held = cxr_json(tmp_path, "stats", "--base-dir", "l")["sources"]["synthetic"]["images"]
    assert 1 <= held < 60
    if number == signal.SIGTERM:
        rest = cxr_json(tmp_path, "download", "--source", "synthetic", "--resume", "--base-dir", "l")
        assert rest["already"] >= held
        assert rest["already"] + rest["downloaded"] == 60


def test_a_time_limit_stops_the_run_with_its_state(tmp_path):
    done = cxr(tmp_path, *SLOW, "--limit", "500", "--max-time", "3s", expect=130)
    assert "Stopped" in done.stderr
    assert "--max-time (3.0 s) is over" in done.stderr
    cxr(tmp_path, "stats", "--base-dir", "l")


def test_a_second_run_is_told_who_is_at_work(tmp_path):
    with under_way(tmp_path):
        second = cxr(tmp_path, *SLOW, expect=6)
        assert "download" in second.stderr
        cxr(tmp_path, "stats", "--base-dir", "l")  # reading is allowed meanwhile


def test_on_a_terminal_the_plan_is_shown_and_a_number_can_be_chosen(tmp_path):
    code, out, seen = on_a_terminal(
        tmp_path, "download", "--source", "synthetic", "--size", 64, "--base-dir", "l", answers=["x", "3"]
    )
    assert code == 0, seen
    assert "200 (all images)" in seen
    assert "Type a, " in seen
    assert "3 downloaded" in out


def test_on_a_terminal_one_can_leave(tmp_path):
    code, _, seen = on_a_terminal(
        tmp_path, "download", "--source", "synthetic", "--size", 64, "--base-dir", "l", answers=["q"]
    )
    assert code == 2, seen
    assert "Nothing was downloaded" in seen
    assert not (tmp_path / "l").exists()


def test_on_a_terminal_a_limit_or_yes_is_not_asked_about(tmp_path):
    code, out, seen = on_a_terminal(
        tmp_path,
        "download",
        "--source",
        "synthetic",
        "--size",
        64,
        "--limit",
        2,
        "--base-dir",
        "l",
        answers=[],
    )
    assert code == 0, seen
    assert "2 downloaded" in out
    assert "\x1b" not in out  # stdout was piped


def test_on_a_terminal_removal_can_be_refused(tmp_path):
    cxr(tmp_path, "download", "--source", "synthetic", "--size", 64, "--limit", 2, "--base-dir", "l", "-q")
    code, _, seen = on_a_terminal(
        tmp_path, "remove", "--source", "synthetic", "--base-dir", "l", answers=["n"]
    )
    assert code == 2, seen
    assert len(list((tmp_path / "l" / "Images").iterdir())) == 2
