"""B2: 20,000 files of 20 KB over loopback HTTP to disk, SHA-256 checked by us and by none of the others.

Targets: the throughput of aria2c -j16, and 0.8 of that of `rclone copy` with as many connections.
"""

from benchmarks._loopback import Target, Work, measure

WORK = Work(
    name="B2",
    count=20_000,
    size=20_000,
    connections=16,
    rounds=3,
    targets=(Target("rclone", 0.8), Target("aria2c", 1.0)),
)


def main() -> bool:
    """Print the times; return whether the targets are met."""
    return measure(WORK)
