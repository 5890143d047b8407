"""Where things lie in a library."""

from dataclasses import dataclass
from pathlib import Path

from cxr.terms import NOTE


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders and files of one library (design: *A library*).

    Attributes:
        base: The base directory.
        images: Images, a file each, flat.
        captions: Captions, the same stems with ``.txt``.
        metadata: The database and what is written from it.
        temp: Parts of files still under way.
    """

    base: Path
    images: Path
    captions: Path
    metadata: Path
    temp: Path

    @property
    def raw(self) -> Path:
        """The published tables and reports, by source and release."""
        return self.base / "raw"

    @property
    def quarantine(self) -> Path:
        """Images that failed validation and were set aside."""
        return self.base / "quarantine"

    @property
    def logs(self) -> Path:
        """The three log files."""
        return self.base / "logs"

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders that are the library's own; nobody else's files belong there."""
        return (
            *(self.images, self.captions, self.metadata, self.temp),
            *(self.raw, self.quarantine, self.logs),
        )

    @property
    def terms(self) -> Path:
        """The terms of what the library holds."""
        return self.base / NOTE

    @property
    def database(self) -> Path:
        """The truth."""
        return self.metadata / "master_index.db"

    @property
    def csv(self) -> Path:
        """The index, a row an image."""
        return self.metadata / "master_index.csv"

    @property
    def parquet(self) -> Path:
        """The index, with the states as an enumeration."""
        return self.metadata / "master_index.parquet"

    @property
    def download_log(self) -> Path:
        """One JSON object a line, appended."""
        return self.metadata / "download_log.json"

    @property
    def download_stats(self) -> Path:
        """What the last runs did, in sums."""
        return self.metadata / "download_stats.json"

    @property
    def failed_images(self) -> Path:
        """What could not be had, tab-separated, rewritten at each run's end."""
        return self.metadata / "failed_images.txt"

    @property
    def validation(self) -> Path:
        """The last validation, a row an issue."""
        return self.metadata / "validation.csv"

    def archives(self, source: str) -> Path:
        """Return where the directories and seek indexes of a dataset's archives are kept."""
        return self.metadata / "archives" / source

    def contact_sheet(self, source: str) -> Path:
        """Return the picture of some images of a dataset."""
        return self.base / f"contact_sheet_{source}.png"

    def removing(self, source: str) -> Path:
        """Return where a removal keeps what it takes away until it is certified."""
        return self.metadata / f"removing_{source}.json"

    @property
    def lock(self) -> Path:
        """Held by the one run that writes."""
        return self.metadata / "library.lock"
