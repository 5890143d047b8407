"""Which images are still to come, counted by where the tables say that they lie."""

from collections import Counter


class Wanted(Counter[str]):
    """Images still to come, counted by the first folder of their published paths."""

    def add(self, published_path: str) -> None:
        """Count one image."""
        self[published_path.partition("/")[0]] += 1

    def in_folder(self, prefix: str) -> int:
        """Return how many are below ``images_001/``; all of them where the tables name no such folder."""
        named = self[prefix.rstrip("/")]
        return named if named or any(_is_numbered(folder) for folder in self) else self.total()


def _is_numbered(folder: str) -> bool:
    return any(character.isdecimal() for character in folder)
