"""What the first chunk of a WebP says (RFC 9649)."""


def webp_header(head: bytes) -> tuple[int, int, int] | None:
    """Return width, height and bit depth from a WebP's first 30 bytes; ``None`` where they tell none."""
    kind = head[12:16]
    if len(head) < 30:
        return None
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1, 8
    if kind == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 8
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        across, down = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        return across & 0x3FFF, down & 0x3FFF, 8
    return None
