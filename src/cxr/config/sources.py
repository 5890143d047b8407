"""``dataset_sources.yaml``: where hosts are and what they call a dataset, in place of what the code says.

Of use when a host moves, for a mirror, and for the lab. Every value may also come from the environment or
``.env`` (``CXR_SOURCES__HOSTS__KAGGLE__API``), but for lists of files, whose names no variable can bear.
"""

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from cxr.config.known import DATASETS, HOSTS
from cxr.config.yaml_file import read_entries
from cxr.credentials.dotenv import DotEnv
from cxr.credentials.surroundings import Surroundings
from cxr.errors import ConfigError
from cxr.logs import redact
from cxr.model import Place

FILE = "dataset_sources.yaml"
VARIABLE = "CXR_DATASET_SOURCES"
PREFIX = "CXR_SOURCES__"

_SECTIONS = frozenset(
    {
        *("hosts", "datasets"),
        *(f"hosts.{host}" for host in HOSTS),
        *(f"datasets.{dataset}" for dataset in DATASETS),
        *(f"datasets.{dataset}.{host}" for dataset in DATASETS for host in HOSTS),
    }
)
_LISTS = frozenset({"files", "checksums"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


class Override(NamedTuple):
    """One value that takes the place of one in the code.

    Attributes:
        key: Dotted: ``hosts.kaggle.api``, ``datasets.nih.kaggle.dataset``.
        value: An address, a name, or names to names.
        origin: Where it stands, for people.
        nearby: It stands in a file of the working directory, which may be somebody else's.
    """

    key: str
    value: str | Mapping[str, str]
    origin: str
    nearby: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """All values that take the place of those in the code.

    Attributes:
        overrides: By key.
        anonymous: No host is told who the user is: they are simulated ones.
    """

    overrides: Mapping[str, Override] = field(default_factory=dict)
    anonymous: bool = False

    def place(self, published: Place, dataset: str, host: str) -> Place:
        """Return a place as the code has it, with what the user says in its stead.

        Args:
            published: As the dataset's module has it.
            dataset: Key of the dataset.
            host: Key of the host.
        """
        prefix = f"datasets.{dataset}.{host}."
        return replace(
            published,
            dataset=str(self._value(f"{prefix}dataset", published.dataset)),
            files=self._value(f"{prefix}files", published.files),
            checksums=self._value(f"{prefix}checksums", published.checksums),
            addresses={**published.addresses, **self.addresses(host)},
            credentials=published.credentials and not self.anonymous and self._may_know(host),
        )

    def moved(self, host: str) -> Iterator[Override]:
        """Yield the addresses at which a host is asked in place of its own."""
        return (one for key, one in self.overrides.items() if key.startswith(f"hosts.{host}."))

    def _may_know(self, host: str) -> bool:
        """Say whether a host's credentials may go to the addresses that are given for it.

        A file of the working directory may have come with somebody's repository: it sends none away.
        """
        nearby = (urlsplit(str(one.value)).hostname for one in self.moved(host) if one.nearby)
        return all(_is_loopback(name or "") for name in nearby)

    def addresses(self, host: str) -> Mapping[str, str]:
        """Return the addresses that are given for a host, by their names."""
        return {one.key.removeprefix(f"hosts.{host}."): str(one.value) for one in self.moved(host)}

    def _value(self, key: str, published: Any) -> Any:
        return self.overrides[key].value if key in self.overrides else published


def load_sources(surroundings: Surroundings, named: Path | None = None) -> Sources:
    """Read the file, ``.env`` and the environment.

    The file is the first that exists of ``$CXR_DATASET_SOURCES``, ``./dataset_sources.yaml`` and
    ``~/.config/cxr/dataset_sources.yaml``. A variable overrides it.

    Args:
        surroundings: Where this process runs.
        named: The file of a lab that is read instead, alone; its hosts need no credentials.

    Raises:
        ConfigError: it cannot be read, or says something that cannot be; it names where.
    """
    if named is not None:
        return Sources({one.key: one for one in map(_checked, _from_file(named))}, anonymous=True)
    path, nearby = _find(surroundings)
    given = [
        *_from_file(path, nearby=nearby),
        *_from_dotenv(surroundings.dotenv),
        *_from_environ(surroundings.environ),
    ]
    return Sources({one.key: one for one in map(_checked, given)})


def _find(surroundings: Surroundings) -> tuple[Path | None, bool]:
    """Return the file to read, and whether the working directory chose it."""
    if named := surroundings.variable(VARIABLE):
        path = Path(named[0]).expanduser()
        if not path.exists():
            raise ConfigError(
                f"{named[1]}: there is no file {path}.",
                think="A lab that has ended takes its file with it.",
                next_step=f"unset {VARIABLE}, or correct it.",
            )
        return path, VARIABLE not in surroundings.environ
    if os.path.lexists(FILE):
        return Path(FILE), True
    users = surroundings.cxr_home / FILE
    return (users if os.path.lexists(users) else None), False


def _from_file(path: Path | None, *, nearby: bool = False) -> Iterable[Override]:
    if path is None:
        return []
    return [
        Override(key, value, f"{path}, line {line}", nearby)
        for key, value, line in read_entries(path, _SECTIONS)
    ]


def _from_dotenv(dotenv: DotEnv) -> Iterator[Override]:
    for name, value in dotenv.values.items():
        if name.startswith(PREFIX):
            origin = f"{dotenv.path}, line {dotenv.lines[name]} ({name})"
            yield Override(_key(name), value, origin, nearby=True)


def _from_environ(environ: Mapping[str, str]) -> Iterator[Override]:
    for name, value in environ.items():
        if name.startswith(PREFIX) and value.strip():
            yield Override(_key(name), value.strip(), f"environment variable {name}")


def _key(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def _checked(one: Override) -> Override:
    section, _, name = one.key.rpartition(".")
    if section not in _SECTIONS or section in ("hosts", "datasets") or one.key in _SECTIONS:
        raise _wrong(one, "is not a place of a host or dataset that cxr knows")
    if section.startswith("hosts."):
        _check_address(one)
    elif name == "dataset" and isinstance(one.value, str) and one.value.isprintable():
        pass
    elif name not in _LISTS:
        raise _wrong(one, "is neither `dataset`, `files` nor `checksums`")
    elif not _is_names(one.value):
        raise _wrong(one, "is no list of `name: value` lines")
    return one


def _check_address(one: Override) -> None:
    parts = _parts(one.value)
    if parts is None or parts.scheme not in ("http", "https") or not _is_host(parts.hostname or ""):
        raise _wrong(one, "is not an http(s) address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong(one, "holds more than an address: a password or signature belongs among the credentials")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise _wrong(one, "is plain http, which is allowed to this machine itself alone")


def _parts(address: object) -> SplitResult | None:
    """Return an address's parts, ``None`` where it cannot be taken apart."""
    if not isinstance(address, str) or not address.isascii():
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # which says whether it is one
    except ValueError:
        return None
    return parts


def _is_host(name: str) -> bool:
    if _NAME.fullmatch(name):
        return len(name) < 254
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_names(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(one, str) for name, one in value.items()
    )


def _wrong(one: Override, what: str) -> ConfigError:
    return ConfigError(
        redact(f"{one.origin}: {one.key} {what}."),
        think="Addresses stand under `hosts.HOST`; names of a dataset's parts under `datasets.KEY.HOST`.",
        next_step="Correct it; `cxr config init` writes a file to compare with.",
    )
