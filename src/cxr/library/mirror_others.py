"""One file of a release that is no image, from its host to the destination, verified on the way."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from cxr.http import RequestError
from cxr.ledger.read import Finished
from cxr.library.mirror_tree import Other
from cxr.library.prepare import Prepared
from cxr.library.zip_holdings import ZipMembers
from cxr.model import Failure, Fetched, Remote, Transfer
from cxr.stores import NameTakenError, Store
from cxr.transfer.digest import Digest, NotTheImageError
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.save import save, save_member

_BLOCK = 1 << 20


class Others:
    """Brings files that are no images.

    Args:
        prepared: Where they are, and how they are had.
        store: Where to.
        temp: Where one lies while it comes.
        policy: How often and how patiently a broken connection is made again.
    """

    def __init__(self, prepared: Prepared, store: Store, temp: Path, policy: RetryPolicy) -> None:
        self._host, self._holdings, self._store = prepared.host, prepared.holdings, store
        self._temp, self._policy = temp, policy

    def bring(self, other: Other) -> Fetched | Failure:
        """Bring one; what is here already need not come again where it is what the host publishes.

        Raises:
            StorageError: the destination cannot be written.
        """
        began = time.monotonic()
        url = self._host.url(other.remote)
        where = f"{other.remote.path} at {self._host.key}"
        try:
            how, digest = self._put_twice(other)
        except NotTheImageError as error:
            return Failure(other.name, error.code, f"{where}: {error.reason}", url)
        except NameTakenError as error:
            return Failure(other.name, "name_taken", f"{where}: there is a folder in its place, {error}", url)
        except RequestError as error:
            return Failure(other.name, error.code, f"{where}: {error.reason}", url)
        except OSError as error:
            return Failure(other.name, "not_readable", f"{where}: {error.strerror or error}", url)
        seconds = time.monotonic() - began
        return Fetched(other.name, digest.size, digest.sha256.hexdigest(), url, how, seconds)

    def right(self, other: Other, known: Finished | None) -> Fetched | None:
        """Read one at the destination, and return it if it is what is published, or what came the last time.

        Where neither is known it is not taken for right.
        """
        began = time.monotonic()
        digest = Digest(other.remote.checksum)
        try:
            for block in self._store.read(other.name):
                digest.add(block)
            digest.check_bytes(Remote(other.name, None, other.remote.checksum))
        except (OSError, NotTheImageError):
            return None
        sha256 = digest.sha256.hexdigest()
        if not other.remote.checksum and (known is None or known.sha256 != sha256):
            return None
        seconds = time.monotonic() - began
        return Fetched(other.name, digest.size, sha256, self._host.url(other.remote), Transfer.FOUND, seconds)

    def _put_twice(self, other: Other) -> tuple[Transfer, Digest]:
        """Put it; bytes that are not what is published come once more: the way may have changed them."""
        with suppress(NotTheImageError):
            return self._put(other)
        return self._put(other)

    def _put(self, other: Other) -> tuple[Transfer, Digest]:
        how = Transfer.RECEIVED if self._host.ceiling else Transfer.COPIED
        if other.here is not None:
            with suppress(NotTheImageError):  # tables of another state of the release
                return how, put(self._store, other.name, _blocks(other.here), other.remote.checksum)
        with self._content(other) as blocks:
            return how, put(self._store, other.name, blocks, other.remote.checksum)

    @contextmanager
    def _content(self, other: Other) -> Iterator[Iterable[bytes]]:
        if not self._host.ceiling:
            with self._host.open(other.remote) as content:
                yield content
            return
        path = self._temp / PurePosixPath(other.name).name
        try:
            if isinstance(self._holdings, ZipMembers):
                directory = self._holdings.directory
                save_member(self._host, directory, other.remote.path, path, self._policy)
            else:
                save(self._host, other.remote, path, self._policy)
            yield _blocks(path)
        finally:
            path.unlink(missing_ok=True)


def put(store: Store, name: str, blocks: Iterable[bytes], checksum: str = "") -> Digest:
    """Write a file and give it its name, if it has the checksum; return what is known of its bytes.

    Raises:
        OSError: ``blocks`` raised it.
        NotTheImageError: it has another checksum.
        NameTakenError: a folder bears the name.
        StorageError: the store cannot be written.
    """
    digest = Digest(checksum)
    with _writing(store, name):
        part = store.new_part(name)
    try:
        try:
            for block in digest(blocks):
                with _writing(store, name):
                    part.write(block)
        finally:
            with _writing(store, name):
                part.close()
        digest.check_bytes(Remote(name, None, checksum))  # lists may round sizes
        store.commit(name, digest.sha256.hexdigest())
    except BaseException:
        store.discard(name)
        raise
    return digest


@contextmanager
def _writing(store: Store, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise store.explained(name, error) from error


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            yield block
