"""`cxr remove`: everything that came from one dataset, with a certificate of what went."""

import getpass
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cxr import datasets
from cxr.index.delete import delete_source, wipe_deleted
from cxr.index.read import image_ids
from cxr.library.open import Library
from cxr.library.validation_list import write_validation_list
from cxr.library.views import mark_stale, refresh_views
from cxr.stores.atomic import write_text
from cxr.stores.writing import writing


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal takes away, or took.

    Attributes:
        source: Key of the dataset.
        rows: Images in the index.
        images: Image files of the library.
        captions: Captions.
        tables: Files under ``raw/``.
        parts: Unfinished files.
        bytes: Of all these files. A hard link frees its space only when the user's own copy goes too.
        certificate: Where it is written down; empty before it is done.
    """

    source: str
    rows: int
    images: int
    captions: int
    tables: int
    parts: int
    bytes: int
    certificate: str = ""

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


def removal(library: Library, source: str) -> Removal:
    """Say what `remove` would take away. Adopted images stay where they are and are not counted.

    Raises:
        UsageError: there is no such dataset.
    """
    datasets.load(source)
    files = _files(library, source)
    return Removal(
        source=source,
        rows=sum(1 for _ in image_ids(library.database, source)),
        images=len(files["images"]),
        captions=len(files["captions"]),
        tables=len(files["tables"]),
        parts=len(files["parts"]),
        bytes=sum(path.lstat().st_size for paths in files.values() for path in paths),
    )


def remove(library: Library, source: str) -> Removal:
    """Remove images, captions, tables, parts, rows and ledger of a dataset; write the certificate.

    Files go first: where it is interrupted, running it again takes the rest.

    Raises:
        UsageError: there is no such dataset.
        StorageError: a file cannot be removed.
    """
    planned = removal(library, source)
    digest = hashlib.sha256("\n".join(sorted(image_ids(library.database, source))).encode()).hexdigest()
    for paths in _files(library, source).values():
        for path in paths:
            with writing(path):
                path.unlink(missing_ok=True)
    _remove_empty_folders(library.layout.raw / source)
    with library.database.transaction():
        mark_stale(library.database)
        delete_source(library.database, source)
    wipe_deleted(library.database)
    _forget_in_log(library.layout.download_log, source)
    write_validation_list(library)
    refresh_views(library)
    return _certify(library, planned, digest)


def _files(library: Library, source: str) -> dict[str, list[Path]]:
    layout = library.layout
    raw = layout.raw / source
    return {
        "images": list(_named(layout.images, source)) + list(_named(layout.quarantine, source)),
        "captions": list(_named(layout.captions, source)),
        "parts": list(_named(layout.temp, source)),
        "tables": [path for path in raw.rglob("*") if not path.is_dir()] if raw.is_dir() else [],
    }


def _named(folder: Path, source: str) -> Iterator[Path]:
    """Yield the files of a folder that bear a dataset's prefix: every stem begins with it."""
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.startswith(f"{source}_"))


def _remove_empty_folders(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()


def _forget_in_log(log: Path, source: str) -> None:
    if not log.is_file():
        return
    with log.open(encoding="utf-8", errors="replace") as file:
        kept = [line for line in file if f'"source": "{source}"' not in line]
    write_text(log, "".join(kept))


def _certify(library: Library, done: Removal, digest: str) -> Removal:
    now = datetime.now(UTC)
    terms = datasets.load(done.source).TERMS
    certificate = library.layout.metadata / f"removed_{done.source}_{now:%Y%m%dT%H%M%SZ}.json"
    text = done.to_json() | {
        "certificate": certificate.name,
        "removed_at": now.isoformat(timespec="seconds"),
        "removed_by": getpass.getuser(),
        "library": str(library.layout.base),
        "licence": terms.licence,
        "image_ids_sha256": digest,
        "statement": "Every file of this dataset that the library held, and every row about it, was removed. "
        "Adopted images, and copies outside this library, were not touched.",
    }
    write_text(certificate, json.dumps(text, indent=2) + "\n")
    return Removal(**{**asdict(done), "certificate": str(certificate)})
