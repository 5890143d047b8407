"""Examine one image file: read it once, inspect it strictly, run the checks. What every engine maps over."""

from dataclasses import dataclass, field
from pathlib import Path

from cxr.checks import run_image_checks
from cxr.checks.case import Case, Expected, Thresholds
from cxr.images.hashing import Hashed, read_hashed
from cxr.images.inspect import inspect, too_large
from cxr.images.inspection import DEFAULT_LIMITS, Fault, Inspection, Limits
from cxr.model import Issue


@dataclass(frozen=True, slots=True)
class Job:
    """One file to examine; it crosses process borders.

    Attributes:
        key: Whatever tells the caller which image it is.
        path: Of the file.
        expected: What the index says of it.
        thresholds: Where the warnings begin.
        limits: How far reading goes.
    """

    key: int | str
    path: str
    expected: Expected
    thresholds: Thresholds = field(default_factory=Thresholds)
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Examination:
    """What one file turned out to be.

    Attributes:
        key: The job's.
        sha256: Hex digest; empty where the file could not be read.
        inspection: What it is; `Inspection.size` is 0 where it could not be read.
        issues: What is wrong with it, errors first.
    """

    key: int | str
    sha256: str
    inspection: Inspection
    issues: tuple[Issue, ...]


def examine(job: Job) -> Examination:
    """Examine one file; a file that is missing or cannot be read is an issue, not an exception."""
    sha256, inspection = _read(Path(job.path), job.limits)
    issues = run_image_checks(Case(inspection, sha256, job.expected, job.thresholds))
    return Examination(job.key, sha256, inspection, tuple(issues))


def _read(path: Path, limits: Limits) -> tuple[str, Inspection]:
    try:
        hashed = read_hashed(path, limits.file_bytes)
    except FileNotFoundError:
        return "", Inspection(size=0, fault=Fault("missing", f"there is no file {path}"))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        return "", Inspection(size=0, fault=Fault("not_readable", f"it cannot be read: {reason}"))
    return hashed.sha256, _inspection(hashed, limits)


def _inspection(hashed: Hashed, limits: Limits) -> Inspection:
    if hashed.data is None:
        return Inspection(size=hashed.size, fault=Fault("too_large", too_large(hashed.size, limits)))
    return inspect(hashed.data, limits=limits)
