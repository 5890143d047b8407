"""Header fields, in and out."""

import re
from collections.abc import Iterable, Iterator, Mapping

from cxr.http.errors import RefusedError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class Headers(Mapping[str, str]):
    """The fields of an answer by name, in any case; several lines of one name are joined by ``", "``."""

    __slots__ = ("_fields",)

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, str] = {}
        for name, value in lines:
            key = name.lower()
            before = self._fields.get(key)
            self._fields[key] = value if before is None else f"{before}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def written(fields: Mapping[str, str]) -> str:
    r"""Return header fields as they are sent, each line with its ``\r\n``.

    Raises:
        RefusedError: a name or value holds a character that would end the line or that no header may hold.
    """
    for name, value in fields.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            reason = f"The header {name!r} holds a character that cannot be sent."  # its value may be secret
            raise RefusedError("header", reason)
    return "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
