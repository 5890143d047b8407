"""Reports of the Indiana University collection, read from their XML and written in MIMIC-CXR's form."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

# In the order in which MIMIC's reports have them.
HEADINGS = ("INDICATION", "COMPARISON", "FINDINGS", "IMPRESSION")
WIDTH = 79


class IndianaReport(NamedTuple):
    """One report as its XML has it: ``uId`` and the texts by label, empty where there is none."""

    report_id: str
    texts: dict[str, str]


def indiana_reports(test_data: Path) -> Iterator[IndianaReport]:
    """Yield each report of the real test data."""
    for path in sorted((test_data / "indiana" / "ecgen-radiology").glob("*.xml")):
        root = ET.parse(path).getroot()
        texts = {one.attrib["Label"]: one.text or "" for one in root.iter("AbstractText")}
        assert set(texts) == set(HEADINGS), path
        yield IndianaReport(root.find("uId").attrib["id"], texts)


def in_mimic_form(report: IndianaReport, layout: str) -> str:
    """Write a report as MIMIC-CXR publishes its own: at most 79 characters a line, each behind one space.

    Args:
        report: Whose texts are on one line each.
        layout: How a text stands to its heading: ``beside`` it, ``below`` it behind a blank line, or
            ``tight`` below it, without any blank line or trailing space. All three write the headings of
            sections without text; ``present`` is ``beside`` without those.
    """
    write = {"below": _below, "tight": _tight}.get(layout, _beside)
    headings = [one for one in HEADINGS if report.texts[one] or layout != "present"]
    return "\n".join(
        ["FINAL REPORT".center(WIDTH).rstrip(), *(write(h, report.texts[h]) for h in headings), ""]
    )


def unwrapped(text: str) -> str:
    """Return a text on one line again."""
    return text.replace("\n ", " ").strip()


def _beside(heading: str, text: str) -> str:
    return (_wrapped(f"{heading}:  {text}") if text else f" {heading}:  ") + "\n "


def _below(heading: str, text: str) -> str:
    return f" {heading}: \n \n{_wrapped(text)}\n " if text else f" {heading}: \n "


def _tight(heading: str, text: str) -> str:
    return f" {heading}:\n{_wrapped(text)}" if text else f" {heading}:"


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=" ",
        subsequent_indent=" ",
        break_long_words=False,
        break_on_hyphens=False,
    )
