"""Writes both MIMIC-CXR projects into folders: tables, lists, checksums, reports, and painted images.

One pass over the studies, so that the published size can be made as well. The DICOM files, which the lists
of the second project name, are left out.
"""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple, cast
from zipfile import ZipFile, ZipInfo

from cxr.lab.mimic import MimicContents, MimicImage, MimicStudy, studies
from cxr.lab.mimic_pixels import noise, phantom
from cxr.lab.mimic_reports import report
from cxr.lab.mimic_tables import FROM_MIMIC_CXR, HEADERS, rows
from cxr.lab.packing import SECONDS, STAMP, put
from cxr.progress import Progress

JPG, TEXTS = "mimic-cxr-jpg/2.1.0", "mimic-cxr/2.1.0"
"""The two projects, as PhysioNet's addresses name them: each needs an agreement of its own."""
IMAGE_LIST, SUMS, REPORTS_ZIP = "IMAGE_FILENAMES", "SHA256SUMS.txt", "mimic-cxr-reports.zip"


class Made(NamedTuple):
    """An image that was made.

    Attributes:
        rows: Of pixels.
        columns: Of pixels.
        size: In bytes.
    """

    rows: int
    columns: int
    size: int


_DOCUMENTS: Final = {
    JPG: {
        "LICENSE.txt": "Invented by cxr lab: nothing here was ever a person.\n",
        "README": "Synthetic patients in the published form of MIMIC-CXR-JPG, made by cxr lab.\n",
    },
    TEXTS: {"LICENSE.txt": "Invented by cxr lab: nothing here was ever a person.\n"},
}
_LEVEL = 6


def build(folder: Path, contents: MimicContents, progress: Progress) -> dict[str, Made]:
    """Write both projects below ``folder``, which is empty; return the images, by path.

    Raises:
        OSError: they cannot be written.
    """
    progress.start("Making radiographs", contents.images, None)
    with ExitStack() as stack:
        writing = _Writing(folder, contents, stack)
        for study in studies(contents):
            writing.add(study, progress)
        writing.add_patient_without_studies()
    for project, sums in writing.sums.items():
        _finish(folder / project, sums)
    progress.finish()
    return writing.images


class _Writing:
    """The files of both projects while they grow."""

    def __init__(self, folder: Path, contents: MimicContents, stack: ExitStack) -> None:
        self._contents = contents
        self._jpg, texts = folder / JPG, folder / TEXTS
        self.images: dict[str, Made] = {}
        self.sums: dict[str, dict[str, str]] = {JPG: {}, TEXTS: {}}
        for project, documents in _DOCUMENTS.items():
            (folder / project).mkdir(parents=True)
            for name, text in documents.items():
                (folder / project / name).write_text(text, "utf-8")
        self._tables = {
            name: stack.enter_context(_table((texts if name in FROM_MIMIC_CXR else self._jpg) / name, header))
            for name, header in HEADERS.items()
        }
        self._list = stack.enter_context((self._jpg / IMAGE_LIST).open("w", encoding="utf-8", newline="\n"))
        self._zip = stack.enter_context(ZipFile(texts / REPORTS_ZIP, "w"))
        self._folders: set[str] = set()
        self._subject = 0

    def add(self, study: MimicStudy, progress: Progress) -> None:
        """Add a study to all of them."""
        for table, line in rows(study):
            self._tables[table].write(f"{line}\n".encode())
        for image in study.images:
            data = self._image(study, image)
            self._list.write(f"{image.path}\n")
            self.images[image.path] = Made(image.rows, image.columns, len(data))
            self.sums[JPG][image.path] = hashlib.sha256(data).hexdigest()
            progress.advance(files=1, size=len(data))
        self._add_report(study)

    def add_patient_without_studies(self) -> None:
        """Add an empty folder to the zip; of the real one's, nine are."""
        subject = self._subject + 1
        self._add_folders(f"files/p{subject // 1_000_000}/p{subject}/")

    def _image(self, study: MimicStudy, image: MimicImage) -> bytes:
        shape = (image.rows, image.columns)
        if self._contents.pixels == "noise":
            return noise(self._contents.seed, shape, image.dicom_id)
        data = phantom(self._contents.seed, study.index, shape, image.dicom_id)
        file = self._jpg / image.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return data

    def _add_report(self, study: MimicStudy) -> None:
        name, data = f"{study.folder}.txt", report(self._contents.seed, study).encode()
        self._subject = study.subject
        self._add_folders(name.rpartition("/")[0] + "/")
        put(self._zip, name, data)
        self.sums[TEXTS][name] = hashlib.sha256(data).hexdigest()

    def _add_folders(self, folder: str) -> None:
        """Add the entries of a folder and of those around it: the real zip has them."""
        parts = folder.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            name = "/".join(parts[:count]) + "/"
            if name not in self._folders:
                self._folders.add(name)
                entry = ZipInfo(name, STAMP)
                entry.external_attr = 0o40755 << 16 | 0x10
                self._zip.writestr(entry, b"")


@contextmanager
def _table(path: Path, header: str) -> Iterator[IO[bytes]]:
    """Open a table for writing, packed where its name says so; its bytes depend on nothing but the lines."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(path.open("wb"))
        if path.suffix == ".gz":
            file = cast(IO[bytes], stack.enter_context(gzip.GzipFile("", "wb", _LEVEL, file, SECONDS)))
        file.write(f"{header}\n".encode())
        yield file


def _finish(folder: Path, sums: dict[str, str]) -> None:
    """Write the list of checksums: one space, sorted by bytes, every file but itself."""
    for file in folder.iterdir():
        if file.is_file():
            with file.open("rb") as opened:
                sums[file.name] = hashlib.file_digest(opened, "sha256").hexdigest()
    lines = (f"{sums[path]} {path}\n" for path in sorted(sums))
    with (folder / SUMS).open("w", encoding="utf-8", newline="\n") as target:
        target.writelines(lines)
