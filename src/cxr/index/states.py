"""From packed statements to a column for each common finding."""

from collections.abc import Mapping
from typing import cast

import polars as pl

from cxr.database.connection import Database
from cxr.index.columns import SHOWN, Shown
from cxr.vocabulary import FINDINGS

_ORDER = (Shown.POSITIVE, Shown.UNCERTAIN, Shown.NEGATIVE)


class Decoder:
    """Reads the packed statements of a library's labellers.

    Args:
        database: Of the library.
    """

    def __init__(self, database: Database) -> None:
        self._positions: dict[tuple[str, str], list[int]] = {}
        for labeller, position, common in database.rows(
            "SELECT labeller, position, common FROM labeller_findings WHERE common IS NOT NULL"
        ):
            key = (cast(str, labeller), cast(str, common))
            self._positions.setdefault(key, []).append(cast(int, position))
        self._codes: dict[str, dict[str, str]] = {}
        for labeller, code, state in database.rows("SELECT labeller, code, state FROM labeller_codes"):
            self._codes.setdefault(cast(str, labeller), {})[cast(str, code)] = cast(str, state)

    def decode(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with a column for each common finding in place of ``codes``.

        Few rows differ in their statements, so each combination is decoded once.
        """
        keys = ["labeller", "codes"]
        distinct = frame.select(keys).unique()
        parts = [
            part.with_columns(**self._columns(cast(str, labeller)))
            for (labeller,), part in distinct.group_by("labeller", maintain_order=True)
        ]
        decoded = pl.concat(parts)
        return frame.join(decoded, on=keys, how="left", maintain_order="left", nulls_equal=True).drop("codes")

    def _columns(self, labeller: str) -> Mapping[str, pl.Expr]:
        codes = self._codes.get(labeller, {})
        return {
            common: _together([_state(position, codes) for position in self._positions[labeller, common]])
            if (labeller, common) in self._positions
            else pl.lit(str(Shown.NOT_ASSESSED), SHOWN)
            for common in FINDINGS
        }


def _state(position: int, codes: Mapping[str, str]) -> pl.Expr:
    code = pl.col("codes").str.slice(position - 1, 1)
    return code.replace_strict(codes, default=str(Shown.NOT_ASSESSED), return_dtype=SHOWN)


def _together(states: list[pl.Expr]) -> pl.Expr:
    """Return the state of a common finding that the labeller publishes under one or several names.

    One of several that is positive makes it positive, then uncertain; it is negative only where all are.
    """
    if len(states) == 1:
        return states[0]
    positive, uncertain, negative = (pl.lit(str(state), SHOWN) for state in _ORDER)
    return (
        pl.when(pl.any_horizontal(state == positive for state in states))
        .then(positive)
        .when(pl.any_horizontal(state == uncertain for state in states))
        .then(uncertain)
        .when(pl.all_horizontal(state == negative for state in states))
        .then(negative)
        .otherwise(pl.lit(str(Shown.UNMENTIONED), SHOWN))
    )
