"""B1: 1,000 files of 1.4 MB over loopback HTTP to disk, SHA-256 checked by us and by none of the others.

Targets: the throughput of `rclone copy` with the same connections, and twice that of aria2c.
"""

from benchmarks._loopback import Target, Work, measure

WORK = Work(
    name="B1",
    count=1_000,
    size=1_400_000,
    connections=8,
    rounds=5,
    targets=(Target("rclone", 1.0), Target("aria2c", 2.0)),
)


def main() -> bool:
    """Print the times; return whether the targets are met."""
    return measure(WORK)
