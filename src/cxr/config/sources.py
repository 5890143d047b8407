"""``dataset_sources.yaml``: where hosts are and what they call a dataset, in place of what the code says.

Of use when a host moves, for a mirror, and for the lab. Every value may also come from the environment or
``.env`` (``CXR_SOURCES__HOSTS__KAGGLE__API``), but for lists of files, whose names no variable can bear.
"""

import ipaddress
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

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


class Override(NamedTuple):
    """One value that takes the place of one in the code.

    Attributes:
        key: Dotted: ``hosts.kaggle.api``, ``datasets.nih.kaggle.dataset``.
        value: An address, a name, or names to names.
        origin: Where it stands, for people.
    """

    key: str
    value: str | Mapping[str, str]
    origin: str


@dataclass(frozen=True, slots=True)
class Sources:
    """All values that take the place of those in the code.

    Attributes:
        overrides: By key.
    """

    overrides: Mapping[str, Override] = field(default_factory=dict)

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
        )

    def addresses(self, host: str) -> Mapping[str, str]:
        """Return the addresses that are given for a host, by their names."""
        prefix = f"hosts.{host}."
        return {
            key.removeprefix(prefix): str(one.value)
            for key, one in self.overrides.items()
            if key.startswith(prefix)
        }

    def _value(self, key: str, published: Any) -> Any:
        return self.overrides[key].value if key in self.overrides else published


def load_sources(surroundings: Surroundings, named: Path | None = None) -> Sources:
    """Read the file, ``.env`` and the environment.

    The file is the first that exists of ``$CXR_DATASET_SOURCES``, ``./dataset_sources.yaml`` and
    ``~/.config/cxr/dataset_sources.yaml``. A variable overrides it.

    Args:
        surroundings: Where this process runs.
        named: A file that is read instead.

    Raises:
        ConfigError: it cannot be read, or says something that cannot be; it names where.
    """
    path = named or _find(surroundings)
    given = [*_from_file(path), *_from_dotenv(surroundings.dotenv), *_from_environ(surroundings.environ)]
    return Sources({one.key: one for one in map(_checked, given)})


def _find(surroundings: Surroundings) -> Path | None:
    if named := surroundings.variable(VARIABLE):
        path = Path(named[0]).expanduser()
        if not path.exists():
            raise ConfigError(
                f"{named[1]}: there is no file {path}.",
                think="A lab that has ended takes its file with it.",
                next_step=f"unset {VARIABLE}, or correct it.",
            )
        return path
    usual = (Path(FILE), surroundings.cxr_home / FILE)
    return next((path for path in usual if os.path.lexists(path)), None)


def _from_file(path: Path | None) -> Iterable[Override]:
    if path is None:
        return []
    return [
        Override(key, value, f"{path}, line {line}") for key, value, line in read_entries(path, _SECTIONS)
    ]


def _from_dotenv(dotenv: DotEnv) -> Iterator[Override]:
    for name, value in dotenv.values.items():
        if name.startswith(PREFIX):
            yield Override(_key(name), value, f"{dotenv.path}, line {dotenv.lines[name]} ({name})")


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
    parts = urlsplit(one.value) if isinstance(one.value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(one, "is not an http(s) address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong(one, "holds more than an address: a password or signature belongs among the credentials")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise _wrong(one, "is plain http, which is allowed to this machine itself alone")


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
