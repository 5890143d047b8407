"""Connections that wait for the next request to their host."""

import threading

from cxr.http.wire import Wire

# A host that sends each request to another of its machines would leave one behind for each.
MOST_IDLE = 64


class Idle:
    """Connections that are open and unused, by the origin that they lead to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, Wire]] = []
        self._closed = False

    def take(self, origin: str) -> Wire | None:
        """Return the one that was used last and is still good, ``None`` where there is none."""
        while (wire := self._last(origin)) is not None:
            if wire.idle:
                return wire
            wire.close()
        return None

    def keep(self, origin: str, wire: Wire) -> None:
        """Let one wait, unless they were closed."""
        with self._lock:
            self._waiting.append((origin, wire))
            most = 0 if self._closed else MOST_IDLE
            surplus = self._waiting.pop(0)[1] if len(self._waiting) > most else None
        if surplus is not None:
            surplus.close()

    def close(self) -> None:
        """Close them all, and those that come later."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for _, wire in waiting:
            wire.close()

    def _last(self, origin: str) -> Wire | None:
        with self._lock:
            for place in range(len(self._waiting) - 1, -1, -1):
                if self._waiting[place][0] == origin:
                    return self._waiting.pop(place)[1]
        return None
