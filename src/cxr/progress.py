"""How the library tells whoever watches what it is doing. The command line draws it; else it is silent."""

from typing import Protocol


class Progress(Protocol):
    """Receives what happens, from one thread."""

    def start(self, what: str, files: int | None, size: int | None) -> None:
        """Begin a phase (``"NIH ChestX-ray14"``) over so many files and bytes, ``None`` where unknown."""
        ...

    def advance(self, *, files: int = 0, size: int = 0, failed: int = 0) -> None:
        """Say that so many more files ended, so many bytes moved, so many of the files failed."""
        ...

    def say(self, line: str) -> None:
        """Say one thing that a person should read, at once."""
        ...

    def finish(self) -> None:
        """End the phase."""
        ...


class Silence:
    """Nobody watches."""

    def start(self, what: str, files: int | None, size: int | None) -> None:
        """Do nothing."""

    def advance(self, *, files: int = 0, size: int = 0, failed: int = 0) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""
