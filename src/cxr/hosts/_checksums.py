"""The checksums that PhysioNet publishes beside its files, for hosts whose listings have none or others."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

from cxr.hosts import Content
from cxr.model import Remote

SUMS: Final = "SHA256SUMS.txt"
# PhysioNet writes one space; sha256sum itself writes two, or a star for binary.
_LINE: Final = re.compile(rb"([0-9a-fA-F]{64}) [ *]?(?:\./)?(.+)")
_LONGEST: Final = 1 << 16


def with_checksums(
    remotes: Mapping[str, Remote], sums: Callable[[], AbstractContextManager[Content]]
) -> dict[str, Remote]:
    """Return files with the SHA-256 that their project publishes, as far as it does.

    Args:
        remotes: By path.
        sums: Opens ``SHA256SUMS.txt``.

    Raises:
        RequestError: it cannot be had.
    """
    told = dict(remotes)
    with sums() as content:
        for line in _lines(content):
            if (found := _LINE.fullmatch(line)) is None:
                continue
            path = found[2].decode(errors="surrogateescape")
            if (remote := told.get(path)) is not None:
                told[path] = replace(remote, checksum=f"sha256:{found[1].decode().lower()}")
    return told


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    left = b""
    for block in blocks:
        *whole, left = (left + block).split(b"\n")
        yield from (line.rstrip(b"\r") for line in whole)
        left = left[:_LONGEST]
    yield left.rstrip(b"\r")
