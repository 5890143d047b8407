"""Counts over a dataset, as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr.cli._output import Output
from cxr.cli._words import count, duration, size

_STATES = ("positive", "negative", "uncertain", "unmentioned")


def tell_stats(out: Output, numbers: Mapping[str, Any]) -> None:
    """Print what ``cxr stats`` found, a part a dataset."""
    sources = numbers["sources"]
    if not sources:
        out.show("The library is empty. `cxr download` or `cxr index` fills it.")
    for position, (key, counts) in enumerate(sources.items()):
        if position:
            out.show()
        tell_tally(out, key, counts)


def tell_tally(out: Output, title: str, counts: Mapping[str, Any]) -> None:
    """Print one dataset's counts."""
    patients = f" of {count(counts['patients'], 'patient')}" if counts["patients"] else ""
    out.show(f"{title}: {count(counts['images'], 'image')}{patients}")
    lines = [
        ("release", counts["table_release"]),
        ("views", _numbers(counts["views"])),
        ("sex", _numbers(counts["sexes"])),
        ("age", _ages(counts["ages"])),
        ("official", _numbers(counts["official_split"] or {})),
    ]
    for name, text in lines:
        if text:
            out.show(f"  {name:<12}{text}")
    for line in _doings(counts) if "downloaded" in counts else ():
        out.show(line)
    findings = counts["findings"]
    if findings:
        out.show()
        used = [state for state in _STATES if any(one.get(state) for one in findings.values())]
        rows = [(name, *(f"{one.get(state, 0):,}" for state in used)) for name, one in findings.items()]
        out.table(("finding", *used), rows)


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'not stated'} {number:,}" for name, number in counts.items())


def _ages(ages: Mapping[str, Any]) -> str:
    if ages.get("median") is None:
        return ""
    text = f"{ages['min']:g} to {ages['max']:g} years, median {ages['median']:g}"
    implausible: Sequence[str] = ages.get("implausible") or ()
    if implausible:
        some = ", ".join(implausible[:3]) + (", ..." if len(implausible) > 3 else "")
        text += f"; {len(implausible):,} implausible ({some})"
    return text


_FATES = ("downloaded", "adopted", "skipped", "quarantined", "failed")


def _doings(counts: Mapping[str, Any]) -> list[str]:
    """Return how the images came and what validation said."""
    told = [
        ("on disk", size(counts["bytes"])),
        ("images", _numbers({fate: counts[fate] for fate in _FATES if counts[fate]})),
        ("time", _time(counts)),
        ("validation", _validation(counts["validation"])),
        ("issues", _numbers(counts["issues"])),
        ("errors", _numbers(counts["errors"])),
        ("table rows", _numbers(counts["table_problems"])),
        ("split", _numbers(counts["split"] or {})),
    ]
    return [f"  {name:<12}{text}" for name, text in told if text]


def _time(counts: Mapping[str, Any]) -> str:
    parts = [duration(counts["elapsed_seconds"])] if counts["elapsed_seconds"] else []
    if counts["files_a_minute"]:
        parts.append(f"{counts['files_a_minute']:,.0f} files a minute")
    return ", ".join(parts)


def _validation(found: Mapping[str, int]) -> str:
    if not found.get("images"):
        return "not yet: `cxr validate`"
    verdicts = {name: n for name, n in found.items() if name != "images" and n}
    with_issues = f", with {_numbers(verdicts)}" if verdicts else ", nothing found"
    return f"{count(found['images'], 'image')} checked{with_issues}"
