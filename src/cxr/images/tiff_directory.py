"""The first directory of a TIFF or BigTIFF (TIFF 6.0, section 2)."""

from dataclasses import dataclass

from cxr.images.inspection import FaultError

WIDTH, HEIGHT, BITS = 256, 257, 258
_SIZES = {1: 1, 3: 2, 4: 4, 16: 8}  # unsigned integer types: bytes each
_MOST_TAGS = 4096
_MOST_VALUES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers and directories lie in a classic or a Big TIFF."""

    order: str
    is_big: bool

    def number(self, data: memoryview | bytes, start: int, size: int) -> int:
        if start < 0 or start + size > len(data):
            raise FaultError(
                "truncated", f"the file ends at byte {len(data):,}, before what it refers to at {start:,}"
            )
        field = data[start : start + size]
        return int.from_bytes(field, "little") if self.order == "II" else int.from_bytes(field, "big")


@dataclass(frozen=True, slots=True)
class Directory:
    """Of one image.

    Attributes:
        tags: By number, as far as their values are unsigned integers; the others are there without values.
        following: Where the next image's directory lies; 0 for none.
    """

    tags: dict[int, tuple[int, ...]]
    following: int

    def one(self, tag: int, default: int) -> int:
        """Return a tag's first value, or ``default`` without one."""
        return next(iter(self.tags.get(tag, ())), default)


def first_directory(data: memoryview) -> Directory:
    """Read the directory of the first image.

    Raises:
        FaultError: ``truncated`` or ``does_not_decode``.
    """
    layout = _Layout(bytes(data[:2]).decode(), is_big=bytes(data[2:4]) in (b"+\0", b"\0+"))
    word = 8 if layout.is_big else 4
    start = layout.number(data, word, word)
    count_size, entry_size = (8, 20) if layout.is_big else (2, 12)
    count = layout.number(data, start, count_size)
    if not 0 < count <= _MOST_TAGS:
        raise FaultError("does_not_decode", f"its directory has {count:,} tags")
    tags = {}
    for index in range(count):
        entry = start + count_size + index * entry_size
        tag = layout.number(data, entry, 2)
        if tag in tags:
            raise FaultError("does_not_decode", f"its directory has the tag {tag} twice")
        tags[tag] = _values(data, layout, entry)
    return Directory(tags, layout.number(data, start + count_size + count * entry_size, word))


def _values(data: memoryview, layout: _Layout, entry: int) -> tuple[int, ...]:
    """Return a tag's values, none where they are not unsigned integers."""
    word = 8 if layout.is_big else 4
    size = _SIZES.get(layout.number(data, entry + 2, 2))
    count = layout.number(data, entry + 4, word)
    if size is None or not count:
        return ()
    if count > _MOST_VALUES:
        raise FaultError("does_not_decode", f"a tag has {count:,} values")
    inline = entry + 4 + word
    at = inline if size * count <= word else layout.number(data, inline, word)
    return tuple(layout.number(data, at + index * size, size) for index in range(count))
