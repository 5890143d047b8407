"""Numbers as people read and type them."""

import re

_BYTE_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def count(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 image``, ``1,000 images``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: float) -> str:
    """Return bytes in decimal units, as disks and hosts state them: ``45.1 GB``."""
    unit = 0
    while number >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    if unit == 0:
        return "1 byte" if number == 1 else f"{number:.0f} bytes"
    return f"{number:.1f} {_BYTE_UNITS[unit]}" if number < 99.95 else f"{number:.0f} {_BYTE_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return a time to one or two units: ``45 s``, ``3 min 20 s``, ``11 h 50 min``, ``3 days 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return _two(whole, 60, "min", 1, "s")
    if whole < 86_400:
        return _two(whole, 3_600, "h", 60, "min")
    return _two(whole, 86_400, "day" if whole < 2 * 86_400 else "days", 3_600, "h")


def _two(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = whole % large // small
    return f"{whole // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def parse_duration(text: str) -> float:
    """Return the seconds of ``11h50m``, ``90m``, ``2d``, ``45s``.

    Raises:
        ValueError: it is not a time with units, or nothing at all.
    """
    compact = text.replace(" ", "").lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def printable(text: str) -> str:
    """Return the text with its control characters shown, not sent: names come from hosts and folders."""
    return "".join(c if c.isprintable() or c in "\n\t" else _shown(c) for c in text)


def one_line(text: str) -> str:
    """Return the text with its line ends shown too, so that a name cannot pass for a line of ours."""
    return "".join(c if c.isprintable() else _shown(c) for c in text)


def _shown(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
