"""Ages as datasets publish them: whole years, or DICOM's age string (``013M``)."""

import re
from typing import Final, NamedTuple

OLDEST: Final = 110
"""Years above which an age is taken for a slip of the table, not for a patient."""

_AGE = re.compile(r"([0-9]{1,6})(?:\.0+)?\s*([YMWDymwd]?)")
_UNITS_A_YEAR: Final = {"Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}
_WORDS: Final = {"M": "month", "W": "week", "D": "day"}


class Age(NamedTuple):
    """An age as published.

    Attributes:
        value: Number of units.
        unit: ``Y``, ``M``, ``W`` or ``D``, as in DICOM's value representation AS.
    """

    value: int
    unit: str

    @property
    def plausible(self) -> bool:
        """Whether a person may be this old."""
        return self.value / _UNITS_A_YEAR[self.unit] <= OLDEST

    @property
    def years(self) -> float | None:
        """In years with two decimals (months / 12, days / 365.25), or ``None`` where implausible."""
        return round(self.value / _UNITS_A_YEAR[self.unit], 2) if self.plausible else None

    @property
    def caption(self) -> str:
        """As a caption prints it: ``58``; below two years ``13 months``, ``1 day``; else ``unknown``."""
        if not self.plausible:
            return "unknown"
        years = self.value / _UNITS_A_YEAR[self.unit]
        if self.unit == "Y" or years >= 2:
            return str(int(years))
        return f"{self.value} {_WORDS[self.unit]}{'' if self.value == 1 else 's'}"


def parse(text: str) -> Age | None:
    """Read an age; ``None`` where the text is empty or anything but a whole number with or without a unit.

    ``58``, ``58.0`` (a table that went through pandas), ``058Y``, ``013M``, ``002W`` and ``001D`` are read.
    """
    match = _AGE.fullmatch(text.strip())
    return Age(int(match[1]), match[2].upper() or "Y") if match else None
