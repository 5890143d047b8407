"""What ``cxr credentials set`` keeps: in the system's keyring where one works, else in a file of mode 0600.

A file for each service says what is kept and where; a keyring is asked only where the file says so, since
asking may open a window.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cxr.errors import StorageError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_KEYRING_SERVICE = "cxr"
_LARGEST = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for a service.

    Attributes:
        where: For people.
        path: The file that says so.
        values: Field to value.
        wrong: Why there are none, a sentence; empty where all is well.
    """

    where: str
    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: str = ""


def read_stored(service: str, cxr_home: Path) -> Kept | None:
    """Return what is kept for a service, or ``None``."""
    path = _path(service, cxr_home)
    try:
        with path.open("rb") as stream:
            content = _texts(stream.read(_LARGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Kept(str(path), path, wrong=f"{path} cannot be read: {error.strerror}.")
    if content is None:
        return Kept(str(path), path, wrong=f"{path} is damaged.")
    if content.get("kept_in") != "keyring":
        return Kept(str(path), path, content)
    values = _from_keyring(service)
    if values is None:
        return Kept("keyring", path, wrong=f"The keyring has nothing for {service}, or stayed locked.")
    return Kept("keyring", path, values)


def write_stored(service: str, values: Mapping[str, str], cxr_home: Path) -> str:
    """Keep the values and return where, for people.

    Raises:
        StorageError: neither the keyring nor the file could be written.
    """
    path = _path(service, cxr_home)
    text = json.dumps(dict(values))
    if _to_keyring(service, text):
        _write_private(path, json.dumps({"kept_in": "keyring"}))
        return "keyring"
    _write_private(path, text)
    return str(path)


def remove_stored(service: str, cxr_home: Path) -> str | None:
    """Forget what is kept for a service; return where it was, or ``None`` where nothing was kept.

    Raises:
        StorageError: it could not be removed.
    """
    path = _path(service, cxr_home)
    kept = read_stored(service, cxr_home)
    if kept is None:
        return None
    if kept.where == "keyring":
        _delete_from_keyring(service)
        if _from_keyring(service) is not None:
            raise StorageError(
                f"The keyring did not remove what it keeps for {service}.",
                next_step=f"Remove the entry `{_KEYRING_SERVICE}` with your system's keyring program.",
            )
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return kept.where


def _path(service: str, cxr_home: Path) -> Path:
    return cxr_home / "credentials" / f"{service}.json"


def _texts(data: bytes | str) -> dict[str, str] | None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not all(isinstance(one, str) for one in content.values()):
        return None
    return content


def _write_private(path: Path, text: str) -> None:
    """Write a file that was never readable by anybody else, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(descriptor)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be written: {error.strerror}.",
        next_step=f"Make {path.parent} writable, or give the credentials as variables instead.",
    )


def _backend() -> "KeyringBackend | None":
    """Return the system's keyring, or ``None`` where there is none, or one that keeps things in the clear."""
    import keyring  # noqa: PLC0415  it asks the desktop's bus at import, and is seldom needed

    backend = keyring.get_keyring()
    return backend if backend.priority >= 1 else None


def _to_keyring(service: str, text: str) -> bool:
    try:
        backend = _backend()
        if backend is None:
            return False
        backend.set_password(_KEYRING_SERVICE, service, text)
        return backend.get_password(_KEYRING_SERVICE, service) == text
    except Exception:  # noqa: BLE001  backends raise whatever their system does: locked, no session, no window
        return False


def _delete_from_keyring(service: str) -> None:
    with contextlib.suppress(Exception):  # as above; the caller looks whether it is gone
        backend = _backend()
        if backend is not None:
            backend.delete_password(_KEYRING_SERVICE, service)


def _from_keyring(service: str) -> dict[str, str] | None:
    try:
        backend = _backend()
        text = backend.get_password(_KEYRING_SERVICE, service) if backend else None
    except Exception:  # noqa: BLE001  as above
        return None
    return None if text is None else _texts(text)
