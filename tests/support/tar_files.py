"""Tars of small PNGs, a host that holds them and a store for them, for the tests of what reads them."""

import functools
import gzip
import io
import struct
import tarfile
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cxr.hosts import Archive, Format
from cxr.http import HttpSettings, RefusedError
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer.seek_index import SeekIndex, index_path
from cxr.transfer.tar_unit import TarUnit
from cxr.transfer.unit import Job
from support.archive_server import Shelf
from support.web_host import WebHost

ARCHIVE = "images_001.tar.gz"


@functools.cache
def png(seed: int, side: int = 64) -> bytes:
    """Return a PNG of noise, a little over ``side`` squared bytes."""
    noise = Random(seed).randbytes(side * side)
    rows = b"".join(b"\0" + noise[at : at + side] for at in range(0, len(noise), side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def images(number: int, side: int = 64, first: int = 0) -> dict[str, bytes]:
    """Return some images by their names in the published tree of one archive."""
    return {f"images/{40000000 + seed:08d}_000.png": png(seed, side) for seed in range(first, first + number)}


def tar_of(members: Mapping[str, bytes] | Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """Return a tar of these members, in their order; a name may be a whole header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items() if isinstance(members, Mapping) else members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if data:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data) if data else None)
    return out.getvalue()


def blocks_of(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Return the blocks of some members, without the end of a tar, each header saying what it says."""
    return b"".join(info.tobuf() + data.ljust(-(-len(data) // 512) * 512, b"\0") for info, data in members)


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Return a member's header."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, target
    return info


def gz(data: bytes, level: int = 1) -> bytes:
    """Compress, without a time."""
    return gzip.compress(data, level, mtime=0)


@dataclass
class Told:
    """A `cxr.transfer.unit.Report` that remembers."""

    bytes_moved: int = 0
    bytes_kept: int = 0
    results: dict[str, Fetched | Failure] = field(default_factory=dict)
    stop_after: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def moved(self, size: int) -> None:
        self.bytes_moved += size

    def kept(self, size: int) -> None:
        self.bytes_kept += size

    def done(self, job: Job, result: Fetched | Failure) -> None:
        assert job.image_id not in self.results
        self.results[job.image_id] = result

    @property
    def stopping(self) -> bool:
        return self.stop_after is not None and len(self.results) >= self.stop_after

    @property
    def codes(self) -> dict[str, str]:
        """What became of each image."""
        return {one: getattr(result, "code", "had") for one, result in self.results.items()}


class TarHost(WebHost):
    """Archives on a `Shelf`."""

    key = "box"

    def __init__(self, served: Shelf, names: Sequence[str] = (ARCHIVE,), checksum: str = "") -> None:
        settings = HttpSettings(answer_timeout=5, stall_timeout=5)
        super().__init__(served.address, [Remote(name) for name in names], settings)
        self.archives = tuple(
            Archive(Remote(name, None, checksum), Format.TAR_GZ, name.removesuffix(".tar.gz") + "/")
            for name in names
        )


def jobs_of(names: Iterable[str], prefix: str = "images_001/") -> tuple[Job, ...]:
    """Return a job for each member's name."""
    return tuple(
        Job(Path(name).stem, Remote(prefix + name), f"nih_{name.rpartition('/')[2]}") for name in names
    )


def store_in(folder: Path) -> LocalStore:
    """Return a store below a folder."""
    return LocalStore(folder / "Images", folder / "temp")


class TarBench:
    """An archive on a server, a store, and what came of it.

    Args:
        served: The server.
        folder: For the store, the seek indexes and the logs.
    """

    def __init__(self, served: Shelf, folder: Path) -> None:
        self.served, self.folder = served, folder
        self.host = TarHost(served)
        self.store = store_in(folder)
        self.indexes = folder / "indexes"

    @property
    def archive(self) -> Archive:
        return self.host.archives[0]

    @property
    def index(self) -> SeekIndex:
        return SeekIndex(index_path(self.indexes, self.archive))

    @property
    def came(self) -> dict[str, bytes]:
        """What is in the store, by image id."""
        images = (self.folder / "Images").iterdir()
        return {path.stem.removeprefix("nih_"): path.read_bytes() for path in images if path.is_file()}

    @property
    def log(self) -> str:
        return (self.folder / "logs" / "cxr_downloader.json").read_text()

    def put(self, data: bytes) -> None:
        """Put another archive in the place of the one before."""
        self.served.files[ARCHIVE] = data

    def unit(self, names: Iterable[str], prefix: str = "images_001/") -> TarUnit:
        return TarUnit(self.archive, jobs_of(names, prefix), self.indexes)

    def run(self, names: Iterable[str], told: Told | None = None, prefix: str = "images_001/") -> Told:
        """Try a unit for these members once. What was served before is forgotten."""
        told = told or Told()
        self.served.requests.clear()
        self.unit(names, prefix).attempt(self.host, self.store, told)
        return told

    def refused(self, names: Iterable[str]) -> tuple[RefusedError, Told]:
        """Try a unit that is refused in the end."""
        told = Told()
        try:
            self.run(names, told)
        except RefusedError as error:
            return error, told
        raise AssertionError("it was not refused")


def by_id(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return members by the ids of their images."""
    return {Path(name).stem: data for name, data in members.items()}
