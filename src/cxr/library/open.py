"""Opening a library: folders, lock, logs and database, in that order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cxr.config import Config
from cxr.database.connection import Database, open_database, open_readonly
from cxr.library.layout import Layout
from cxr.library.lock import hold
from cxr.logs import open_logs
from cxr.stores.local import LocalStore
from cxr.stores.storage_errors import writing


@dataclass(frozen=True, slots=True)
class Library:
    """An open library.

    Attributes:
        layout: Where things lie.
        config: The settings it was opened with.
        database: Its truth.
    """

    layout: Layout
    config: Config
    database: Database

    def store(self) -> LocalStore:
        """Return the place of the images."""
        return LocalStore(self.layout.images, self.layout.temp)


def layout_of(config: Config) -> Layout:
    """Return where a library with these settings lies; relative folders are under the base directory."""
    paths = config.paths
    base = Path(paths.base_dir).expanduser().absolute()
    return Layout(
        base=base,
        images=base / paths.images_dir,
        captions=base / paths.captions_dir,
        metadata=base / paths.metadata_dir,
        temp=base / paths.temp_dir,
    )


@contextmanager
def open_library(config: Config, *, write: bool, verb: str) -> Iterator[Library]:
    """Open the library at ``config.paths.base_dir``.

    Args:
        config: The settings.
        write: Take the lock, and make the library where there is none. Otherwise nothing is changed.
        verb: What is being done, told to a second run that wants to write.

    Raises:
        UsageError: there is no library to read.
        LibraryError: it is in use by another run, damaged, or made by a newer cxr.
        StorageError: it cannot be written.
    """
    layout = layout_of(config)
    with ExitStack() as stack:
        if write:
            for folder in (layout.base, layout.images, layout.captions, layout.metadata, layout.temp):
                with writing(folder):
                    folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(hold(layout.lock, verb))
            stack.enter_context(open_logs(layout.logs))
            database = stack.enter_context(open_database(layout.database))
        else:
            database = stack.enter_context(open_readonly(layout.database))
        yield Library(layout, config, database)
