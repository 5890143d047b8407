"""What runs in a worker process: answer one item after the other, until the pipe is closed."""

import pickle
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

READY = "ready"


def serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Answer each item with ``(True, result)`` or ``(False, exception)``.

    The first message says that the worker is up: whoever dies before has a fault that no item caused.
    """
    try:
        connection.send(READY)
        while True:
            connection.send_bytes(_answer(function, connection.recv()))
    except (EOFError, OSError):
        return  # the parent is done, or gone


def _answer(function: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return pickle.dumps((True, function(item)))
    except Exception as error:  # noqa: BLE001  whatever went wrong belongs to this item
        return _failure(error)


def _failure(error: Exception) -> bytes:
    """Pickle an exception; one that does not survive the way is told in words."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)  # noqa: S301  our own bytes, made a line above
    except Exception:  # noqa: BLE001  an exception may break in any way when it is pickled
        answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer
