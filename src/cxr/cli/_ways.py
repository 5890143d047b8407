"""The way that a download takes, and the others that it could: reckoned when they are needed."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from cxr.cli import _confirm
from cxr.cli._run import Run
from cxr.cli._there import rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cxr.library.layout import Layout
    from cxr.library.prepare import Prepared
    from cxr.library.routes import Route


class Ways:
    """The routes of one request.

    Args:
        run: The command.
        prepared: The request.
        layout: Of the library.
    """

    def __init__(self, run: Run, prepared: "Prepared", layout: "Layout") -> None:
        from cxr.library.routes import route_of

        self._run, self._prepared = run, prepared
        self._measured = rates(run, layout) if prepared.host.ceiling else {}
        self._connections = prepared.request.workers or run.config.download.concurrent_downloads
        self.chosen = route_of(prepared, self._measured, self._connections)

    @cached_property
    def others(self) -> "Sequence[Route]":
        """The other hosts, which are asked now whether they let us in."""
        from cxr.library.routes import other_routes

        return other_routes(self._prepared, self._run.config, self._measured, self._connections)

    @cached_property
    def recommendation(self) -> tuple[str, str]:
        """The host to take, and why."""
        from cxr.library.routes import recommendation

        return recommendation(self.chosen, self.others)

    def lines(self, columns: int) -> list[str]:
        """Return the other ways for people; none where there is but one."""
        return _confirm.route_lines(self.others, *self.recommendation, columns) if self.others else []

    def to_json(self) -> dict[str, Any]:
        """Return the other ways ready for JSON."""
        from dataclasses import asdict

        host, why = self.recommendation
        return {
            "routes": [asdict(route) for route in (self.chosen, *self.others)],
            "recommended": {"host": host, "why": why},
        }
