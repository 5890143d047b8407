"""What a library has, asked without making, locking or changing one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.errors import OlderLibraryError

if TYPE_CHECKING:
    from cxr.library.layout import Layout


def there(run: Run, layout: "Layout", key: str) -> frozenset[str]:
    """Return the ids of a dataset's images that the library has, none where there is no library yet."""
    from cxr.library.done import done

    if not layout.database.exists():
        return frozenset()
    try:
        with run.library(write=False) as library:
            return done(library.database, key)
    except OlderLibraryError:  # the run brings it up to date; until then nobody knows what it holds
        return frozenset()


def rates(run: Run, layout: "Layout") -> Mapping[str, float]:
    """Return bytes a second by host, as earlier runs of the library measured them."""
    from cxr.ledger.rates import measured_rates

    if not layout.database.exists():
        return {}
    try:
        with run.library(write=False) as library:
            return measured_rates(library.database)
    except OlderLibraryError:
        return {}
