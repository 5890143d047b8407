"""The form of a caption: its parts in their order, and what keeps a value inside its part."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from cxr.model import Labeller, Record, State
from cxr.view_position import UNKNOWN as VIEW_UNKNOWN

HEADER = ("SOURCE", "PATIENT_ID", "STUDY_ID", "VIEW_POSITION", "IMAGE_ID")
SECTIONS = ("FINDINGS", "IMPRESSION", "STRUCTURED LABELS", "METADATA")
METADATA = (
    "Patient Age",
    "Patient Sex",
    "Image Date",
    "Image Quality",
    "Dataset",
    "Text Origin",
    "Labeller",
)
TERMS = "Terms"
"""Last line of METADATA, for datasets that ask for an agreement or credentials."""

UNKNOWN = "unknown"
NO_LABELS = "No labels came with this image."
GENERATED = "generated from labels"
NO_REPORT = "the report was not at hand"
"""Behind the origin of a text, where there is a report and it could not be had."""

STATE_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.POSITIVE: "positive",
        State.NEGATIVE: "negative",
        State.UNCERTAIN: "uncertain",
        State.UNMENTIONED: "not mentioned",
    }
)

# Whatever any reader may take for the end of a line (str.splitlines), not only what we write.
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_BUT_TAB = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def one_line(value: str) -> str:
    """Return a published value as one line that UTF-8 can hold; ``unknown`` where nothing is left."""
    if not (value.isascii() and value.isprintable()):
        value = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", value))
    return value.strip() or UNKNOWN


def block(text: str) -> str:
    """Return report text as it is, but for line ends, control characters and blank lines around it.

    A line that begins with ``===`` is moved one space to the right, so that none passes for a section.
    """
    lines = [_SURROGATE.sub("\ufffd", _CONTROL_BUT_TAB.sub(" ", line)) for line in _LINE_BREAK.split(text)]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(f" {line}" if line.startswith("===") else line for line in lines)


def section(name: str) -> str:
    """Return the line that begins a section."""
    return f"=== {name} ==="


def header_values(
    source: str, patient_id: str, study_id: str, view_position: str, image_id: str
) -> tuple[str, ...]:
    """Return what the header prints for these values, in the order of `HEADER`."""
    view = "" if view_position == VIEW_UNKNOWN else view_position
    return tuple(one_line(value) for value in (source, patient_id, study_id, view, image_id))


def label_lines(labeller: Labeller | None, codes: str) -> tuple[str, ...]:
    """Return the lines under STRUCTURED LABELS: published findings in the labeller's order.

    Raises:
        ValueError: there are more or fewer codes than findings, or one that the labeller does not use.
    """
    if labeller is None:
        return (NO_LABELS,)
    try:
        lines = tuple(
            f"{finding.published}: {STATE_WORDS[labeller.codes[code].state]}"
            for finding, code in zip(labeller.findings, codes, strict=True)
            if finding.listed
        )
    except KeyError as error:
        raise ValueError(f"{labeller.key} has no code {error}") from error
    return lines or (NO_LABELS,)


def labeller_value(labeller: Labeller | None) -> str:
    """Return what METADATA prints after ``Labeller``."""
    if labeller is None:
        return "none"
    return f"{one_line(labeller.name)} (closed world)" if labeller.closed_world else one_line(labeller.name)


def codes_of(record: Record) -> str:
    """Return the packed statements of the labeller that the index shows; empty without one."""
    if not record.labeller:
        return ""
    return next((packed.codes for packed in record.statements if packed.labeller == record.labeller), "")
