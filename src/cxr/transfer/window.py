"""Work on many items with a few threads and a bounded number of them under way."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 16  # items under way for each worker, so that a slow one does not hold up the others


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield results in the order of their items, never holding more than a few items for each worker.

    An exception of ``work``, or of whoever consumes the results, cancels what has not begun and waits for
    what has: no thread outlives the iteration.
    """
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="cxr-fetch") as pool:
        try:
            for item in items:
                under_way.append(pool.submit(work, item))
                if len(under_way) >= workers * _AHEAD:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()
