"""The index as frames of some thousand rows, for whoever writes or counts all of it in bounded memory."""

from collections.abc import Iterator
from typing import cast

import polars as pl

from cxr.database.connection import Database, Row
from cxr.index.columns import AFTER, BEFORE, COLUMNS
from cxr.index.states import Decoder

BATCH = 40_000

_OF_IMAGES: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    **BEFORE,
    "codes": pl.String(),
    **{name: kind for name, kind in AFTER.items() if name != "issues"},
}
_TEXTS = [name for name, kind in (BEFORE | AFTER).items() if kind == pl.String() and name != "issues"]


def frames(database: Database) -> Iterator[pl.DataFrame]:
    """Yield the index in the order in which images came into it.

    Each frame has the columns of `cxr.index.columns.COLUMNS`: text with null where nothing is known, states
    as `cxr.index.columns.SHOWN`, ``issues`` as a list of codes.
    """
    decoder = Decoder(database)
    query = f"SELECT {', '.join(_OF_IMAGES)} FROM images ORDER BY id"  # noqa: S608  names of this file
    rows = database.rows(query)
    while batch := _take(rows):
        columns = zip(*batch, strict=True)
        frame = pl.DataFrame(
            [
                pl.Series(name, values, dtype=kind)
                for (name, kind), values in zip(_OF_IMAGES.items(), columns, strict=True)
            ]
        )
        issues = _issues(database, cast(int, batch[0][0]), cast(int, batch[-1][0]))
        frame = decoder.decode(frame).join(issues, on="id", how="left", maintain_order="left")
        yield frame.with_columns(
            *(pl.when(pl.col(name) != "").then(name) for name in _TEXTS),
            pl.col("issues").fill_null([]),
        ).select(COLUMNS)


def _take(rows: Iterator[Row]) -> list[Row]:
    return [row for _, row in zip(range(BATCH), rows, strict=False)]


def _issues(database: Database, first: int, last: int) -> pl.DataFrame:
    """Return the distinct codes of each image that has any, sorted."""
    rows = database.rows(
        "SELECT DISTINCT image, code FROM issues WHERE image BETWEEN ? AND ? ORDER BY image, code",
        (first, last),
    )
    frame = pl.DataFrame(list(rows), schema={"id": pl.Int64(), "issues": pl.String()}, orient="row")
    return frame.group_by("id", maintain_order=True).agg("issues")
