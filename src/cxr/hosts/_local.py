"""What hosts on this machine have in common: their content, and that no network lies between."""

from collections.abc import Iterator, Sequence

from cxr.hosts import Archive, Speed


class LocalContent(Iterator[bytes]):
    """Blocks of a file on this machine.

    Args:
        blocks: From ``start`` on.
        start: The first byte's position.
        size: The whole file's size.
        name: The file's name.
    """

    validator = ""
    checksum = ""

    def __init__(self, blocks: Iterator[bytes], *, start: int, size: int | None, name: str) -> None:
        self._blocks = blocks
        self.start = start
        self.size = size
        self.name = name

    def __next__(self) -> bytes:
        return next(self._blocks)


class Local:
    """What a host on this machine answers to questions about a network."""

    ceiling = 0
    speed: Speed | None = None
    archives: Sequence[Archive] = ()

    def close(self) -> None:
        """Do nothing: reading from this machine needs no cutting off."""
