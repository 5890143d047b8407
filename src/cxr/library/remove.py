"""`cxr remove`: everything that came from one dataset, with a certificate of what went."""

import getpass
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cxr import datasets
from cxr.errors import UsageError
from cxr.index.delete import delete_source, knows, wipe_deleted
from cxr.index.read import image_ids
from cxr.library.belongings import KINDS, belongings
from cxr.library.open import Library
from cxr.library.refresh import mark_stale, refresh_files
from cxr.library.scrub import scrub_logs
from cxr.library.validation_list import write_validation_list
from cxr.stores.atomic import write_text
from cxr.stores.storage_errors import writing

_STATEMENT = (
    "Every file of this dataset that the library held, every row about it, and the lines of the library's "
    "logs that say they are about it, were removed. Adopted images, and copies outside this library (a hard "
    "link shares its bytes with one), were not touched. The logs keep lines that name no dataset, such as "
    "the traceback of an unexpected error."
)


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal takes away, or took.

    Attributes:
        source: Key of the dataset.
        rows: Images in the index.
        images: Image files of the library.
        captions: Captions.
        tables: Files under ``raw/``.
        pictures: Pictures made from its images, such as the demo's contact sheet.
        archives: Directories and seek indexes of its archives, which hold pieces of images.
        parts: Unfinished files.
        bytes: Of all these files. A hard link frees its space only when the user's own copy goes too.
        image_ids_sha256: Hex digest of the sorted ids of its images in the index, a line each.
        certificate: Where it is written down; empty before it is done.
    """

    source: str
    rows: int
    images: int
    captions: int
    tables: int
    pictures: int
    archives: int
    parts: int
    bytes: int
    image_ids_sha256: str
    certificate: str = ""

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


def removal(library: Library, source: str) -> Removal:
    """Say what `remove` would take away. Adopted images stay where they are and are not counted.

    Raises:
        UsageError: there is no such dataset, or the library holds nothing of it.
    """
    datasets.load(source)
    planned = _count(library, source)
    begun = _begun(library.layout.removing(source))
    if begun and (not planned.rows or begun.image_ids_sha256 == planned.image_ids_sha256):
        return begun
    if not knows(library.database, source) and not any(getattr(planned, kind) for kind in KINDS):
        raise UsageError(
            f"The library in {library.layout.base} holds nothing of {source}.",
            next_step="`cxr stats` shows what it holds.",
        )
    return planned


def remove(library: Library, source: str) -> Removal:
    """Remove every file, row, ledger entry and log line of a dataset, and certify it.

    Where it is interrupted, running it again takes the rest and certifies the whole.

    Raises:
        UsageError: there is no such dataset, or the library holds nothing of it.
        StorageError: a file cannot be removed.
    """
    planned = removal(library, source)
    layout = library.layout
    write_text(layout.removing(source), json.dumps(planned.to_json()) + "\n")
    for kind in KINDS:
        for path in belongings(layout, source, kind):
            with writing(path):
                path.unlink(missing_ok=True)
    _remove_empty_folders(layout.raw / source)
    _remove_empty_folders(layout.archives(source))
    with library.database.transaction():
        mark_stale(library.database)
        delete_source(library.database, source)
    wipe_deleted(library.database)
    scrub_logs(layout, source)
    write_validation_list(library)
    refresh_files(library)
    certified = _certify(library, planned)
    with writing(layout.removing(source)):
        layout.removing(source).unlink()
    return certified


def _count(library: Library, source: str) -> Removal:
    counts, size = dict.fromkeys(KINDS, 0), 0
    for kind in KINDS:
        for path in belongings(library.layout, source, kind):
            with suppress(FileNotFoundError):  # a dry run looks while another run may rename its parts
                size += path.lstat().st_size
                counts[kind] += 1
    digest, rows = hashlib.sha256(), 0
    for image_id in image_ids(library.database, source):
        digest.update(f"{image_id}\n".encode())
        rows += 1
    return Removal(
        source=source,
        rows=rows,
        images=counts["images"],
        captions=counts["captions"],
        tables=counts["tables"],
        pictures=counts["pictures"],
        archives=counts["archives"],
        parts=counts["parts"],
        bytes=size,
        image_ids_sha256=digest.hexdigest(),
    )


def _begun(note: Path) -> Removal | None:
    """Return what a removal was to take away that was interrupted."""
    try:
        return Removal(**json.loads(note.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # not as cxr wrote it
        return None


def _remove_empty_folders(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a number may have no name
        return str(os.getuid())


def _certify(library: Library, done: Removal) -> Removal:
    now = datetime.now(UTC)
    certificate = library.layout.metadata / f"removed_{done.source}_{now:%Y%m%dT%H%M%SZ}.json"
    text = done.to_json() | {
        "certificate": certificate.name,
        "removed_at": now.isoformat(timespec="seconds"),
        "removed_by": _user(),
        "library": str(library.layout.base),
        "licence": datasets.load(done.source).TERMS.licence,
        "statement": _STATEMENT,
    }
    write_text(certificate, json.dumps(text, indent=2) + "\n")
    return replace(done, certificate=str(certificate))
