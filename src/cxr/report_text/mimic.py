"""Findings and impression, chosen as MIMIC-CXR's authors choose them.

The rules are theirs (MIT-LCP/mimic-cxr, folder ``txt``), the code is ours. Their exceptions by hand, 23
studies with given headings and 31 with given spans, name studies of credentialed data and are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cxr.report_text.headings import HEADING, normalised
from cxr.report_text.spans import PREAMBLE

_HEADING = re.compile(rf"\n{HEADING}")
_MAIN = ("impression", "findings")
_LAST_PARAGRAPH = "last_paragraph"
_BLANK_LINE = "\n \n"


@dataclass(frozen=True, slots=True)
class MimicSections:
    """What MIMIC-CXR's sectioning gives for one report; each text is a piece of it, or empty.

    Attributes:
        impression: The last impression that is not empty.
        findings: The last findings that are not empty.
        last_paragraph: What follows the first blank line of the last section, where the report has neither.
        comparison: The last comparison; some reports tell their findings there.
    """

    impression: str
    findings: str
    last_paragraph: str
    comparison: str

    @property
    def main(self) -> str:
        """The field that stands for the report, by MIMIC's priority; empty where all of them are."""
        fields = (*_MAIN, _LAST_PARAGRAPH, "comparison")
        return next((field for field in fields if getattr(self, field)), "")


class _Piece(NamedTuple):
    name: str
    text: str


def mimic_sections(text: str) -> MimicSections:
    r"""Choose impression, findings, last paragraph and comparison of a report.

    Args:
        text: As published: lines end with ``\n``, a blank line is one space.
    """
    pieces = [one for one in _pieces(text) if one.name not in _MAIN or one.text.strip()]
    if not any(one.name in _MAIN for one in pieces):
        name, last = pieces.pop()
        above, _, below = last.partition(_BLANK_LINE)
        pieces += [_Piece(name, above), _Piece(_LAST_PARAGRAPH, below)]
    chosen = {one.name: one.text.strip() for one in pieces}  # of two with one name the last one stays
    return MimicSections(
        impression=chosen.get("impression", ""),
        findings=chosen.get("findings", ""),
        last_paragraph=chosen.get(_LAST_PARAGRAPH, ""),
        comparison=chosen.get("comparison", ""),
    )


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield each section; first what stands before all headings, which without any is the whole report."""
    name, start = PREAMBLE, 0
    # The newline before a heading is looked for behind the white space that belongs to the heading before.
    for match in _HEADING.finditer(text):
        yield _Piece(name, text[start : match.start()])
        name, start = normalised(match["heading"]), match.end()
    yield _Piece(name, text[start:])
