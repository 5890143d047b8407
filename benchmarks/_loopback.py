"""Files from nginx on loopback to disk, by us and by the programs that a user would pick instead."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks._images import write_images, write_listing
from benchmarks._nginx import serving
from benchmarks._sides import Took, aria2c, curl, need, ours, race, rclone


class Target(NamedTuple):
    """What is to be reached.

    Attributes:
        peer: Name of the side.
        ratio: Our throughput is to be so many times the peer's, at least.
    """

    peer: str
    ratio: float


class Work(NamedTuple):
    """What is to be done.

    Attributes:
        name: Of the benchmark.
        count: Files.
        size: Of each, in bytes.
        connections: At once.
        rounds: How often each side does it.
        targets: What is to be reached.
    """

    name: str
    count: int
    size: int
    connections: int
    rounds: int
    targets: Sequence[Target]


def measure(work: Work) -> bool:
    """Print all times and ratios; return whether the targets are met."""
    name, count, size, connections, rounds, targets = work
    need("nginx", "rclone", "aria2c", "curl")
    with tempfile.TemporaryDirectory() as made_in:
        place = Path(made_in)
        made = write_images(place / "www", count, size)
        with serving(place / "www", place / "nginx") as server:
            addresses = [f"{server.url}/{one.name}" for one in made]
            urls, config, listing = place / "urls.txt", place / "curl.txt", place / "listing.json"
            urls.write_text("\n".join(addresses) + "\n")
            config.write_text("".join(f'url = "{one}"\nremote-name\n' for one in addresses))
            write_listing(listing, made)
            sides = {
                "cxr": ours(server.url, listing, connections),
                "rclone": rclone(server.url, connections),
                "aria2c": aria2c(urls, connections),
                "curl": curl(config, connections),
            }
            print(f"{name} {count:,} files of {size:,} bytes, {connections} connections")
            medians = race(sides, made, place / "out", rounds)
    return _told(name, count * size, medians, targets)


def _told(name: str, total: int, medians: Mapping[str, Took], targets: Sequence[Target]) -> bool:
    met = True
    mine = medians["cxr"].seconds
    for side, took in medians.items():
        rate = total / took.seconds / 1e6
        print(f"{name} {side:<8} {took.seconds:6.2f} s, {took.busy:5.2f} s of processors, {rate:5.0f} MB/s")
    for peer, ratio in targets:
        reached = medians[peer].seconds / mine
        met = met and reached >= ratio
        verdict = "met" if reached >= ratio else "NOT MET"
        print(f"{name} {reached:.2f} times the throughput of {peer} (target {ratio}): {verdict}")
    return met
