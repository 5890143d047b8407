"""From what was asked to what there is: dataset, release, host, tables, and the records that are meant."""

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from cxr import __version__, datasets
from cxr.config import Config
from cxr.datasets import Dataset, Published, Release
from cxr.errors import TableError, UsageError
from cxr.hosts import Host
from cxr.hosts import folder as folder_host
from cxr.http import RequestError
from cxr.library import bucket_copy
from cxr.library.apart import without_own_files
from cxr.library.connecting import let_in, not_given
from cxr.library.holdings import Files, Holdings, by_image, holdings_of
from cxr.library.layout import Layout
from cxr.library.request import Asked, DownloadRequest
from cxr.library.scratch import Scratch
from cxr.library.selection import Counts, select
from cxr.library.table_paths import has_tables
from cxr.library.tables import missing_tables, tables_at_hosts, tables_here, tables_of_copy
from cxr.library.wanted import Wanted
from cxr.model import Record, Remote, TableProblem
from cxr.stores.bucket import Bucket
from cxr.stores.origins import Origin


@dataclass(slots=True)
class Prepared:
    """A request that can be carried out.

    Attributes:
        request: What was asked.
        dataset: Its module.
        release: The release.
        host: Where the bytes are.
        published: What the records are read from.
        holdings: What the host holds of the release, and how it is had.
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
        done: Ids of all images of the dataset that the library has, as far as it was asked.
        wanted: Images still to come, by the first folder of their published paths.
        scratch: Keeps what came from a host until the library has it.
    """

    request: DownloadRequest
    dataset: Dataset
    release: Release
    host: Host
    published: Published
    holdings: Holdings
    problems: list[TableProblem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    total: int = 0
    present: int = 0
    size: int = 0
    already: int = 0
    size_already: int = 0
    reading: str = ""
    sampled: frozenset[str] | None = None
    done: AbstractSet[str] = frozenset()
    wanted: Wanted = field(default_factory=Wanted)
    scratch: Scratch | None = None

    @property
    def files(self) -> Mapping[str, Remote] | None:
        """What the host holds, by image id; ``None`` where every record is taken to have its bytes."""
        return self.holdings.files

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
        files = self.files
        if files is not None and (size := files[record.image_id].size):
            return size
        side = self.request.options.get("size", 1024)  # the release's average is of 1024 pixels a side
        return self.release.average_bytes * side**2 // 1024**2

    def _present(self) -> Iterator[Record]:
        files = self.files
        for record in self.dataset.read(self.published, _ignore):
            if files is None or record.image_id in files:
                yield record


def prepare(
    request: DownloadRequest, config: Config, layout: Layout, done: AbstractSet[str] = frozenset()
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
        HostError: the host does not say what it holds.
    """
    dataset = datasets.load(request.source)
    settings = config.datasets.get(request.source)
    release = _release(dataset, request, settings.release if settings else None)
    asked = Asked(request, dataset, release, config, layout)
    if request.origin is not None:
        prepared = _from_copy(asked, request.origin)
    else:
        host = let_in(asked, request.host or (settings.source if settings else None) or release.hosts[0])
        prepared = _from_host(asked, host)
    prepared.reading = _reading(prepared)
    prepared.done = done
    _count(prepared)
    return prepared


def _from_copy(asked: Asked, origin: Origin) -> Prepared:
    dataset, request = asked.dataset, asked.request
    if request.host not in (None, "folder"):
        raise UsageError(
            f"--from names a copy of yours, and --host {request.host} another place.",
            next_step="Leave one of the two out.",
        )
    if isinstance(origin, Bucket):
        return _from_bucket(asked, origin)
    host = folder_host.readable(origin)
    listing = without_own_files(host.list(), origin, asked.layout)
    tables = tables_of_copy(asked, listing, origin)
    published = Published(asked.release.key, tables, listing, request.options)
    files = by_image(dataset, listing) if tables else _by_record(dataset, published, listing)
    return Prepared(request, dataset, asked.release, host, published, Files(host, files))


def _from_bucket(asked: Asked, bucket: Bucket) -> Prepared:
    dataset, request, scratch = asked.dataset, asked.request, Scratch()
    host, listing = bucket_copy.listed(asked, bucket)
    tables = bucket_copy.tables_of(asked, host, listing, scratch)
    published = Published(asked.release.key, tables, listing, request.options)
    files = by_image(dataset, listing) if tables else _by_record(dataset, published, listing)
    holdings = Files(host, files, verify=asked.config.download.verify_checksums)
    prepared = Prepared(request, dataset, asked.release, host, published, holdings)
    prepared.scratch = scratch
    return prepared


def _from_host(asked: Asked, host: Host) -> Prepared:
    dataset, scratch = asked.dataset, Scratch()
    tables = tables_here(asked)
    try:
        holdings = holdings_of(asked, host, scratch)
    except RequestError as error:
        raise not_given(asked, host.key, f"the directory of {dataset.TITLE}", error) from error
    if tables:
        tables = missing_tables(asked, host, holdings, scratch, tables)
    elif has_tables(dataset):
        tables = tables_at_hosts(asked, host, holdings, scratch)
    published = Published(asked.release.key, tables, options=asked.request.options)
    prepared = Prepared(asked.request, dataset, asked.release, host, published, holdings)
    prepared.scratch = scratch
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


def _by_record(dataset: Dataset, published: Published, listing: list[Remote]) -> dict[str, Remote]:
    """Return the files of a dataset whose records are the files themselves."""
    by_path = {remote.path: remote for remote in listing}
    return {record.image_id: by_path[record.published_path] for record in dataset.read(published, _ignore)}


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


def _count(prepared: Prepared) -> None:
    """Read the tables once: problems, present records, and the number and size of the selected ones."""

    def present() -> Iterator[Record]:
        files = prepared.files
        total = missing = 0
        prepared.problems.clear()
        for record in prepared.dataset.read(prepared.published, prepared.problems.append):
            total += 1
            if files is None or record.image_id in files:
                yield record
            else:
                missing += 1
        prepared.total, prepared.present = total, total - missing

    sampled = set()
    selection, done = prepared.request.selection, prepared.done
    for record in select(present, selection, prepared.dataset.LABELLERS, prepared.counts):
        size = prepared.bytes_of(record)
        prepared.size += size
        if record.image_id in done:
            prepared.already += 1
            prepared.size_already += size
        else:
            prepared.wanted.add(record.published_path)
        if selection.sample:
            sampled.add(record.image_id)
    if selection.sample:  # drawn once: drawing again would read the tables twice more
        prepared.sampled = frozenset(sampled)


def _ignore(problem: TableProblem) -> None:
    """Take no notice: the first reading has told of it."""
