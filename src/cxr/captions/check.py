"""What is wrong with a caption file, from its bytes and what the index says of its image.

Each code stands for one question and is given at most once a caption:

========================  =================================================================================
caption_encoding          not UTF-8, or with a byte order mark
caption_line_endings      a carriage return, or not exactly one newline at the end
caption_length            too short to say anything, or too long to be a caption
caption_sections          a section is missing, repeated, unknown, out of order or empty
caption_header            the same for the lines before the first section
caption_metadata          the same for the lines under METADATA
caption_labels_malformed  a line under STRUCTURED LABELS is not ``Finding: state``
caption_labels_differ     the labels are not the statements of the index
caption_text_differs      generated text is not what these statements give
caption_row_differs       the header or labeller is not what the index says
caption_placeholder       the text of an error, or of a template nobody filled in
========================  =================================================================================
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cxr.captions.form import (
    GENERATED,
    HEADER,
    METADATA,
    NO_REPORT,
    SECTIONS,
    header_values,
    label_lines,
    labeller_value,
)
from cxr.captions.parse import Outline, labels, outline, pairs, pairs_problem
from cxr.captions.prose import from_labels
from cxr.model import Labeller

CODES = (
    "caption_encoding",
    "caption_line_endings",
    "caption_length",
    "caption_sections",
    "caption_header",
    "caption_metadata",
    "caption_labels_malformed",
    "caption_labels_differ",
    "caption_text_differs",
    "caption_row_differs",
    "caption_placeholder",
)
MINIMUM_CHARACTERS = 100
"""A caption has more; the headings alone do."""
MAXIMUM_BYTES = 1_000_000
"""Far above any radiology report; what is longer is not read."""

_LABELS = SECTIONS[2]
_GENERATED = (GENERATED, f"{GENERATED} ({NO_REPORT})")
# The identifiers are compared with the index instead: an image may well be called `nan.png` or `{x}.png`.
_IDENTIFIERS = frozenset(HEADER) - {"VIEW_POSITION"}
# How Python, pandas and SQL write a value that is not there.
_ABSENT = frozenset({"None", "nan", "NaN", "NaT", "<NA>", "NULL", "null", "N/A", "#N/A"})
_ERROR_TEXT = re.compile(
    r"Traceback \(most recent call last\)|<!doctype html|<html\b|<\?xml|</?(?:body|error|code)>"
    r"|\b(?:403 Forbidden|404 Not Found|502 Bad Gateway)\b",
    re.IGNORECASE,
)
_LEFTOVER = re.compile(r"\$?\{\{?\s*[A-Za-z_][\w.]*(?:\(\))?\s*\}?\}|%\([A-Za-z_]\w*\)[sdrf]")
# Not asked of reports: "TODO" is a Spanish word, and what a radiologist wrote is not ours to refuse.
# Bounded, since an open repetition takes minutes over a megabyte of "insert insert ...".
_PLACEHOLDER = re.compile(
    r"\b(?:TODO|TBD|FIXME)\b|(?i:lorem ipsum|\binsert [a-z ]{1,40} here\b|\bplaceholder\b)"
)


class CaptionProblem(NamedTuple):
    """One thing that is wrong with a caption.

    Attributes:
        code: One of `CODES`.
        message: One sentence for a person. It quotes no text of a report.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the index says of the image that a caption belongs to; values as they stand there.

    Attributes:
        source: The dataset's title.
        patient_id: As in the index, possibly empty.
        study_id: Likewise.
        view_position: Likewise.
        image_id: Likewise.
        labeller: The one whose states the index shows, ``None`` for none.
        codes: Its packed statements about this image; empty without a labeller.
    """

    source: str
    patient_id: str
    study_id: str
    view_position: str
    image_id: str
    labeller: Labeller | None = None
    codes: str = ""


def problems(data: bytes, expected: Expected | None = None) -> list[CaptionProblem]:
    """Return all that is wrong with a caption file; an empty list for a good one.

    Args:
        data: Its bytes. It is enough to read one more than `MAXIMUM_BYTES`.
        expected: What the index says; without it only the form is checked.
    """
    if len(data) > MAXIMUM_BYTES:
        return [_long(len(data))]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [CaptionProblem("caption_encoding", f"Byte {error.start} is not UTF-8.")]
    return list(_problems(text, expected))


def _problems(text: str, expected: Expected | None) -> Iterator[CaptionProblem]:
    if text.startswith("\ufeff"):
        yield CaptionProblem("caption_encoding", "It begins with a byte order mark.")
        text = text.removeprefix("\ufeff")
    if message := _line_endings(text):
        yield CaptionProblem("caption_line_endings", message)
        text = text.replace("\r\n", "\n")
    if len(text) <= MINIMUM_CHARACTERS:
        message = f"It has {len(text)} characters; a caption has more than {MINIMUM_CHARACTERS}."
        yield CaptionProblem("caption_length", message)
    parts = outline(text)
    if message := _sections(parts):
        yield CaptionProblem("caption_sections", message)
    if message := pairs_problem(parts.header, HEADER):
        yield CaptionProblem("caption_header", f"Before the first section, {message}.")
    if parts.body("METADATA") and (message := pairs_problem(parts.body("METADATA"), METADATA)):
        yield CaptionProblem("caption_metadata", f"Under METADATA, {message}.")
    if message := _placeholder(parts):
        yield CaptionProblem("caption_placeholder", message)
    yield from _label_problems(parts, expected)
    if expected is not None and (message := _row(parts, expected)):
        yield CaptionProblem("caption_row_differs", message)


def _long(size: int) -> CaptionProblem:
    return CaptionProblem("caption_length", f"It has {size:,} bytes or more; no caption is that long.")


def _line_endings(text: str) -> str:
    if "\r" in text:
        return "It has carriage returns; lines end with a newline alone."
    if not text.endswith("\n"):
        return "It does not end with a newline."
    return "It ends with more than one newline." if text.endswith("\n\n") else ""


def _sections(parts: Outline) -> str:
    found = [name for name, _ in parts.sections]
    if missing := [name for name in SECTIONS if name not in found]:
        return f"Without the section {', '.join(missing)}."
    if repeated := [name for name in SECTIONS if found.count(name) > 1]:
        return f"The section {repeated[0]} stands there {found.count(repeated[0])} times."
    if unknown := [name for name in found if name not in SECTIONS]:
        return f"A section {unknown[0][:40]!r} does not belong there."
    if found != list(SECTIONS):
        return f"The sections are out of order: {', '.join(found)}."
    empty = [name for name, lines in parts.sections if not lines]
    return f"The section {', '.join(empty)} is empty." if empty else ""


def _placeholder(parts: Outline) -> str:
    metadata = pairs(parts.body("METADATA"))
    for name, value in (*pairs(parts.header), *metadata):
        leftover = _LEFTOVER.fullmatch(value) or value in _ABSENT
        if leftover and name not in _IDENTIFIERS:
            return f"{name[:40]} is {value[:40]!r}, which stands for a value that was never filled in."
    is_report = dict(metadata).get("Text Origin", "").startswith("report")
    for section in (*SECTIONS[:2], _LABELS):
        text = "\n".join(parts.body(section))
        found = _ERROR_TEXT.search(text) or _LEFTOVER.search(text)
        if found is None and not is_report:
            found = _PLACEHOLDER.search(text)
        if found is not None:
            return f"{section} has the text of an error or an unfilled template: {found[0][:40]!r}."
        if text in _ABSENT and not is_report:
            return f"{section} is {text!r}, which stands for a value that was never filled in."
    return ""


def _label_problems(parts: Outline, expected: Expected | None) -> Iterator[CaptionProblem]:
    lines = parts.body(_LABELS)
    if not lines:
        return  # said under caption_sections
    try:
        labels(lines)
    except ValueError as error:
        yield CaptionProblem("caption_labels_malformed", f"Under STRUCTURED LABELS, {error}.")
        return
    if expected is None:
        return
    if message := _labels_differ(lines, expected):
        yield CaptionProblem("caption_labels_differ", message)
    elif message := _text_differs(parts, expected):
        yield CaptionProblem("caption_text_differs", message)


def _labels_differ(lines: list[str], expected: Expected) -> str:
    try:
        wanted = list(label_lines(expected.labeller, expected.codes))
    except ValueError:
        return f"The statements of the index do not fit the labeller {labeller_value(expected.labeller)}."
    if lines == wanted:
        return ""
    wrong = [line for line in wanted if line not in lines]
    if not wrong:
        return "The labels are out of order, or more than the labeller's."
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"The index says {wrong[0]!r}{more}; the caption does not."


def _text_differs(parts: Outline, expected: Expected) -> str:
    if _sections(parts) or dict(pairs(parts.body("METADATA"))).get("Text Origin") not in _GENERATED:
        return ""
    if expected.labeller is None:
        return "Its text is said to be generated from labels, and there are none."
    prose = from_labels(expected.labeller, expected.codes)
    for section, text in zip(SECTIONS, prose, strict=False):
        if parts.body(section) != [text]:
            return f"{section} is not what the labels give."
    return ""


def _row(parts: Outline, expected: Expected) -> str:
    found = dict(pairs(parts.header)) | dict(pairs(parts.body("METADATA")))
    values = header_values(
        expected.source, expected.patient_id, expected.study_id, expected.view_position, expected.image_id
    )
    wanted = dict(zip(HEADER, values, strict=True)) | {"Labeller": labeller_value(expected.labeller)}
    for name, value in wanted.items():
        if found.get(name, value) not in ("", value):
            return f"{name} is {found[name][:60]!r}; the index says {value[:60]!r}."
    return ""
