"""The program met by bad input, and by a disk that is full or shut."""

import csv
import ctypes
import os
import resource
import signal
import time

from support.agreement import check_agreement
from support.program import cxr

IMAGES = 12
TABLE = "Data_Entry_2017_v2020.csv"
MADE_UP = ("Traceback", "did not expect", "Errno")


def download(home, folder, *more, expect=0, **options):
    """Run ``cxr download`` of a folder into ``L``; whatever happens is told in words."""
    done = cxr(
        home,
        *("download", "--source", "nih", "--from", folder, "--base-dir", "L", *more),
        expect=expect,
        **options,
    )
    assert not any(word in done.stderr for word in MADE_UP), done.stderr
    assert expect in (0, 1) or "Next: " in done.stderr
    return done


def finish(home, folder):
    """The same command once more, with nothing in the way: the library is whole."""
    download(home, folder)
    check_agreement(home / "L", "nih", {path.stem: path for path in (folder / "images").iterdir()})


def names(folder):
    """Return the names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def failed_list(library):
    """Return the rows of ``failed_images.txt`` by image."""
    with (library / "metadata" / "failed_images.txt").open(newline="", encoding="utf-8") as file:
        return {row["image_id"]: row for row in csv.DictReader(file, delimiter="\t")}


def issues(library):
    """Return image and code of each row of ``validation.csv``."""
    with (library / "metadata" / "validation.csv").open(newline="", encoding="utf-8") as file:
        return {(row["image_id"], row["code"]) for row in csv.DictReader(file)}


def as_plain_user():
    """Obey permissions in this process and its children, also where the tests run as root."""
    if os.geteuid() == 0:
        drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2  # prctl(2), capabilities(7)
        for capability in (dac_override, dac_read_search):
            ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


def with_files_of_at_most(size):
    """Return what makes larger files fail with EFBIG, which stands for a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def wait_until(condition):
    """Wait for a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
