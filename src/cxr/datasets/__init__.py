"""The datasets: one module each, found by its name.

A dataset is a module of this package that satisfies `Dataset`. Its key is its file name, its card is its
docstring. Nothing registers it: the command line, the documentation and the sweep in ``tests/datasets``
find it here.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from cxr.errors import UsageError
from cxr.model import Labeller, Place, Record, Remote, TableProblem

Problems = Callable[[TableProblem], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user has to know and do before having a dataset.

    Attributes:
        licence: Name, as in the index.
        summary: What it allows and forbids, in our words.
        access: ``open``, ``agreement`` or ``credentialed``.
        in_all: Whether ``--source all`` takes it.
        shareable: Whether an export or a bucket that others read is allowed.
        steps: What to do to get access, one a line; the guide of ``cxr access``.
        links: Name to address.
    """

    licence: str
    summary: str
    access: str
    in_all: bool
    shareable: bool
    steps: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a dataset with a layout of its own.

    Attributes:
        key: As typed after ``--release``.
        hosts: Host keys, the default first.
        places: Host key to what that host holds of it; hosts that need not be told more are left out.
        tables_from: Keys of other hosts that have the tables, for hosts that have images alone.
        images: How many it holds, as published; 0 where that is the user's choice.
        patients: Likewise.
        pixel_processing: What its authors did to the pixels.
        minimum_resolution: Shorter side below which a warning is due, in pixels; 0 for none.
        average_bytes: An image's mean size, for the plan.
        reports: Whether its authors publish a report of every study, if perhaps under another agreement.
    """

    key: str
    hosts: tuple[str, ...]
    images: int
    patients: int
    pixel_processing: str
    minimum_resolution: int = 512
    average_bytes: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)
    tables_from: tuple[str, ...] = ()
    reports: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What a dataset reads its records from.

    Attributes:
        release: Which one.
        tables: Role (``entries``, ``boxes``) to local file, as the dataset's `find_tables` named them.
        files: What a folder holds, for datasets without tables.
        options: What the user chose, for datasets that are made (``count``, ``seed``, ``size``).
    """

    release: str
    tables: Mapping[str, Path] = field(default_factory=dict)
    files: Sequence[Remote] = ()
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """Invented rows in the published format: what the sweep reads, and the lab serves.

    Attributes:
        tables: File name to content.
        files: Paths of images that the rows speak of, as in the published tree.
        images: How many records reading them yields.
    """

    tables: Mapping[str, str]
    files: tuple[str, ...]
    images: int


class Dataset(Protocol):
    """What a module of this package offers. Its docstring is the card that people read."""

    __doc__: str | None
    TITLE: str
    """For people and captions: ``NIH ChestX-ray14``."""
    NAMESPACE: str
    """Before the colon of `Record.patient_key`; shared where the people are the same."""
    TERMS: Terms
    ATTRIBUTION: str
    """Whom to credit, as the index and exports carry it."""
    CITATION: str
    """BibTeX."""
    RELEASES: Mapping[str, Release]
    """The default first."""
    LABELLERS: tuple[Labeller, ...]
    """The one whose states the index shows by default first."""
    EXAMPLE: Example

    def find_tables(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Choose from the paths of a folder those tables that this dataset reads: role to path.

        Raises:
            TableError: a table without which nothing can be read is missing.
        """
        ...

    def read(self, published: Published, problems: Problems) -> Iterator[Record]:
        """Yield a record for each image in table order; tell ``problems`` of each row that gives none.

        Raises:
            TableError: the table as a whole cannot be read.
        """
        ...

    def image_id_of(self, path: str) -> str | None:
        """Return the `Record.image_id` that a path in any layout of this dataset belongs to, or ``None``."""
        ...


def keys() -> tuple[str, ...]:
    """Return the key of every dataset, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@cache
def load(key: str) -> Dataset:
    """Return the dataset with that key.

    Raises:
        UsageError: there is none.
    """
    if key not in keys():
        known = ", ".join(keys())
        raise UsageError(
            f"There is no dataset {key!r}.", next_step=f"Choose one of: {known}. `cxr datasets` shows them."
        )
    return cast(Dataset, importlib.import_module(f"{__name__}.{key}"))


def default_release(dataset: Dataset) -> Release:
    """Return the release that is taken when none is named."""
    return next(iter(dataset.RELEASES.values()))


def labeller(key: str) -> Labeller:
    """Return the labeller with that key, whichever dataset it belongs to.

    Raises:
        KeyError: no dataset has it.
    """
    return _labellers()[key]


@cache
def _labellers() -> Mapping[str, Labeller]:
    return {one.key: one for name in keys() for one in load(name).LABELLERS}
