"""A disk that is really full, and a clock that is set while a download runs."""

import csv
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.lab_library import arguments, check_complete, download, variables
from support.labs import lab
from support.program import cxr
from support.slow_runs import under_way

from cxr.lab.service import Pace

IMAGES = 60
HOSTS = ("kaggle", "box")
KB = 1 << 10


@pytest.fixture(scope="module")
def running():
    with lab(images=IMAGES, size=256, folders=3) as one:
        assert 1_500 * KB < sum(one.sizes.values()) < 3_000 * KB
        yield one


@pytest.fixture
def disk(tmp_path):
    """Mounts a small file system in memory; ``disk(size)`` makes it, and makes it larger the next time."""
    place = tmp_path / "disk"
    place.mkdir()
    with ExitStack() as stack:

        def sized(size):
            options = f"size={size}" if not place.is_mount() else f"remount,size={size}"
            typed = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
            done = subprocess.run(typed, capture_output=True, text=True, check=False)
            if done.returncode and not place.is_mount():
                pytest.skip(f"needs to mount a small file system, as root may: {done.stderr.strip()}")
            assert not done.returncode, done.stderr
            stack.callback(lambda: place.is_mount() and subprocess.run(["umount", place], check=True))
            return place

        yield sized


@pytest.mark.acceptance
@pytest.mark.parametrize("size", [300 * KB, 900 * KB, 1_500 * KB, 2_300 * KB])
@pytest.mark.parametrize("host", HOSTS)
def test_a_full_disk_ends_with_5_and_the_same_command_goes_on_once_there_is_space(
    host, size, disk, running, tmp_path
):
    library = disk(size) / "L"
    done = download(tmp_path, library, host, running, expect=5)
    print(done.stderr)
    assert "no space" in done.stderr.lower() or "full" in done.stderr.lower()
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr
    there = {path.name: path.stat().st_ino for path in (library / "Images").glob("*")}
    disk(64 << 20)
    download(tmp_path, library, host, running)
    check_complete(library, running)
    inodes = {path.name: path.stat().st_ino for path in (library / "Images").iterdir()}
    assert there.items() <= inodes.items()  # what was whole did not come again
    assert not [path for path in library.rglob("*") if path.suffix in {".part", ".tmp"}]


@pytest.mark.acceptance
def test_too_little_space_is_told_before_the_first_byte_and_waits_for_a_yes(disk, running, tmp_path):
    library = disk(1_000 * KB) / "L"
    typed = arguments(library, "kaggle", running)[:-1]
    done = cxr(tmp_path, *typed, expect=2, variables=variables(running))
    said = " ".join(done.stderr.split())
    assert "free on that disk" in said
    assert "--base-dir" in said
    assert not library.exists()


@pytest.fixture
def clock(tmp_path):
    """A file that says by how much the clock of a run is wrong, and the variables of that run."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("needs libfaketime (apt-get install libfaketime)")
    said = tmp_path / "clock"
    said.write_text("+0")
    names = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(said),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # setting a clock does not touch that one
    }
    return said, names


@pytest.mark.acceptance
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("jumps", [["+400d", "-400d"], ["-400d", "+400d"]])
def test_a_clock_that_is_set_while_a_run_lasts_disturbs_nothing(jumps, host, clock, running, tmp_path):
    said, names = clock
    library = tmp_path / "L"
    with lab(images=IMAGES, size=256, folders=3, pace=Pace(bytes_per_second=60_000)) as slow:
        told = {**variables(slow), **names}
        with under_way(tmp_path, arguments(library, host, slow), told, library) as run:
            for jump in jumps:
                assert run.poll() is None
                said.write_text(jump)
                time.sleep(1)
            assert run.poll() is None
            _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    check_complete(library, running)
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        assert len({row["downloaded_at"][:4] for row in csv.DictReader(file)}) > 1  # years: it was set
    again = download(tmp_path, library, host, running, "--json")
    assert f'"already": {IMAGES}' in again.stdout
    cxr(tmp_path, "stats", "--base-dir", library)
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", library)
    check_complete(library, running)


@pytest.mark.acceptance
def test_a_run_whose_clock_was_set_back_is_stopped_by_its_time_all_the_same(clock, running, tmp_path):
    said, names = clock
    library = tmp_path / "L"
    with lab(images=IMAGES, size=256, folders=3, pace=Pace(bytes_per_second=2_000)) as slow:
        typed = [*arguments(library, "box", slow), "--max-time", "8s"]
        with under_way(tmp_path, typed, {**variables(slow), **names}, library) as run:
            said.write_text("-400d")
            _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    download(tmp_path, library, "box", running)
    check_complete(library, running)
