"""One item after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_serial(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result | Exception]]:
    """Yield each item with its result, or the exception that took its place, in order."""
    for item in items:
        yield item, _outcome(function, item)


def _outcome(function: Callable[[Item], Result], item: Item) -> Result | Exception:
    try:
        return function(item)
    except Exception as error:  # noqa: BLE001  whatever went wrong belongs to this item
        return error
