"""The tables of all 377,110 images of MIMIC-CXR-JPG, with invented patients, read to records.

Targets: metadata, split and both labellers in under 30 s and 2 GB resident. What the second project adds,
both lists and the reports with their sections, is measured beside it. Each stage runs in its own process.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IMAGES = 377_110
SECONDS, MEGABYTES = 30.0, 2000.0
_SECOND = frozenset({"images", "studies", "reports"})


def read(folder: Path, *, second: bool) -> None:
    """Read all records, and print seconds, seconds of the processor, and peak memory."""
    from cxr.datasets import Published, mimic

    found = mimic.find_tables([path.name for path in folder.iterdir()])
    tables = {role: folder / path for role, path in found.items() if second or role not in _SECOND}
    begun, problems = time.monotonic(), []
    records = sum(1 for _ in mimic.read(Published("2.1.0", tables), problems.append))
    assert (records, problems) == (IMAGES, [])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps([time.monotonic() - begun, time.process_time(), peak]))


def main() -> bool:
    from benchmarks._mimic_tables import write_tables

    met = True
    with tempfile.TemporaryDirectory(prefix="cxr-bench-") as folder:
        write_tables(Path(folder), IMAGES, second=True)
        for second in (False, True):
            words = [sys.executable, "-m", __spec__.name, folder, *(["second"] if second else [])]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            seconds, processor, megabytes = json.loads(done.stdout)
            what = "with lists and reports" if second else "tables of the first project"
            print(f"MIMIC, {what}: {seconds:.1f} s ({processor:.1f} s of processor), {megabytes:,.0f} MB")
            met = met and (second or (seconds < SECONDS and megabytes < MEGABYTES))
    return met


if __name__ == "__main__":
    read(Path(sys.argv[1]), second="second" in sys.argv[2:])
