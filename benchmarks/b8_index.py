"""B8: an index of 716,000 rows, the real rows of NIH ChestX-ray14 repeated with new ids.

Targets on two cores: built, with CSV and Parquet, in under 60 s and 1 GB resident; `cxr stats` in 2 s. Each
stage runs in a process of its own, so that its time includes starting Python and its peak is its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

ROWS = 716_000
SECONDS, MEGABYTES, STATS_SECONDS = 60.0, 1000.0, 2.0
TABLES = Path(os.environ.get("CXR_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data") / "nih"


def build(folder: Path) -> None:
    """Read the table, write the rows."""
    from cxr.database.connection import open_database
    from cxr.index.write import write_records

    with open_database(folder / "metadata" / "master_index.db") as database:
        write_records(database, _rows())


def csv(folder: Path) -> None:
    """Write the CSV."""
    from cxr.database.connection import open_readonly
    from cxr.index.csv_and_parquet import write_csv

    with open_readonly(folder / "metadata" / "master_index.db") as database:
        write_csv(database, folder / "metadata" / "master_index.csv")


def parquet(folder: Path) -> None:
    """Write the Parquet."""
    from cxr.database.connection import open_readonly
    from cxr.index.csv_and_parquet import write_parquet

    with open_readonly(folder / "metadata" / "master_index.db") as database:
        write_parquet(database, folder / "metadata" / "master_index.parquet")


def stats(folder: Path) -> None:
    """Run `cxr stats --json`, as a user does."""
    from cxr.cli import _app

    with (folder / "stats.json").open("w") as said, redirect_stdout(said):
        assert _app.main(["stats", "--json", "--base-dir", str(folder)]) == 0
    assert json.loads((folder / "stats.json").read_text())["sources"]["nih"]["images"] == ROWS


STAGES: tuple[Callable[[Path], None], ...] = (build, csv, parquet, stats)


def _rows() -> Iterator[object]:
    from cxr.index.rows import IndexRow
    from cxr.model import Status

    for number, record in enumerate(islice(_records(), ROWS)):
        yield IndexRow(
            record=record,
            image_path=f"Images/{record.stem}.png",
            caption_path=f"captions/{record.stem}.txt",
            status=Status.DOWNLOADED,
            size=400_000 + number % 1000,
            # As long and as little compressible as a hash.
            sha256=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" * 4,
            width=1024,
            height=1024,
            bit_depth=8,
            pixel_processing="by the authors: resized to 1024 x 1024",
            licence="NIH Clinical Center, free use with credit",
            attribution="NIH Clinical Center",
            source_url=f"file:///data/nih/{record.published_path}",
            downloaded_at="2026-01-01T00:00:00+00:00",
        )


def _records() -> Iterator[object]:
    """Yield the records of the real table again and again, each time as other patients."""
    from cxr import datasets

    nih = datasets.load("nih")
    tables = nih.find_tables(path.name for path in TABLES.iterdir())
    published = datasets.Published(
        release=datasets.default_release(nih).key,
        tables={role: TABLES / name for role, name in tables.items()},
    )
    for again in count():
        for record in nih.read(published, lambda _: None):
            image_id, patient = f"{again:02d}{record.image_id}", f"{again:02d}{record.patient_id}"
            yield replace(
                record,
                image_id=image_id,
                stem=f"nih_{image_id}_{patient}",
                patient_id=patient,
                patient_key=f"nih:{patient}",
            )


def _measured(stage: str, folder: Path) -> tuple[float, float]:
    """Return (seconds, peak resident MB) of one stage in a new process."""
    began = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.b8_index", stage, str(folder)],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - began, float(told.stdout)


def main() -> bool:
    """Print every stage; return whether the targets are met."""
    if not TABLES.is_dir():
        print(f"B8 needs the real tables in {TABLES}; set CXR_TEST_DATA.")
        return False
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        results = {stage.__name__: _measured(stage.__name__, folder) for stage in STAGES}
        files = {path.name: path.stat().st_size / 1e6 for path in sorted((folder / "metadata").iterdir())}
    for stage, (seconds, megabytes) in results.items():
        print(f"B8 {stage:<8} {seconds:6.2f} s  {megabytes:6.0f} MB resident at most")
    print("B8 files    " + ", ".join(f"{name} {size:.0f} MB" for name, size in files.items()))
    total = sum(seconds for stage, (seconds, _) in results.items() if stage != "stats")
    peak = max(megabytes for _, megabytes in results.values())
    met = total < SECONDS and peak < MEGABYTES and results["stats"][0] <= STATS_SECONDS
    print(
        f"B8 {ROWS:,} rows: {total:.1f} s (target {SECONDS:.0f}), {peak:.0f} MB ({MEGABYTES:.0f}), "
        f"stats {results['stats'][0]:.2f} s ({STATS_SECONDS:.0f}): {'met' if met else 'NOT MET'}"
    )
    return met


if __name__ == "__main__":
    next(stage for stage in STAGES if stage.__name__ == sys.argv[1])(Path(sys.argv[2]))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak_kb / (1e6 if sys.platform == "darwin" else 1e3))
