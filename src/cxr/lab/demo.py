"""`cxr demo`: a small library by way of the lab's hosts, some of whose answers go wrong, and its pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxr import datasets
from cxr.config import Config, load
from cxr.images.contact_sheet import contact_sheet
from cxr.index.read import Held, held
from cxr.lab.lab import Lab
from cxr.library.download import download
from cxr.library.naming import on_disk
from cxr.library.open import Library, open_library
from cxr.library.prepare import prepare
from cxr.library.request import DownloadRequest
from cxr.library.run import DownloadSummary
from cxr.library.selection import Selection
from cxr.library.statistics import statistics
from cxr.library.validate import ValidationSummary, validate
from cxr.model import State
from cxr.progress import Progress

SHEET_IMAGES = 24
_FEWEST = 12  # NIH images: of fewer, all may be of patients who are not in the official test list
FAILURES: Mapping[str, float] = {
    "server-error": 0.1,
    "rate-limit": 0.1,
    "reset": 0.15,
    "early-close": 0.15,
    "expired-link": 0.1,
}
"""What goes wrong at the demo's hosts, and how often."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made.

    Attributes:
        base: The library.
        downloads: How the images came in, by host.
        validation: What validation found.
        statistics: As `cxr stats` prints them.
        broken: Answers of the hosts that were refused or cut off on purpose, by host.
        answers: All answers of the hosts, by host.
        contact_sheets: Pictures of some images of each dataset.
    """

    base: Path
    downloads: Mapping[str, DownloadSummary]
    validation: ValidationSummary
    statistics: dict[str, object]
    broken: Mapping[str, int]
    answers: Mapping[str, int]
    contact_sheets: tuple[Path, ...]

    @property
    def exit_code(self) -> int:
        """1 when an image failed, to come or to pass, else 0."""
        return max(self.validation.exit_code, *(one.exit_code for one in self.downloads.values()))

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return {
            "base_dir": str(self.base),
            "downloads": {host: one.to_json() for host, one in self.downloads.items()},
            "validation": self.validation.to_json(),
            "statistics": self.statistics,
            "broken_answers": dict(self.broken),
            "answers": dict(self.answers),
            "contact_sheets": [str(sheet) for sheet in self.contact_sheets],
        }


def demo(base_dir: Path, progress: Progress, *, count: int, size: int, seed: int) -> DemoResult:
    """Make a library of invented NIH patients from both hosts and of phantoms; validate and draw it.

    Args:
        base_dir: The library.
        progress: Who watches.
        count: Phantoms; half as many NIH images come besides, twelve at least.
        size: Pixels a side.
        seed: Other images and other failures for another seed.

    Raises:
        StorageError: ``base_dir`` cannot be written.
        LibraryError: there is a library that is in use or damaged.
        CxrError: a host's failures were more than a download survives.
    """
    nih = max(_FEWEST, count // 2)
    # A run over few images meets bad luck more often than a large one, and waits for nothing real here.
    flags = {"paths.base_dir": str(base_dir), "download.retry_delay": 0.1, "download.retry_attempts": 8}
    with Lab(images=nih, size=size, seed=seed, failures=FAILURES) as lab:
        config = load(None, flags, sources_file=lab.dataset_sources)
        with open_library(config, write=True, verb="demo") as library:
            downloads = {
                # Box holds the same images: what Kaggle gave is not fetched again.
                "kaggle": _nih(library, config, progress, "kaggle", limit=nih // 2),
                "box": _nih(library, config, progress, "box"),
                "phantoms": _phantoms(
                    library, config, progress, {"count": count, "size": size, "seed": seed}
                ),
            }
            validated = validate(library, None, progress)
            sheets = tuple(_sheet(library, source) for source in ("nih", "synthetic"))
            seen = {host: accounts.exchanges for host, accounts in lab.accounts.items()}
            return DemoResult(
                base=library.layout.base,
                downloads=downloads,
                validation=validated,
                statistics=statistics(library),
                broken={host: sum(bool(one.failure) for one in many) for host, many in seen.items()},
                answers={host: len(many) for host, many in seen.items()},
                contact_sheets=sheets,
            )


def _nih(
    library: Library, config: Config, progress: Progress, host: str, limit: int | None = None
) -> DownloadSummary:
    request = DownloadRequest("nih", host=host, selection=Selection(limit=limit))
    return download(library, prepare(request, config, library.layout), progress)


def _phantoms(
    library: Library, config: Config, progress: Progress, options: Mapping[str, int]
) -> DownloadSummary:
    request = DownloadRequest("synthetic", options=options, workers=2)
    return download(library, prepare(request, config, library.layout), progress)


def _sheet(library: Library, source: str) -> Path:
    sheet = library.layout.contact_sheet(source)
    rows = [row for row, _ in zip(held(library.database, source), range(SHEET_IMAGES), strict=False)]
    images = [on_disk(library.layout, row.image_path) for row in rows]
    contact_sheet(images, [f"{row.image_id}\n{_findings(row)}" for row in rows], sheet)
    return sheet


def _findings(row: Held) -> str:
    statements = datasets.labeller(row.labeller).expand(row.codes)
    return ", ".join(one.finding.published for one in statements if one.state is State.POSITIVE)
