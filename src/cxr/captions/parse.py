"""A caption read back into its parts."""

from dataclasses import dataclass
from typing import NamedTuple

from cxr.captions.form import HEADER, METADATA, NO_LABELS, SECTIONS, STATE_WORDS, TERMS
from cxr.model import State

_STATES = {word: state for state, word in STATE_WORDS.items()}


class Outline(NamedTuple):
    """The lines of any text, as a caption would group them.

    Attributes:
        header: Those before the first section, blank ones left out.
        sections: Name and lines of each section, as often as it stands there; blank lines around a body
            are left out.
    """

    header: list[str]
    sections: list[tuple[str, list[str]]]

    def body(self, name: str) -> list[str]:
        """Return the lines of the first section with that name; none where it is missing."""
        return next((lines for title, lines in self.sections if title == name), [])


@dataclass(frozen=True, slots=True)
class Caption:
    """The parts of a caption.

    Attributes:
        header: ``SOURCE`` to ``IMAGE_ID``.
        findings: The text under FINDINGS.
        impression: The text under IMPRESSION.
        labels: Published finding and state, in order; empty where no labels came with the image.
        metadata: ``Patient Age`` and so on.
    """

    header: dict[str, str]
    findings: str
    impression: str
    labels: tuple[tuple[str, State], ...]
    metadata: dict[str, str]


def outline(text: str) -> Outline:
    """Group the lines of any text; nothing is too broken for it."""
    header: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    into = header
    for line in text.split("\n"):
        if len(line) > len("===  ===") and line.startswith("=== ") and line.endswith(" ==="):
            into = []
            sections.append((line[4:-4], into))
        else:
            into.append(line)
    return Outline([line for line in header if line.strip()], [(n, _trimmed(lines)) for n, lines in sections])


def parse(text: str) -> Caption:
    """Return the parts of a caption.

    Raises:
        ValueError: it is no caption of this form; the message says where it departs from it.
    """
    parts = outline(text)
    names = tuple(name for name, _ in parts.sections)
    if names != SECTIONS:
        raise ValueError(f"the sections are {names}, not {SECTIONS}")
    for lines, expected in ((parts.header, HEADER), (parts.body("METADATA"), METADATA)):
        if problem := pairs_problem(lines, expected):
            raise ValueError(problem)
    return Caption(
        header=dict(pairs(parts.header)),
        findings="\n".join(parts.body("FINDINGS")),
        impression="\n".join(parts.body("IMPRESSION")),
        labels=labels(parts.body("STRUCTURED LABELS")),
        metadata=dict(pairs(parts.body("METADATA"))),
    )


def pairs(lines: list[str]) -> list[tuple[str, str]]:
    """Return name and value of each ``name: value`` line; a line without a colon is a name alone."""
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def pairs_problem(lines: list[str], expected: tuple[str, ...]) -> str:
    """Say how ``name: value`` lines depart from those expected, in their order; empty if they do not.

    A `TERMS` line may follow METADATA.
    """
    found = [name for name, _ in pairs(lines)]
    if expected is METADATA and found and found[-1] == TERMS:
        expected = (*expected, TERMS)
    missing = [name for name in expected if name not in found]
    if missing:
        return f"no line begins with {', '.join(f'{name}:' for name in missing)}"
    unknown = [number for number, name in enumerate(found, start=1) if name not in expected]
    if unknown:
        return f"line {unknown[0]} does not belong there"
    repeated = [name for name in expected if found.count(name) > 1]
    if repeated:
        return f"{repeated[0]} stands there {found.count(repeated[0])} times"
    if tuple(found) != expected:
        return f"the lines are out of order: {', '.join(found)}"
    empty = [name for name, value in pairs(lines) if not value.strip()]
    return f"{empty[0]} has no value" if empty else ""


def labels(lines: list[str]) -> tuple[tuple[str, State], ...]:
    """Return finding and state of each line under STRUCTURED LABELS.

    Raises:
        ValueError: a line is not of the form ``Finding: state``, or a finding is listed twice.
    """
    if lines == [NO_LABELS]:
        return ()
    if not lines:
        raise ValueError("there is no line")
    listed: dict[str, State] = {}
    for number, line in enumerate(lines, start=1):
        name, _, word = line.rpartition(": ")
        if not name.strip() or word not in _STATES:
            raise ValueError(f"line {number} is not of the form 'Finding: {' | '.join(_STATES)}'")
        if name in listed:
            raise ValueError(f"{name[:40]!r} is listed twice")
        listed[name] = _STATES[word]
    return tuple(listed.items())


def _trimmed(lines: list[str]) -> list[str]:
    """Return the lines without blank ones before and after them."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []
