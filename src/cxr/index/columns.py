"""The columns of ``master_index.csv`` and ``master_index.parquet``, in their order (design: *A library*)."""

from enum import StrEnum

import polars as pl

from cxr.vocabulary import FINDINGS

_TEXT, _WHOLE = pl.String(), pl.Int64()


class Shown(StrEnum):
    """What the index shows of a finding: a labeller's state, or that no labeller looked for it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"
    UNMENTIONED = "unmentioned"
    NOT_ASSESSED = "not_assessed"


SHOWN = pl.Enum([str(shown) for shown in Shown])
"""The states as Parquet holds them."""

CSV_NUMBER = {Shown.POSITIVE: 1, Shown.NEGATIVE: 0, Shown.UNCERTAIN: -1}
"""The states as the CSV holds them; the others, where nothing is stated, are blank."""

BEFORE: dict[str, pl.DataType] = {
    **dict.fromkeys(("image_id", "source", "release", "patient_id", "patient_key", "study_id"), _TEXT),
    **dict.fromkeys(("view_position", "view_published", "view_origin", "sex"), _TEXT),
    "age_years": pl.Float64(),
    **dict.fromkeys(("study_date", "image_path", "caption_path"), _TEXT),
    **dict.fromkeys(("width", "height", "bit_depth", "bytes"), _WHOLE),
    **dict.fromkeys(("sha256", "fingerprint", "pixel_processing"), _TEXT),
}
"""Columns of the table ``images`` that stand before the findings."""

AFTER: dict[str, pl.DataType] = {
    **dict.fromkeys(("labeller", "official_split", "split", "status", "issues", "table_release"), _TEXT),
    **dict.fromkeys(("licence", "attribution", "source_url", "downloaded_at"), _TEXT),
}
"""Columns that stand after them; ``issues`` comes from a table of its own."""

COLUMNS: tuple[str, ...] = (*BEFORE, *FINDINGS, *AFTER)
"""All columns of both files."""
