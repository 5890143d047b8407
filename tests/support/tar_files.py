"""Tars of small PNGs, and a host that holds them, for the tests of what reads them."""

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
from cxr.http import HttpSettings
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer.unit import Job
from support.archive_server import Shelf
from support.web_host import WebHost

ARCHIVE = "images_001.tar.gz"


def png(seed: int, side: int = 64) -> bytes:
    """Return a PNG of noise, a little over ``side`` squared bytes."""
    rows = b"".join(b"\0" + Random(f"{seed} {row}").randbytes(side) for row in range(side))
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


def gz(data: bytes, level: int = 6) -> bytes:
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


def stored(folder: Path) -> dict[str, bytes]:
    """Return what came, by image id."""
    return {path.stem.removeprefix("nih_"): path.read_bytes() for path in (folder / "Images").iterdir()}
