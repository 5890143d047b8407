"""The bytes of one image into the store: a part, hashed on the way, named only when it is right."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import BinaryIO

from cxr.errors import CxrError
from cxr.http import RequestError
from cxr.images.dimensions import dimensions
from cxr.images.inspection import DEFAULT_LIMITS, FaultError
from cxr.images.placement import Shrink
from cxr.model import Failure, Fetched, Original, Remote, Transfer
from cxr.stores import NameTakenError, Part, Store
from cxr.transfer.digest import Digest, NotTheImageError
from cxr.transfer.unit import Job

_BLOCK = 1 << 20


def receive(  # noqa: PLR0913  the bytes, and all that is announced of them
    store: Store,
    job: Job,
    blocks: Iterable[bytes],
    *,
    remote: Remote,
    url: str,
    where: str,
    how: Transfer = Transfer.RECEIVED,
    begun: BinaryIO | None = None,
    keep: bool = False,
) -> Fetched | Failure:
    """Write an image's bytes and give them their name, if they are what was announced.

    Args:
        store: Where to.
        job: Which image.
        blocks: Its bytes, from the first to the last.
        remote: Size and checksum that are to be compared, as far as they are known.
        url: Where they come from, without signature or password.
        where: The file and host for people, as the beginning of a reason.
        how: The way they come.
        begun: The part that an earlier attempt left; ``blocks`` are what follows it then.
        keep: Leave the part where it is when the connection breaks.

    Returns:
        What is in place, or why these bytes are not the image.

    Raises:
        OSError: ``blocks`` raised it; there is no part then, unless it is kept.
        StorageError: the store cannot be written.
    """
    started = time.monotonic()
    digest = Digest(remote.checksum)
    original = None
    try:
        if job.shrink is None:
            _write(store, job, digest, blocks, begun)
            digest.check(remote)
        else:
            digest, original = _made_smaller(store, job, job.shrink, blocks, remote)
        store.commit(job.name, digest.sha256.hexdigest())
    except NotTheImageError as error:
        store.discard(job.name)
        return Failure(job.image_id, error.code, f"{where}: {error.reason}", url)
    except NameTakenError as error:
        store.discard(job.name)
        return name_taken(job, error, url=url, where=where)
    except RequestError:
        if not keep:
            store.discard(job.name)
        raise
    except (OSError, CxrError, GeneratorExit):
        store.discard(job.name)
        raise
    done = fetched(job, digest, url=url, how=how, seconds=time.monotonic() - started)
    return done if original is None else replace(done, original=original)


def _made_smaller(
    store: Store, job: Job, how: Shrink, blocks: Iterable[bytes], remote: Remote
) -> tuple[Digest, Original]:
    """Verify an image's bytes, make a smaller one of them, write its part; return what is known of both.

    Raises:
        NotTheImageError: these bytes are not the image, or nothing can be made of it.
    """
    from cxr.images.shrink import shrink  # noqa: PLC0415  slow to load, and few runs need it

    verified, data = Digest(remote.checksum), bytearray()
    for block in verified(blocks):
        if verified.size <= DEFAULT_LIMITS.file_bytes:
            data += block
    verified.check(remote)
    if verified.size > DEFAULT_LIMITS.file_bytes:
        raise NotTheImageError("too_large", f"it has {verified.size:,} bytes, too many to be made smaller")
    try:
        shrunk = shrink(bytes(data), how)
    except FaultError as error:
        raise NotTheImageError(error.fault.code, error.fault.message) from None
    digest = Digest()
    _write(store, job, digest, [shrunk.data], None)
    placed = shrunk.placement
    return digest, Original(
        size=verified.size,
        sha256=verified.sha256.hexdigest(),
        width=placed.width,
        height=placed.height,
        bit_depth=shrunk.original.bit_depth or shrunk.bit_depth,
        scaled_width=placed.scaled_width,
        scaled_height=placed.scaled_height,
        left=placed.left,
        top=placed.top,
        processing=shrunk.processing,
    )


def _write(store: Store, job: Job, digest: Digest, blocks: Iterable[bytes], begun: BinaryIO | None) -> None:
    """Write the part, taking notice of its bytes, those of an earlier attempt included."""
    file: Part = begun or _new_part(store, job)
    try:
        if begun is not None:
            _hash(begun, digest)
        for block in digest(blocks):
            try:
                file.write(block)
            except OSError as error:
                raise store.explained(job.name, error) from error
    finally:
        try:
            file.close()
        except OSError as error:  # a full disk, or a network file system, may refuse late what was written
            raise store.explained(job.name, error) from error


def _new_part(store: Store, job: Job) -> Part:
    try:
        return store.new_part(job.name)
    except OSError as error:
        raise store.explained(job.name, error) from error


def _hash(file: BinaryIO, digest: Digest) -> None:
    while block := file.read(_BLOCK):
        digest.add(block)


def fetched(job: Job, digest: Digest, *, url: str, how: Transfer, seconds: float) -> Fetched:
    """Return what is known of an image whose bytes passed."""
    frame = dimensions(digest.head)
    return Fetched(
        name=job.name,
        size=digest.size,
        sha256=digest.sha256.hexdigest(),
        url=url,
        how=how,
        seconds=seconds,
        width=frame.width if frame else None,
        height=frame.height if frame else None,
        bit_depth=frame.bit_depth if frame else None,
    )


def name_taken(job: Job, error: NameTakenError, *, url: str, where: str) -> Failure:
    """Return the failure of an image whose name a folder bears."""
    reason = f"{where}: there is a folder in its place, {error}: move it away"
    return Failure(job.image_id, "name_taken", reason, url)
