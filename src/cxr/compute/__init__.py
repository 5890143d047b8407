"""The same map over many items: in this process, in several, later on a cluster.

A failure belongs to its item: what the function raises, and even the death of a worker, comes back beside
the item while the run goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import Literal, TypeVar

from cxr.compute.processes import map_processes
from cxr.compute.serial import map_serial
from cxr.errors import MissingExtraError, UsageError

Engine = Literal["serial", "processes", "ray"]
ENGINES: tuple[Engine, ...] = ("serial", "processes", "ray")

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_bounded(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    engine: str = "serial",
    workers: int = 1,
    window: int | None = None,
) -> Iterator[tuple[Item, Result | Exception]]:
    """Apply a function to many items, with a bounded number of them under way.

    Args:
        function: For processes a top-level function, since workers import it; so must its items and results
            be picklable.
        items: Taken one by one as room comes free, in the calling thread; never more than ``window`` beyond
            what was yielded.
        engine: ``serial``, ``processes`` or ``ray``.
        workers: How many processes.
        window: Items under way at most; four a worker where not given.

    Returns:
        Each item once, with its result or the exception that took its place; in order for ``serial``, as
        they are done for ``processes``. Closing the iterator, or an interrupt, ends the workers.

    Raises:
        UsageError: there is no such engine, or no worker or room at all.
        MissingExtraError: Ray is not installed.
    """
    if workers < 1 or (window is not None and window < 1):
        raise UsageError(f"{workers} workers and a window of {window} cannot work: each must be at least 1.")
    if engine == "serial":
        return map_serial(function, items)
    if engine == "processes":
        return map_processes(function, items, workers=workers, window=window or 4 * workers)
    if engine == "ray":
        raise _no_ray()
    raise UsageError(
        f"There is no engine {engine!r}.", next_step=f"Choose one of: {', '.join(ENGINES)} (`--engine`)."
    )


def _no_ray() -> UsageError | MissingExtraError:
    if find_spec("ray") is None:
        return MissingExtraError(
            "The engine ray needs Ray, which is not installed.",
            next_step="Install it: pip install 'cxr[ray]'",
        )
    return UsageError(
        "The engine ray is not in this version of cxr.",
        next_step="Use `--engine processes`, which takes all cores of this machine.",
    )
