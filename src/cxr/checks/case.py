"""What checks look at, what they compare it with, and what a check has to offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cxr.images.inspection import Inspection
from cxr.model import Issue, Severity


class Card(NamedTuple):
    """What people read about a check.

    Attributes:
        meaning: What it means for the image, or for training on it.
        measured: How it is found.
        source: Where the rule comes from.
    """

    meaning: str
    measured: str
    source: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the index says of one image file.

    Attributes:
        name: File name; its suffix promises a format.
        sha256: As recorded when it came in; empty where nothing was recorded.
        minimum_resolution: Of its release, in pixels of the shorter side; 0 for none, ``None`` to take the
            threshold.
    """

    name: str
    sha256: str = ""
    minimum_resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the warnings begin.

    Attributes:
        minimum_resolution: Pixels of the shorter side, for releases without a minimum of their own.
        minimum_bytes: Smaller files are unusual for a radiograph.
        maximum_bytes: Larger ones, too.
    """

    minimum_resolution: int = 512
    minimum_bytes: int = 50_000
    maximum_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """One image file as it was found, and what it is compared with.

    Attributes:
        inspection: Of its bytes.
        sha256: Hex digest of its bytes; empty where they could not be read.
        expected: What the index says.
        thresholds: Where the warnings begin.
    """

    inspection: Inspection
    sha256: str
    expected: Expected
    thresholds: Thresholds = Thresholds()


class ImageCheck(Protocol):
    """What a module of this package offers that looks at an image; its file name is its code."""

    CODE: str
    SEVERITY: Severity
    CARD: Card

    def check(self, case: Case) -> Issue | None:
        """Return what is wrong, or ``None``."""
        ...


class CaptionCheck(Protocol):
    """What a module ``caption_*`` of this package offers; its file name is its code."""

    CODE: str
    SEVERITY: Severity
    CARD: Card

    def check(self, problems: Mapping[str, str]) -> Issue | None:
        """Return what is wrong, or ``None``, given what `cxr.captions.check` found: code to message."""
        ...


class WithoutRowCheck(Protocol):
    """What a module ``*_without_row`` of this package offers; its file name is its code."""

    CODE: str
    SEVERITY: Severity
    CARD: Card

    def check(self) -> Issue:
        """Return what is wrong with a file of that kind which the index does not know."""
        ...


def fault(case: Case, code: str, severity: Severity) -> Issue | None:
    """Return the inspection's fault as an issue, where it has that code."""
    found = case.inspection.fault
    if found is None or found.code != code:
        return None
    return Issue(code, severity, sentence(found.message))


def caption_problem(problems: Mapping[str, str], code: str, severity: Severity) -> Issue | None:
    """Return what reading a caption found under that code, as an issue."""
    message = problems.get(code)
    return Issue(code, severity, message) if message is not None else None


def sentence(message: str) -> str:
    """Return a message with a capital and a full stop."""
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."
