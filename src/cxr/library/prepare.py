"""From what was asked to what there is: dataset, release, host, tables, and the records that are meant."""

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cxr import __version__, datasets, hosts
from cxr.config import Config
from cxr.datasets import Dataset, Published, Release
from cxr.errors import AccessError, TableError, UsageError
from cxr.hosts import Host
from cxr.hosts import folder as folder_host
from cxr.library.apart import without_own_files
from cxr.library.layout import Layout
from cxr.library.selection import Counts, Selection, select
from cxr.model import Record, Remote, TableProblem


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """What a user asked for.

    Attributes:
        source: Key of the dataset.
        release: Key of the release; ``None`` for the configured or default one.
        host: Key of the host; ``None`` for the configured or default one.
        origin: A copy that the user already has (``--from``, ``--at``).
        tables: A table, or a folder of tables, that stands in for those beside the images.
        selection: Which of the records.
        options: For datasets that are made: ``count``, ``seed``, ``size``.
        workers: Files moved at once; ``None`` for the configured number.
    """

    source: str
    release: str | None = None
    host: str | None = None
    origin: Path | None = None
    tables: Path | None = None
    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, int] = field(default_factory=dict)
    workers: int | None = None


@dataclass(slots=True)
class Prepared:
    """A request that can be carried out.

    Attributes:
        request: What was asked.
        dataset: Its module.
        release: The release.
        host: Where the bytes are.
        published: What the records are read from.
        files: What the host holds, by image id; ``None`` where every record has its bytes.
        problems: Rows of the tables that could not be used.
        counts: Records considered, matched and selected.
        total: Records that the tables name.
        present: Of these, records with a file.
        unmatched: Images of the folder that no table names.
        size: Bytes of the selected files, estimated where nobody says them.
        already: Selected images that the library has.
        size_already: Bytes of these.
        reading: Tells the tables and the reader apart that the records come from.
        sampled: Ids of the images that were drawn; ``None`` where no sample is asked for.
    """

    request: DownloadRequest
    dataset: Dataset
    release: Release
    host: Host
    published: Published
    files: Mapping[str, Remote] | None
    problems: list[TableProblem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    total: int = 0
    present: int = 0
    size: int = 0
    already: int = 0
    size_already: int = 0
    reading: str = ""
    sampled: frozenset[str] | None = None

    @property
    def unmatched(self) -> int:
        """Images of the folder that no table names."""
        return 0 if self.files is None else len(self.files) - self.present

    def records(self) -> Iterator[Record]:
        """Read the tables again and yield the selected records, in table order."""
        if self.sampled is not None:
            sampled = self.sampled
            return (record for record in self._present() if record.image_id in sampled)
        return select(self._present, self.request.selection, self.dataset.LABELLERS)

    def remote(self, record: Record) -> Remote:
        """Return what the host calls a selected record's image."""
        return Remote(record.published_path) if self.files is None else self.files[record.image_id]

    def bytes_of(self, record: Record) -> int:
        """Return the size of a record's image, estimated where nobody says it."""
        side = self.request.options.get("size", 1024)  # the release's average is of 1024 pixels a side
        return self.remote(record).size or self.release.average_bytes * side**2 // 1024**2

    def _present(self) -> Iterator[Record]:
        for record in self.dataset.read(self.published, _ignore):
            if self.files is None or record.image_id in self.files:
                yield record


def prepare(
    request: DownloadRequest, config: Config, layout: Layout, done: Container[str] = frozenset()
) -> Prepared:
    """Find the tables and files, read the tables once, and count what is meant.

    Args:
        request: What was asked.
        config: The settings.
        layout: Of the library that it is for.
        done: Ids of the images that this library has (`cxr.library.done.done`).

    Raises:
        UsageError: dataset, release, host, folder or selection is not there or contradicts another.
        TableError: a table is missing or cannot be read.
        AccessError: the host does not let us in.
    """
    dataset = datasets.load(request.source)
    settings = config.datasets.get(request.source)
    release = _release(dataset, request, settings.release if settings else None)
    host = _host(request, release, settings.source if settings else None)
    listing = None
    if request.origin is not None:
        listing = without_own_files(host.list(), request.origin, layout)
    published = Published(
        release=release.key,
        tables=_tables(dataset, request, listing, layout.raw / request.source / release.key),
        files=listing or (),
        options=request.options,
    )
    files = None if listing is None else _by_image(dataset, published, listing)
    prepared = Prepared(request, dataset, release, host, published, files)
    prepared.reading = _reading(prepared)
    _count(prepared, done)
    return prepared


def _release(dataset: Dataset, request: DownloadRequest, configured: str | None) -> Release:
    key = request.release or configured
    if key is None:
        return datasets.default_release(dataset)
    if key not in dataset.RELEASES:
        raise UsageError(
            f"{dataset.TITLE} has no release {key!r}.",
            next_step=f"Choose one of: {', '.join(dataset.RELEASES)}.",
        )
    return dataset.RELEASES[key]


def _host(request: DownloadRequest, release: Release, configured: str | None) -> Host:
    if request.origin is not None:
        if request.host not in (None, "folder"):
            raise UsageError(
                f"--from names a copy of yours, and --host {request.host} another place.",
                next_step="Leave one of the two out.",
            )
        return folder_host.readable(request.origin)
    key = request.host or configured or release.hosts[0]
    if key not in release.hosts:
        raise UsageError(
            f"{request.source} is not at the host {key!r}.",
            next_step=f"Its hosts are: {', '.join(release.hosts)}.",
        )
    if key == "folder":
        raise UsageError("The host `folder` is a copy that you have.", next_step="Say where: --from PATH.")
    present = hosts.keys()
    if key not in present:
        raise UsageError(
            f"This version of cxr cannot download {request.source} from {key} yet.",
            think="It reads a copy that you already have, as you downloaded it, unpacked.",
            next_step=f"Name that copy: `cxr download --source {request.source} --from PATH`. "
            f"`cxr access {request.source}` says how to get one.",
        )
    host = hosts.connect(key)
    access = host.check_access()
    if not access.ready:
        raise AccessError(f"{key} does not let us in.", next_step=access.missing)
    return host


def _tables(
    dataset: Dataset, request: DownloadRequest, listing: list[Remote] | None, kept: Path
) -> Mapping[str, Path]:
    place, paths = request.origin, [remote.path for remote in listing or ()]
    if request.tables is not None:
        place, paths = folder_host.tables_in(request.tables)
    elif kept.is_dir() and not _has_tables(dataset, paths):
        place, paths = folder_host.tables_in(kept)
    found = dataset.find_tables(paths)
    assert place is not None or not found
    return {role: (place or Path()) / path for role, path in found.items()}


def _has_tables(dataset: Dataset, paths: list[str]) -> bool:
    try:
        dataset.find_tables(paths)
    except UsageError:
        return False
    return True


def _by_image(dataset: Dataset, published: Published, listing: list[Remote]) -> dict[str, Remote]:
    if not published.tables:  # the records are the files themselves
        by_path = {remote.path: remote for remote in listing}
        return {
            record.image_id: by_path[record.published_path] for record in dataset.read(published, _ignore)
        }
    files: dict[str, Remote] = {}
    for remote in listing:
        image_id = dataset.image_id_of(remote.path)
        if image_id is not None:
            files.setdefault(image_id, remote)
    return files


def _reading(prepared: Prepared) -> str:
    """Return a digest of what the records are read from and by."""
    digest = hashlib.blake2b(f"{__version__} {prepared.release.key}".encode(), digest_size=8)
    for role, table in sorted(prepared.published.tables.items()):
        digest.update(role.encode())
        try:
            with table.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise TableError(
                f"{table} cannot be read: {error.strerror}.", next_step="Check the file and its permissions."
            ) from error
    return digest.hexdigest()


def _count(prepared: Prepared, done: Container[str]) -> None:
    """Read the tables once: problems, present records, and the number and size of the selected ones."""

    def present() -> Iterator[Record]:
        prepared.problems.clear()
        prepared.total = prepared.present = 0
        for record in prepared.dataset.read(prepared.published, prepared.problems.append):
            prepared.total += 1
            if prepared.files is None or record.image_id in prepared.files:
                prepared.present += 1
                yield record

    sampled = set()
    selection = prepared.request.selection
    for record in select(present, selection, prepared.dataset.LABELLERS, prepared.counts):
        size = prepared.bytes_of(record)
        prepared.size += size
        if record.image_id in done:
            prepared.already += 1
            prepared.size_already += size
        if selection.sample:
            sampled.add(record.image_id)
    if selection.sample:  # drawn once: drawing again would read the tables twice more
        prepared.sampled = frozenset(sampled)


def _ignore(problem: TableProblem) -> None:
    """Take no notice: the first reading has told of it."""
