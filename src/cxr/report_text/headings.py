"""What a heading looks like in MIMIC-CXR's reports, and which section it stands for.

From what MIMIC-CXR's authors publish about their reports and their own sectioning (MIT-LCP/mimic-cxr, folder
``txt``). Radiologists typed the headings, so one section has many names, and many slips of the hand.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

HEADING = r" (?P<heading>[A-Z ()/,-]++):\s"
"""What begins a line that opens a section, as a regular expression: one space, capitals, a colon, a space."""

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "addendum": ("addenda",),
        "comparison": ("comparisons",),
        "examination": ("exam", "type of exam", "type of examination"),
        "findings": (),
        "history": ("clinical history", "clinical information", "patient history", "pfi"),
        "impression": ("conclusion", "findings and impression", "findings/impression"),
        "indication": ("clinical indication", "reason for exam", "reason for examination"),
        "recommendations": ("recommendation",),
        "technique": (),
        "wet read": ("wetread",),
    }
)
_TABLE = {other: name for name, others in _NAMES.items() for other in (name, *others)}
_CONTAINED = ("impression", "findings", "history", "comparison", "addendum")
# In shorter words one letter makes another word.
_LONG_ENOUGH = 7
_MISSPELT = {known: name for known, name in _TABLE.items() if len(known) >= _LONG_ENOUGH}

_words = re.compile("[a-z]+").findall
# A heading of such words alone, `CHEST, TWO VIEWS:`, names the picture; what follows are the findings.
_PICTURE = frozenset(
    _words(
        "ap bedside chest cxr film films frontal lat lateral pa portable radiograph radiographs view views"
    )
)
# `VIEWS:` or `PA:` alone tells how it was taken, and not what is seen in it.
_NAMES_PICTURE = frozenset(_words("chest cxr portable radiograph radiographs"))
_PAIRS = tuple(frozenset({one, other}) for one in ("pa", "ap", "frontal") for other in ("lateral", "lat"))
_BESIDE_PICTURE = frozenset(
    _words(
        "a and at decubitus erect four in left of one ray rays right semi semierect semiupright single"
        " supine the three two upright with x xray"
    )
)


def normalised(heading: str) -> str:
    """Return the name of the section that a heading stands for; in lower case where it is none of ours.

    In this order: a name of the table, a name that contains one, a picture, one slip of the hand.
    """
    name = " ".join(heading.lower().split())
    if name in _TABLE:
        return _TABLE[name]
    for contained in _CONTAINED:
        if contained in name:
            return contained
    if _is_picture(name):
        return "findings"
    return next((right for known, right in _MISSPELT.items() if _one_slip(name, known)), name)


def _is_picture(name: str) -> bool:
    words = frozenset(_words(name))
    names_one = bool(words & _NAMES_PICTURE) or any(pair <= words for pair in _PAIRS)
    return names_one and words <= _PICTURE | _BESIDE_PICTURE


def _one_slip(written: str, meant: str) -> bool:
    """Say whether one letter is missing, too many, another, or swapped with its neighbour."""
    if abs(len(written) - len(meant)) > 1:
        return False
    shorter = min(len(written), len(meant))
    start = 0
    while start < shorter and written[start] == meant[start]:
        start += 1
    end = 0
    while end < shorter - start and written[-1 - end] == meant[-1 - end]:
        end += 1
    left, right = written[start : len(written) - end], meant[start : len(meant) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
