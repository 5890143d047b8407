"""A lab's files on disk: the zip that Kaggle gives, the archives of the Box folder, the tables.

Built once into a folder and found again there: another lab with the same contents takes them as they are.
"""

import fcntl
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from cxr.lab import crc32c
from cxr.lab.nih import Contents, Image, describe_images
from cxr.lab.packing import add, put, tar_gz
from cxr.lab.pixels import png
from cxr.lab.tables import ENTRIES_2020, texts
from cxr.progress import Progress, Silence
from cxr.stores.atomic import write_text

ARCHIVE = "archive.zip"
BOX_ARCHIVES: Final = tuple(f"images_{number:03d}.tar.gz" for number in range(1, 13))

_FINISHED = "set.json"
# Kaggle's copy has these four beside the tables; what is in them is not ours to copy.
_DOCUMENTS = ("ARXIV_V5_CHESTXRAY.pdf", "FAQ_CHESTXRAY.pdf", "LOG_CHESTXRAY.pdf", "README_CHESTXRAY.pdf")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that a host serves as it lies on disk.

    Attributes:
        path: On disk.
        size: In bytes.
        md5: Hex digest.
        crc32c: In base64.
    """

    path: Path
    size: int
    md5: str
    crc32c: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """All files of one lab.

    Attributes:
        folder: Where they lie.
        images: Path in the published tree to size and SHA-256, in the order of the paths.
        files: Name to file: the zip, the archives, and what lies beside the images at Kaggle.
    """

    folder: Path
    images: Mapping[str, tuple[int, str]]
    files: Mapping[str, Stored]

    @property
    def tables(self) -> Path:
        """The folder of the tables, with the v2020 one that NIH's page has and Kaggle has not."""
        return self.folder / "tables"

    @property
    def singles(self) -> Sequence[str]:
        """What Kaggle's copy holds beside the images."""
        return [name for name in self.files if name != ARCHIVE and name not in BOX_ARCHIVES]

    @property
    def filled(self) -> Sequence[str]:
        """The archives that hold images: the first ones."""
        return sorted({f"{path.partition('/')[0]}.tar.gz" for path in self.images})

    def image(self, path: str) -> bytes:
        """Return the bytes of an image.

        Raises:
            KeyError: there is none at that path.
        """
        with zipfile.ZipFile(self.folder / ARCHIVE) as archive:
            return archive.read(path)

    @classmethod
    def _read(cls, folder: Path) -> Self:
        saved = json.loads((folder / _FINISHED).read_text("utf-8"))
        images = {path: (size, sha256) for path, size, sha256 in saved["images"]}
        files = {name: Stored(folder / where, *facts) for name, where, *facts in saved["files"]}
        return cls(folder, images, files)


def shelf(root: Path, contents: Contents, progress: Progress | None = None) -> Shelf:
    """Return the files of these contents below ``root``, built if they are not there yet.

    Processes that ask at the same time wait for the one that builds.

    Raises:
        OSError: they cannot be written.
    """
    facts = json.dumps(asdict(contents), sort_keys=True)
    name = f"nih-{contents.images}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
    folder = root / name
    with one_at_a_time(root / f"{name}.lock"):
        if not (folder / _FINISHED).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _build(folder, contents, progress or Silence())
    return Shelf._read(folder)  # noqa: SLF001  ours


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the lock at ``path``, whose folder is made; wait for whoever holds it.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path, contents: Contents, progress: Progress) -> None:
    progress.start("Making images", contents.images, None)
    images = describe_images(contents)
    singles = _write_singles(folder, images)
    hashes = []
    with zipfile.ZipFile(folder / ARCHIVE, "w") as zipped:
        # In the order of the whole paths: capitals first, then the images, then the two lists.
        for path in singles:
            if path.name < "images":
                put(zipped, path.name, path.read_bytes())
        for number, group in groupby(images, lambda image: image.folder):
            with tar_gz(folder / BOX_ARCHIVES[number - 1]) as packed:
                for image in group:
                    data = png(contents, image)
                    put(zipped, image.path, data)
                    add(packed, f"images/{image.name}", data)
                    hashes.append((image.path, len(data), hashlib.sha256(data).hexdigest()))
                    progress.advance(files=1, size=len(data))
        for path in singles:
            if path.name > "images":
                put(zipped, path.name, path.read_bytes())
    for name in BOX_ARCHIVES[images[-1].folder :]:
        with tar_gz(folder / name):  # all twelve links lead somewhere, also in a small lab
            pass
    _finish(folder, hashes, singles)
    progress.finish()


def _write_singles(folder: Path, images: Sequence[Image]) -> list[Path]:
    """Write the tables and documents; return those that Kaggle's copy has, sorted by name."""
    tables, documents = folder / "tables", folder / "documents"
    tables.mkdir()
    documents.mkdir()
    for name, text in texts(images).items():
        (tables / name).write_text(text, "utf-8")
    for name in _DOCUMENTS:
        (documents / name).write_bytes(b"%PDF-1.4\n% made by cxr lab: nothing to read here\n%%EOF\n")
    every = (*tables.iterdir(), *documents.iterdir())
    return sorted((path for path in every if path.name != ENTRIES_2020), key=lambda path: path.name)


def _finish(folder: Path, images: Sequence[tuple[str, int, str]], singles: Sequence[Path]) -> None:
    paths = [folder / ARCHIVE, *(folder / name for name in BOX_ARCHIVES), *singles]
    files = [
        (path.name, str(path.relative_to(folder)), path.stat().st_size, _md5(path), _crc32c(path))
        for path in paths
    ]
    write_text(folder / _FINISHED, json.dumps({"images": images, "files": files}))


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _crc32c(path: Path) -> str:
    with path.open("rb") as file:
        return crc32c.checksum(iter(lambda: file.read(8 << 20), b""))
