"""What a user asks for, and of which dataset, release and library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cxr.config import Config
from cxr.datasets import Dataset, Release
from cxr.images.placement import Shrink
from cxr.library.layout import Layout
from cxr.library.selection import Selection
from cxr.stores.origins import Origin


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """What a user asked for.

    Attributes:
        source: Key of the dataset.
        release: Key of the release; ``None`` for the configured or default one.
        host: Key of the host; ``None`` for the configured or default one.
        origin: A copy that the user already has (``--from``, ``--at``), on a disk or in a bucket.
        tables: A table, or a folder of tables, that stands in for those beside the images.
        selection: Which of the records.
        options: For datasets that are made: ``count``, ``seed``, ``size``.
        workers: Files moved at once; ``None`` for the configured number.
        unread: Roles of tables that nobody will look into; they are not fetched in order to be read.
        shrink: What is made of each image on the way; ``None`` keeps its bytes as they are published.
    """

    source: str
    release: str | None = None
    host: str | None = None
    origin: Origin | None = None
    tables: Path | None = None
    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, int] = field(default_factory=dict)
    workers: int | None = None
    unread: frozenset[str] = frozenset()
    shrink: Shrink | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it is about.

    Attributes:
        request: What was asked for.
        dataset: Of which dataset.
        release: Of which release.
        config: The settings.
        layout: Of the library that it is for.
    """

    request: DownloadRequest
    dataset: Dataset
    release: Release
    config: Config
    layout: Layout

    @property
    def source(self) -> str:
        """The dataset's key."""
        return self.request.source

    @property
    def kept_tables(self) -> Path:
        """Where the library keeps the tables of earlier runs."""
        return self.layout.raw / self.source / self.release.key
