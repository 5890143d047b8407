"""Several programs that do the same work, timed in turn."""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks._images import Made

Command = Callable[[Path], Sequence[str]]
"""Given the folder that the files are to lie in, what is run."""

_HERE = Path(__file__).parents[1]

PACKAGES = {
    "nginx": "nginx-light",
    "rclone": "rclone",
    "aria2c": "aria2",
    "wget": "wget",
    "curl": "curl",
}


def need(*programs: str) -> None:
    """Stop where a program is missing.

    Raises:
        SystemExit: one is; its package is named.
    """
    missing = [PACKAGES[one] for one in programs if shutil.which(one) is None]
    if missing:
        raise SystemExit(f"A peer is missing. Debian, Ubuntu: apt-get install {' '.join(missing)}")


class Took(NamedTuple):
    """What one run took.

    Attributes:
        seconds: On the clock.
        busy: Of processor time, in the program and those that it started.
    """

    seconds: float
    busy: float


def race(sides: Mapping[str, Command], made: Sequence[Made], folder: Path, rounds: int) -> dict[str, Took]:
    """Run all sides in turn, so many times; return the medians of each.

    Nothing is removed between two runs: for minutes ext4 does not use an inode again that was freed, and
    looks through all of them for each new file.

    Args:
        sides: By name.
        made: What each has to bring.
        folder: Where to, each time in a folder of its own.
        rounds: How often.
    """
    times: dict[str, list[Took]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, command in sides.items():
            times[name].append(run(name, command, made, folder / f"{name}-{number}"))
    for name, all_of_it in times.items():
        print(f"   {name:<10} {', '.join(f'{one.seconds:.2f}' for one in all_of_it)} s")
    return {
        name: Took(*(statistics.median(values) for values in zip(*all_of_it, strict=True)))
        for name, all_of_it in times.items()
    }


def run(name: str, command: Command, made: Sequence[Made], folder: Path) -> Took:
    """Run one side once.

    Args:
        name: Of the side.
        command: What it is.
        made: What it has to bring.
        folder: A new one, where to. What was written before is on the disk when the clock starts.

    Raises:
        SystemExit: it did not bring everything.
    """
    folder.mkdir(parents=True)
    os.sync()
    _take_memory(sum(one.size for one in made))
    told = folder.with_name("told.txt")
    with told.open("w") as out:
        began, before = time.perf_counter(), _busy()
        done = subprocess.run(list(command(folder)), cwd=_HERE, stdout=out, stderr=out, check=False)
        took = Took(time.perf_counter() - began, _busy() - before)
    came = {entry.name: entry.stat().st_size for entry in os.scandir(folder)}
    if done.returncode or came != {one.name: one.size for one in made}:
        raise SystemExit(f"{name} brought {len(came):,} of {len(made):,} files:\n{told.read_text()[-2000:]}")
    return took


def _take_memory(size: int) -> None:
    """Use so much memory and give it back: a virtual machine may have to ask its host for it.

    Without that, a program that runs soon after one that left memory free is up to twice as fast.
    """
    bytearray(b"\1") * size


def _busy() -> float:
    """Return the processor time of all programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(url: str, listing: Path, connections: int) -> Command:
    """Return our side."""
    return lambda folder: [
        *(sys.executable, "-m", "benchmarks._ours", url, str(listing), str(folder), str(connections))
    ]


def rclone(url: str, connections: int, *more: str) -> Command:
    """Return rclone's side: it reads the server's listing and asks for the size of each file."""
    number = str(connections)
    return lambda folder: [
        *("rclone", "copy", "--config", "/dev/null", "--http-url", url, "--transfers", number),
        *("--checkers", number, *more, ":http:", str(folder)),
    ]


def aria2c(urls: Path, connections: int, *more: str) -> Command:
    """Return aria2's side."""
    return lambda folder: [
        *("aria2c", "--no-conf", "-q", f"-j{connections}", f"-i{urls}", f"-d{folder}", *more)
    ]


def curl(config: Path, connections: int) -> Command:
    """Return curl's side; the file names addresses and, with ``remote-name``, that names stay."""
    return lambda folder: [
        *("curl", "-q", "-s", "--parallel", "--parallel-max", str(connections), "--output-dir", str(folder)),
        *("-K", str(config)),
    ]


def wget(urls: Path) -> Command:
    """Return wget's side."""
    return lambda folder: ["wget", "--no-config", "-q", "-P", str(folder), "-i", str(urls)]
