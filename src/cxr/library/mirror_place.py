"""Where a mirror goes, and where it is kept in mind what went there."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cxr.config import Config
from cxr.database.connection import open_database
from cxr.errors import StorageError, TermsError, UsageError
from cxr.library.layout import Layout
from cxr.library.lock import hold
from cxr.library.obligations import terms_of
from cxr.library.open import Library
from cxr.logs import open_logs
from cxr.stores import Store, Stored
from cxr.stores.bucket import S3, Bucket
from cxr.stores.local import LocalStore
from cxr.stores.objects import ObjectStore
from cxr.stores.public import is_public
from cxr.stores.storage_errors import writing

LEDGER: Final = "mirror.db"
"""The name of the ledger in the state folder."""
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Destination:
    """The place below which the published tree is made.

    Attributes:
        text: The folder's absolute path, or the URL of a prefix in a bucket, as people read it.
        folder: The folder; ``None`` for a bucket.
    """

    text: str
    folder: Path | None

    def store(self, layout: Layout) -> Store:
        """Return it as a store; of a folder, parts lie in the state folder where that is on its file system.

        Raises:
            UsageError: the URL names no place in an object store.
            ConfigError: it is reached without encryption, and not on this machine.
            AccessError: its credentials cannot be used as they are.
            StorageError: it cannot be written, or it is not known where it is.
        """
        if self.folder is not None:
            return LocalStore(self.folder, layout.temp)
        return ObjectStore(self.text)

    def stored(self, roots: Iterable[str], layout: Layout) -> Iterator[Stored]:
        """Yield every finished file below some folders of it; what else lies in a bucket is not listed.

        Args:
            roots: The folders, each with a slash at its end; an empty one is all of it.
            layout: Of the state.

        Raises:
            AccessError: the store refuses.
            StorageError: it cannot be listed.
        """
        for root in roots:
            below = replace(self, text=f"{self.text}/{root}".rstrip("/"), folder=self._below(root))
            if below.folder is None or below.folder.is_dir():
                try:
                    for file in below.store(layout).stored():
                        yield replace(file, name=root + file.name)
                except OSError as error:
                    raise StorageError(
                        f"{below.text} cannot be listed: {error.strerror or error}.",
                        next_step="Check the permissions of its folders, and that its disk is there.",
                    ) from error

    def _below(self, root: str) -> Path | None:
        return None if self.folder is None else self.folder / root


def destination(typed: str) -> Destination:
    """Return the place that ``--to`` names: a folder, ``s3://...``, ``gs://...`` or ``az://...``.

    Raises:
        UsageError: it names none.
    """
    if _URL.match(typed):
        return Destination(str(Bucket.parse(typed)), None)
    folder = Path(typed).expanduser().absolute()
    if not typed.strip() or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            f"--to {folder} is a file." if typed.strip() else "--to is empty.",
            next_step="Name a folder, which need not exist, or a prefix in a bucket: s3://BUCKET/PREFIX.",
        )
    return Destination(str(folder), folder)


def refuse_public(store: Store, source: str, roots: Iterable[str]) -> None:
    """Go on only where not everybody can read what is put there, or everybody may.

    A policy may open one folder or one kind of file: each tree is asked where images lie, by an image's name.

    Args:
        store: The place; a bucket is asked, without credentials, for objects that were just put there.
        source: Key of the dataset.
        roots: The folders of the trees, each with a slash at its end.

    Raises:
        TermsError: everybody can read it, and the dataset's terms forbid that.
        AccessError: the bucket refuses to take an object.
        StorageError: it cannot be asked.
    """
    terms = terms_of(source)
    if terms.shareable or not isinstance(store, ObjectStore):
        return
    places = [ObjectStore(f"{store.bucket}/{root}files", store.access) for root in sorted(roots)]
    if not any(is_public(place) for place in places):
        return
    raise TermsError(
        f"{store.bucket} is public: everybody could read {source} there, which its terms forbid.",
        think=f"{terms.licence}: {terms.restrictions}",
        next_step="Name a bucket of your own that is private, or close this one to the public first "
        "(S3: block public access; Google: public access prevention; Azure: no anonymous access).",
    )


def checks_arrivals(store: Store) -> bool:
    """Whether the store itself refuses an object whose bytes have another SHA-256 than came along.

    AWS does. Others that speak S3, Google and Azure may take any bytes: what a run put and could not read
    back before it was killed may be wrong.
    """
    return isinstance(store, ObjectStore) and store.bucket.scheme == S3 and not store.access.endpoint


def default_state(environment: Mapping[str, str]) -> Path:
    """Return the folder for what programs of this user keep in mind (XDG Base Directory Specification)."""
    named = environment.get("XDG_STATE_HOME", "")
    state = Path(named) if Path(named).is_absolute() else Path("~/.local/state").expanduser()
    return state / "cxr" / "mirror"


def state_of(source: str, to: Destination, folder: Path | None) -> Layout:
    """Return where the state of mirroring one dataset to one place is kept.

    Args:
        source: Key of the dataset.
        to: The place.
        folder: ``--state``; ``None`` for the user's own.
    """
    mark = hashlib.blake2b(to.text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    base = (folder or default_state(os.environ)).expanduser().absolute() / f"{source}-{mark}"
    images = to.folder or base / "images"
    return Layout(base=base, images=images, captions=base / "captions", metadata=base, temp=base / "temp")


@contextmanager
def open_state(layout: Layout, config: Config) -> Iterator[Library]:
    """Open the state for the one run that writes it: lock, logs and ledger, in that order.

    Raises:
        LibraryError: another run mirrors the same dataset to the same place, or the ledger is damaged.
        StorageError: it cannot be written.
    """
    for folder in (layout.base, layout.temp):
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    with (
        hold(layout.lock, "mirror"),
        open_logs(layout.logs),
        open_database(layout.metadata / LEDGER) as database,
    ):
        yield Library(layout, config, database)
