"""One image from this machine into the store: linked, copied or made here; and what is there, verified."""

import time
from pathlib import Path

from cxr.hosts import Host
from cxr.model import Failure, Fetched, Transfer
from cxr.stores import NameTakenError, Store
from cxr.transfer.digest import Digest, NotTheImageError
from cxr.transfer.receive import fetched, name_taken, receive
from cxr.transfer.unit import Job

_BLOCK = 1 << 20


def fetch(host: Host, store: Store, job: Job) -> Fetched | Failure:
    """Bring one image into the store from a host without a network between, by hard link where possible.

    Returns:
        What is in place, or why it could not be had. The user's own file is never changed.

    Raises:
        StorageError: the store cannot be written.
    """
    where = job.remote.path if host.key == "folder" else f"{job.remote.path} at {host.key}"
    url = host.url(job.remote)
    try:
        source = host.local_path(job.remote)
        if source is not None and job.shrink is None:
            linked = _link(host, store, job, source.resolve())
            if linked is not None:
                return linked
        how = Transfer.RECEIVED if source is None else Transfer.COPIED
        with host.open(job.remote) as blocks:
            return receive(store, job, blocks, remote=job.remote, url=url, where=where, how=how)
    except NotTheImageError as error:
        return Failure(job.image_id, error.code, f"{where}: {error.reason}", url)
    except NameTakenError as error:
        store.discard(job.name)
        return name_taken(job, error, url=url, where=where)
    except OSError as error:
        return Failure(job.image_id, "not_readable", f"{where}: {error.strerror or error}", url)


def verify_found(host: Host, store: Store, job: Job) -> Fetched | None:
    """Accept an image that lies in the store without a ledger row, if it is whole and what the host has.

    A run that was killed between the rename and the ledger leaves such files. One that was made smaller is
    never accepted: what it was made of is not there to be compared.
    """
    if job.shrink is not None:
        return None
    started = time.monotonic()
    try:
        digest = Digest(job.remote.checksum)
        for block in store.read(job.name):
            digest.add(block)
        digest.check(job.remote)
        source = host.local_path(job.remote)
        if source is not None and _digest_of(source).sha256.digest() != digest.sha256.digest():
            return None
    except (OSError, NotTheImageError):
        return None
    seconds = time.monotonic() - started
    return fetched(job, digest, url=host.url(job.remote), how=Transfer.FOUND, seconds=seconds)


def _link(host: Host, store: Store, job: Job, source: Path) -> Fetched | None:
    started = time.monotonic()
    if not store.may_link(source):
        return None
    before = _identity(source)
    digest = _digest_of(source)
    digest.check(job.remote)
    if _identity(source) != before or not store.link(source, job.name):
        return None
    seconds = time.monotonic() - started
    return fetched(job, digest, url=host.url(job.remote), how=Transfer.LINKED, seconds=seconds)


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _digest_of(path: Path, published: str = "") -> Digest:
    digest = Digest(published)
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.add(block)
    return digest
