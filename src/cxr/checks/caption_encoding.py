"""The caption is not UTF-8."""

from collections.abc import Mapping

from cxr.checks.case import Card, caption_problem
from cxr.model import Issue, Severity

CODE = "caption_encoding"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning="Text readers fail on it, or show wrong letters.",
    measured="Decoding all bytes; a byte order mark at the start.",
    source="the caption's form, in cxr.captions",
)


def check(problems: Mapping[str, str]) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return caption_problem(problems, CODE, SEVERITY)
