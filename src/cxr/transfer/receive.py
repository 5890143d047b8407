"""The bytes of one image into the store: a part, hashed on the way, named only when it is right."""

import time
from collections.abc import Iterable

from cxr.errors import StorageError
from cxr.images.dimensions import dimensions
from cxr.model import Failure, Fetched, Remote, Transfer
from cxr.stores.local import LocalStore, NameTakenError
from cxr.stores.storage_errors import writing
from cxr.transfer.digest import Digest, NotTheImageError
from cxr.transfer.unit import Job


def receive(  # noqa: PLR0913  the bytes, and all that is announced of them
    store: LocalStore,
    job: Job,
    blocks: Iterable[bytes],
    *,
    remote: Remote,
    url: str,
    where: str,
    how: Transfer = Transfer.RECEIVED,
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

    Returns:
        What is in place, or why these bytes are not the image.

    Raises:
        OSError: ``blocks`` raised it; there is no part then.
        StorageError: the store cannot be written.
    """
    started = time.monotonic()
    digest = Digest(remote.checksum)
    try:
        with writing(store.part(job.name)):
            file = store.new_part(job.name)
        with file:
            for block in digest(blocks):
                with writing(store.part(job.name)):
                    file.write(block)
            with writing(store.part(job.name)):
                file.flush()
        digest.check(remote)
        store.commit(job.name)
    except NotTheImageError as error:
        store.discard(job.name)
        return Failure(job.image_id, error.code, f"{where}: {error.reason}", url)
    except NameTakenError as error:
        store.discard(job.name)
        return name_taken(job, error, url=url, where=where)
    except (OSError, StorageError, GeneratorExit):
        store.discard(job.name)
        raise
    return fetched(job, digest, url=url, how=how, seconds=time.monotonic() - started)


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
