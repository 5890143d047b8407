"""Whether everything that a library says of itself agrees with the disk and with what was published."""

import csv
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import polars as pl


def sha256(path: Path) -> str:
    """Return a file's digest."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_agreement(library: Path, source: str, published: Mapping[str, Path | str]) -> None:
    """Assert that each published image is there once, byte by byte, in every place that speaks of it.

    ``published`` has the image, or its SHA-256, by id.
    """
    database = sqlite3.connect(library / "metadata" / "master_index.db")
    with closing(database):
        database.row_factory = sqlite3.Row
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        images, ledger = (
            {
                row["image_id"]: row
                for row in database.execute(f"SELECT * FROM {table} WHERE source = ?", (source,))
            }
            for table in ("images", "ledger")
        )
    with (library / "metadata" / "master_index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pl.read_parquet(library / "metadata" / "master_index.parquet").filter(pl.col("source") == source)
    in_csv = Counter(row["image_id"] for row in rows if row["source"] == source)
    in_parquet = Counter(table["image_id"].to_list())
    once = dict.fromkeys(published, 1)
    assert dict(in_csv) == once
    assert dict(in_parquet) == once
    assert images.keys() == published.keys()
    assert ledger.keys() == published.keys()
    digests = dict(zip(table["image_id"], table["sha256"], strict=True))
    for image_id, original in published.items():
        row = images[image_id]
        held = library / row["image_path"]
        digest = sha256(held)
        assert digest == (original if isinstance(original, str) else sha256(original)), image_id
        assert row["sha256"] == ledger[image_id]["sha256"] == digests[image_id] == digest
        assert row["bytes"] == ledger[image_id]["bytes"] == held.stat().st_size
        assert ledger[image_id]["outcome"] == "downloaded"
        caption = (library / row["caption_path"]).read_text(encoding="utf-8")
        assert f"\nIMAGE_ID: {image_id}\n" in caption
        assert caption.endswith("\n")
    assert len(list((library / "Images").iterdir())) == len(published)
    assert len(list((library / "captions").iterdir())) == len(published)
