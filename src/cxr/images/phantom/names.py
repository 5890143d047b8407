"""How a phantom is named: the path that its maker understands, and the id that it carries in a library."""

import re
from typing import NamedTuple


class PhantomName(NamedTuple):
    """Which phantom: the three numbers that make it."""

    seed: int
    size: int
    number: int

    @property
    def path(self) -> str:
        """Path at the maker: ``seed42/size1024/000017.png``."""
        return f"seed{self.seed}/size{self.size}/{self.number:06d}.png"

    @property
    def image_id(self) -> str:
        """Name in a library: ``s42_1024_000017``, so that other seeds and sizes lie beside it."""
        return f"s{self.seed}_{self.size}_{self.number:06d}"


# A number has no leading zeros, so that a phantom has one name. Only the index is padded, to six digits.
_NUMBER = r"(0|[1-9][0-9]{0,17})"
_INDEX = r"([0-9]{6}|[1-9][0-9]{6,17})"
_PATH = re.compile(rf"(?:^|/)seed{_NUMBER}/size{_NUMBER}/{_INDEX}\.png\Z")
_IMAGE_ID = re.compile(rf"(?:^|/)(?:synthetic_)?s{_NUMBER}_{_NUMBER}_{_INDEX}(?:\.[A-Za-z]+)?\Z")


def parse(path: str) -> PhantomName | None:
    """Return which phantom a path names, in the maker's tree or in a library, or ``None``."""
    match = _PATH.search(path) or _IMAGE_ID.search(path)
    return PhantomName(*(int(number) for number in match.groups())) if match else None
