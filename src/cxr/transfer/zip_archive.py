"""A remote zip as a file of which parts are asked for, and that must stay the same meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cxr.errors import HostError
from cxr.hosts import Content, Host
from cxr.http import TransientError
from cxr.model import Remote


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """One state of an archive at a host. It can be pickled.

    Attributes:
        remote: The archive.
        size: In bytes.
        validator: What the host said with it, for If-Range; empty where it says nothing.
    """

    remote: Remote
    size: int
    validator: str

    @contextmanager
    def part(self, host: Host, start: int, end: int) -> Iterator[Content]:
        """Open the bytes from ``start`` to before ``end``.

        Raises:
            TransientError: the connection did not hold, or the whole archive came instead of the part.
            RefusedError: the host refuses it.
            HostError: the archive is another one by now: nothing that its directory says holds any more.
        """
        with host.open(self.remote, start, end, self.validator) as content:
            if self._is_another(content):
                raise HostError(
                    f"{self.remote.path} at {host.key} was replaced by another while it was read.",
                    think="What came before is whole and is kept.",
                    next_step="Run the same command again: it reads the new one.",
                )
            if content.start != start:
                raise TransientError(
                    "whole_archive",
                    f"{host.key} gave the whole of {self.remote.path} where a part was asked for",
                )
            yield content

    def read(self, host: Host, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``.

        Raises:
            TransientError: see `part`; fewer bytes came.
            RefusedError: see `part`.
            HostError: see `part`.
        """
        blocks, missing = [], end - start
        with self.part(host, start, end) as content:
            while missing > 0 and (block := next(content, b"")):
                blocks.append(block[:missing])
                missing -= len(block)
        if missing > 0:
            raise TransientError(
                "cut_short",
                f"{self.remote.path} at {host.key}: {missing:,} of {end - start:,} bytes did not come",
            )
        return b"".join(blocks)

    def _is_another(self, content: Content) -> bool:
        other_size = content.size is not None and content.size != self.size
        return other_size or bool(
            self.validator and content.validator and content.validator != self.validator
        )
