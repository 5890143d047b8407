"""`cxr demo`: a small library from nothing, finished and checked, with something to look at."""

from dataclasses import dataclass
from pathlib import Path

from cxr import datasets
from cxr.config import load
from cxr.images.contact_sheet import contact_sheet
from cxr.index.read import Held, held
from cxr.library.download import download
from cxr.library.naming import on_disk
from cxr.library.open import Library, open_library
from cxr.library.prepare import prepare
from cxr.library.request import DownloadRequest
from cxr.library.run import DownloadSummary
from cxr.library.statistics import statistics
from cxr.library.validate import ValidationSummary, validate
from cxr.model import State
from cxr.progress import Progress

SHEET_IMAGES = 24


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made.

    Attributes:
        base: The library.
        download: How its images came in.
        validation: What validation found.
        statistics: As `cxr stats` prints them.
        contact_sheet: A picture of some of its images.
    """

    base: Path
    download: DownloadSummary
    validation: ValidationSummary
    statistics: dict[str, object]
    contact_sheet: Path

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return {
            "base_dir": str(self.base),
            "download": self.download.to_json(),
            "validation": self.validation.to_json(),
            "statistics": self.statistics,
            "contact_sheet": str(self.contact_sheet),
        }


def demo(base_dir: Path, progress: Progress, *, count: int, size: int, seed: int) -> DemoResult:
    """Make a library of ``count`` phantoms of ``size`` pixels, validate it, and draw a contact sheet.

    Raises:
        StorageError: ``base_dir`` cannot be written.
        LibraryError: there is a library that is in use or damaged.
    """
    config = load(None, {"paths.base_dir": str(base_dir)})
    options = {"count": count, "size": size, "seed": seed}
    with open_library(config, write=True, verb="demo") as library:
        request = DownloadRequest("synthetic", options=options, workers=2)
        downloaded = download(library, prepare(request, config, library.layout), progress)
        validated = validate(library, "synthetic", progress)
        sheet = library.layout.contact_sheet("synthetic")
        _draw(library, sheet)
        return DemoResult(library.layout.base, downloaded, validated, statistics(library), sheet)


def _draw(library: Library, sheet: Path) -> None:
    rows = [row for row, _ in zip(held(library.database, "synthetic"), range(SHEET_IMAGES), strict=False)]
    images = [on_disk(library.layout, row.image_path) for row in rows]
    contact_sheet(images, [f"{row.image_id}\n{_findings(row)}" for row in rows], sheet)


def _findings(row: Held) -> str:
    statements = datasets.labeller(row.labeller).expand(row.codes)
    return ", ".join(one.finding.published for one in statements if one.state is State.POSITIVE)
