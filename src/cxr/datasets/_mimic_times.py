"""MIMIC's dates and times: numbers that have lost what text would have kept."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

_TIME: Final = re.compile(r"([0-9]{1,6})(?:\.[0-9]*)?")
_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:\.0*)?")


@lru_cache(maxsize=1 << 16)
def study_date(cell: str) -> str | None:
    """Return ``21800506`` as ``2180-05-06``; empty for an empty cell, ``None`` for anything else."""
    if not (text := cell.strip()):
        return ""
    match = _DATE.fullmatch(text)
    try:
        return date(*map(int, match.groups())).isoformat() if match else None
    except ValueError:
        return None


def study_time(cell: str) -> str | None:
    """Return a number hhmmss.fff as ``HH:MM:SS``, its lost zeros put back: ``80556.875`` is ``08:05:56``.

    Empty for an empty cell, ``None`` for what is no time of a day.
    """
    if not (text := cell.strip()):
        return ""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    digits = match[1].zfill(6)
    hours, minutes, seconds = digits[:2], digits[2:4], digits[4:]
    return f"{hours}:{minutes}:{seconds}" if hours < "24" and minutes < "60" and seconds < "60" else None
