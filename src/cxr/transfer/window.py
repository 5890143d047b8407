"""Work on many items with a few threads and a bounded number of them under way."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield results as they come, never holding more than a few items for each worker.

    An exception of ``work``, or of whoever consumes the results, cancels what has not begun and waits for
    what has: no thread outlives the iteration.
    """
    window = workers * 4
    waiting: set[Future[Result]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="cxr-fetch") as pool:
        try:
            for item in items:
                waiting.add(pool.submit(work, item))
                if len(waiting) >= window:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in waiting:
                future.cancel()
