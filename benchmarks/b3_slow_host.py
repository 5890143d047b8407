"""B3: a host that is 60 ms away and gives half a megabyte a second to each connection.

Targets: 95 % of connections times the cap, and ten times `wget -i`, which has one connection. Delay and cap
are made by a relay (`benchmarks._relay`) before nginx: nginx's own `limit_rate` lets a second's worth of
bytes through at once, which is a third of a file.

The share is taken once every connection is in use and until nine tenths have come: an hour's run spends
nearly all of its time there, half a minute's a good part at its beginning and end. The whole run's share is
printed, too.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks._images import Made, write_images, write_listing
from benchmarks._nginx import serving
from benchmarks._sides import Command, need, ours, run, wget

_DELAY, _CAP, _CONNECTIONS, _ROUNDS = 0.060, 500_000, 16, 3
_COUNT, _SIZE = 180, 1_400_000
_BY_ONE = 4
"""Files that wget is given: all of them would take it nine minutes."""
_BEGINNING, _END = 5.0, 0.9
_SHARE, _TIMES = 0.95, 10.0


class Far(NamedTuple):
    """The relay.

    Attributes:
        url: Its root.
        log: What has passed, and when.
    """

    url: str
    log: Path


class Rates(NamedTuple):
    """Bytes a second.

    Attributes:
        whole: From the program's start to its end.
        steady: Between beginning and end.
    """

    whole: float
    steady: float


def main() -> bool:
    """Print the rates; return whether the targets are met."""
    need("nginx", "wget")
    with tempfile.TemporaryDirectory() as made_in:
        place = Path(made_in)
        made, listing, urls = (
            write_images(place / "www", _COUNT, _SIZE),
            place / "listing.json",
            place / "urls",
        )
        write_listing(listing, made)
        with serving(place / "www", place / "nginx") as server, _far(server.port, place / "passed") as far:
            urls.write_text("".join(f"{far.url}/{one.name}\n" for one in made[:_BY_ONE]))
            mine, other = [], []
            for _ in range(_ROUNDS):
                mine.append(_rates("cxr", ours(far.url, listing, _CONNECTIONS), made, place / "out", far))
                other.append(_rates("wget", wget(urls), made[:_BY_ONE], place / "out", far))
    return _told(_median(mine), _median(other))


def _median(rates: list[Rates]) -> Rates:
    return Rates(*(statistics.median(values) for values in zip(*rates, strict=True)))


def _rates(name: str, command: Command, made: list[Made], folder: Path, far: Far) -> Rates:
    began = time.monotonic()
    took = run(name, command, made, folder)
    time.sleep(1)  # the log is behind by a quarter
    lines = [line.split() for line in far.log.read_text().splitlines()]
    passed = [(float(when) - began, int(size)) for when, size in lines if float(when) >= began]
    before, after = passed[0][1], passed[-1][1]
    middle = [
        (when, size)
        for when, size in passed
        if when >= min(_BEGINNING, took.seconds / 4) and size - before <= _END * (after - before)
    ]
    (first, at_first), (last, at_last) = middle[0], middle[-1]
    total = sum(one.size for one in made)
    rates = Rates(total / took.seconds, (at_last - at_first) / (last - first))
    print(
        f"   {name:<5} {took.seconds:6.2f} s, {rates.whole / 1e6:5.2f} MB/s in all, "
        f"{rates.steady / 1e6:5.2f} MB/s between beginning and end"
    )
    return rates


def _told(mine: Rates, other: Rates) -> bool:
    line = _CONNECTIONS * _CAP
    share, times = mine.steady / line, mine.whole / other.whole
    met = share >= _SHARE and times >= _TIMES
    print(f"B3 {_CONNECTIONS} connections, {_DELAY * 1e3:.0f} ms, {_CAP / 1e6:.1f} MB/s each")
    print(
        f"B3 {share:.1%} of the cap (target {_SHARE:.0%}), {mine.whole / line:.1%} over the whole run; "
        f"{times:.1f} times wget (target {_TIMES:.0f}): {'met' if met else 'NOT MET'}"
    )
    return met


@contextmanager
def _far(port: int, log: Path) -> Iterator[Far]:
    relay = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._relay", str(port), str(_DELAY), str(_CAP), str(log)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert relay.stdout is not None
    try:
        yield Far(f"http://127.0.0.1:{int(relay.stdout.readline())}", log)
    finally:
        relay.terminate()
        relay.stdout.close()
        relay.wait()
