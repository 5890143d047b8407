"""The ``dataset_sources.yaml`` that ``cxr config init`` writes: what the code says of hosts and datasets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from cxr import datasets, hosts
from cxr.config.sources import FILE, PREFIX, VARIABLE
from cxr.datasets import default_release

_HEAD = f"""\
# Where hosts are and what they call a dataset, as the code of cxr has it. Every value is commented out.
# Uncomment a value to put another in its place: when a host moves, for a mirror, for a lab.
# Addresses are https; http is for this machine alone. A list of files or checksums is replaced as a whole.
#
# cxr reads the first that exists of ${VARIABLE}, ./{FILE} and ~/.config/cxr/{FILE}.
# A variable of the environment or of .env overrides a value: {PREFIX}HOSTS__KAGGLE__API=https://mirror.example/v1
"""

_SAID = ("dataset", "files", "checksums")


def sources_text() -> str:
    """Return a ``dataset_sources.yaml`` that changes nothing: sections, and each value commented out."""
    return _HEAD + "\n".join([*_hosts(), *_datasets()]) + "\n"


def _hosts() -> Iterator[str]:
    yield from ("", "hosts:")
    for key in hosts.keys():  # noqa: SIM118  a function
        if addresses := hosts.addresses(key):
            yield f"  {key}:"
            yield from _values(addresses)


def _datasets() -> Iterator[str]:
    yield from ("", "datasets:")
    for key in datasets.keys():  # noqa: SIM118  a function
        if places := default_release(datasets.load(key)).places:
            yield f"  {key}:"
            for host, place in places.items():
                yield f"    {host}:"
                said = {name: value for name, value in asdict(place).items() if name in _SAID and value}
                yield from _values(said, "      ")


def _values(values: Mapping[str, str | Mapping[str, str]], indent: str = "    ") -> Iterator[str]:
    """Yield values commented out so that each stands in its place once ``# `` is gone."""
    for name, value in values.items():
        if isinstance(value, str):
            yield f"{indent}# {name}: {json.dumps(value)}"
        else:
            yield f"{indent}# {name}:"
            yield from (f"{indent}#   {one}: {json.dumps(other)}" for one, other in value.items())
