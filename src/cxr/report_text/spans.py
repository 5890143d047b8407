"""A report cut into sections that lie side by side: no character is lost, and none belongs to two."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cxr.report_text.headings import HEADING, normalised

PREAMBLE = "preamble"
FULL_REPORT = "full report"

# Three underscores stand for words that were masked; a line of them closes an addendum or a wet read.
_BOUNDARY = re.compile(
    rf"^(?:(?! [ ()/,-]*+:){HEADING}"
    r"|[ \t]*+(?P<title>FINAL REPORT|FINAL ADDENDUM|ADDENDUM|WET READ)\b:?"
    r"|(?P<rule>[ \t]*+_{20,}+))",
    re.MULTILINE,
)
_TITLES = {
    "FINAL REPORT": "final report",
    "FINAL ADDENDUM": "addendum",
    "ADDENDUM": "addendum",
    "WET READ": "wet read",
}
_REPORT = "report"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report, as a span of its text.

    Attributes:
        name: Normalised: ``impression``. ``preamble`` for what stands before a heading, ``full report`` where
            there is no heading at all, ``final report`` behind that title, else the heading in lower case.
        heading: As it was written, without the colon; a line of underscores for the preamble behind it; empty
            where there is none.
        part: ``report``, or the ``addendum`` or ``wet read`` that the section lies in. An impression in an
            addendum is not that of the report.
        start: Where it begins, heading included, in characters of the report.
        body: Where the text behind the heading begins.
        end: Where it ends, which is where the next one begins.
    """

    name: str
    heading: str
    part: str
    start: int
    body: int
    end: int

    def text_in(self, report: str) -> str:
        """Return the section's text without its heading, stripped of white space around it."""
        return report[self.body : self.end].strip()


def sections(text: str) -> tuple[Section, ...]:
    r"""Return the sections of a report, in order and without gaps.

    ``"".join(text[one.start : one.end] for one in sections(text)) == text`` for every text, in time that
    grows with its length alone. An empty text has no sections.

    Args:
        text: In the form of MIMIC-CXR: headings of capitals behind one space; addenda and wet reads first,
            each closed by a line of underscores. Lines end with ``\n`` or ``\r\n``.
    """
    found = list(_BOUNDARY.finditer(text))
    if not found:
        return (Section(FULL_REPORT, "", _REPORT, 0, 0, len(text)),) if text else ()
    return tuple(_between(found, len(text)))


def _between(found: list[re.Match[str]], length: int) -> Iterator[Section]:
    part = _REPORT
    if found[0].start():
        yield Section(PREAMBLE, "", part, 0, 0, found[0].start())
    ends = [*(one.start() for one in found[1:]), length]
    for match, end in zip(found, ends, strict=True):
        name, heading = _named(match)
        part = _part(name, part)
        yield Section(name, heading, part, match.start(), match.end(), end)


def _named(match: re.Match[str]) -> tuple[str, str]:
    """Return the name and the heading as written."""
    heading, title, rule = match.group("heading", "title", "rule")
    if heading is not None:
        return normalised(heading), heading.strip()
    return (_TITLES[title], title) if title is not None else (PREAMBLE, rule.strip())


def _part(name: str, before: str) -> str:
    """Return which part of the report a section of that name lies in."""
    if name in ("addendum", "wet read"):
        return name
    return _REPORT if name in (PREAMBLE, "final report") else before
