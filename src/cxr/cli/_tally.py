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
        for line in _run_lines(counts):
            out.show(line)


def tell_tally(out: Output, title: str, counts: Mapping[str, Any]) -> None:
    """Print one dataset's counts."""
    patients = f" of {count(counts['patients'], 'patient')}" if counts["patients"] else ""
    out.show(f"{title}: {count(counts['images'], 'image')}{patients}")
    lines = [
        ("tables", counts["table_release"]),
        ("views", _numbers(counts["views"])),
        ("sex", _numbers(counts["sexes"])),
        ("age", _ages(counts["ages"])),
        ("split", _numbers(counts["official_split"] or {})),
    ]
    for name, text in lines:
        if text:
            out.show(f"  {name:<12}{text}")
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


def _run_lines(counts: Mapping[str, Any]) -> list[str]:
    """Return what is known of how the images came, where a library says so."""
    lines = []
    for name, text in (
        ("on disk", size(counts["bytes"]) if counts.get("bytes") else ""),
        ("transfers", _transfers(counts)),
        ("validation", _validation(counts.get("validation"))),
        ("errors", _numbers(counts.get("errors") or {})),
    ):
        if text:
            lines.append(f"  {name:<12}{text}")
    return ["", *lines] if lines else []


def _transfers(counts: Mapping[str, Any]) -> str:
    parts = [f"{counts[name]:,} {name}" for name in ("downloaded", "failed", "skipped") if counts.get(name)]
    if counts.get("files_a_minute"):
        parts.append(f"{counts['files_a_minute']:,.0f} files a minute")
    if counts.get("elapsed_seconds"):
        parts.append(f"{duration(counts['elapsed_seconds'])} in all")
    return ", ".join(parts)


def _validation(found: Any) -> str:
    return _numbers(found) if isinstance(found, Mapping) else str(found or "")
