"""The checks of ``cxr validate``: one module each, found by its name, which is its code.

Errors fail a validation, warnings and notes never do. `cxr.checks.examine` runs the image checks over one
file. Captions have checks of their own, ``caption_*``, and so have files that the index does not know,
``*_without_row``.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import cast

from cxr.checks.case import CaptionCheck, Card, Case, ImageCheck, WithoutRowCheck
from cxr.model import Issue, Severity

_NO_CHECKS = frozenset({"case", "examine"})
_CAPTION = "caption_"
_WITHOUT_ROW = "_without_row"


def codes() -> tuple[str, ...]:
    """Return the code of every check, sorted."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if name not in _NO_CHECKS))


def card(code: str) -> Card:
    """Return what people read about a check.

    Raises:
        KeyError: there is no such check.
    """
    return _load(code).CARD


def severity(code: str) -> Severity:
    """Return how much a check's issue matters.

    Raises:
        KeyError: there is no such check.
    """
    return _load(code).SEVERITY


def run_image_checks(case: Case) -> list[Issue]:
    """Return what is wrong with one image file, errors first; an empty list where nothing is."""
    found = (check.check(case) for check in _image_checks())
    return _sorted(issue for issue in found if issue is not None)


def run_caption_checks(problems: Mapping[str, str]) -> list[Issue]:
    """Return what is wrong with one caption, errors first.

    Args:
        problems: What `cxr.captions.check.problems` found: code to message.
    """
    found = (check.check(problems) for check in _caption_checks())
    return _sorted(issue for issue in found if issue is not None)


def issue_without_row(code: str) -> Issue:
    """Return the issue of a file that the index does not know.

    Raises:
        KeyError: there is no such check.
    """
    return cast(WithoutRowCheck, _load(code)).check()


def _sorted(issues: Iterable[Issue]) -> list[Issue]:
    order = list(Severity)
    return sorted(issues, key=lambda issue: (order.index(issue.severity), issue.code))


def _load(code: str) -> ImageCheck | CaptionCheck | WithoutRowCheck:
    if code not in codes():
        raise KeyError(code)
    module = importlib.import_module(f"{__name__}.{code}")
    return cast(ImageCheck | CaptionCheck | WithoutRowCheck, module)


@cache
def _image_checks() -> tuple[ImageCheck, ...]:
    return tuple(cast(ImageCheck, _load(code)) for code in _of_contents() if not code.startswith(_CAPTION))


@cache
def _caption_checks() -> tuple[CaptionCheck, ...]:
    return tuple(cast(CaptionCheck, _load(code)) for code in _of_contents() if code.startswith(_CAPTION))


def _of_contents() -> Iterator[str]:
    """Yield the codes of the checks that look into files."""
    return (code for code in codes() if not code.endswith(_WITHOUT_ROW))
