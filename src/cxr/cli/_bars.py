"""Progress on a terminal: a bar, and below it files, bytes, files a minute, time left, failures."""

import time
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from cxr.cli._progress import Tracker
from cxr.cli._words import printable


class _WithFacts(Bars):
    """A bar with a line of facts below it, so that both fit in 80 columns."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the bar and its facts."""
        for task in self.tasks:
            yield self.make_tasks_table([task])
            yield Text("  " + task.fields["facts"], style="dim", no_wrap=True, overflow="ellipsis")


class Drawn:
    """Draws each phase; one that has ended stays above the next."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: Bars | None = None
        self._task = TaskID(0)
        self._phase: Tracker | None = None

    def start(self, what: str, files: int | None, size: int | None) -> None:
        """Draw a bar."""
        self.finish()
        self._phase = Tracker(what, files, size, time.monotonic())
        self._bars = _WithFacts(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            console=Console(file=self._stream, highlight=False),
            refresh_per_second=8,
            expand=True,
        )
        self._task = self._bars.add_task(printable(what), total=files, facts="")
        self._bars.start()

    def advance(self, *, files: int = 0, size: int = 0, failed: int = 0) -> None:
        """Move the bar."""
        if self._bars is None or self._phase is None:
            return
        self._phase.add(files, size, failed)
        facts = self._phase.facts(time.monotonic())
        self._bars.update(self._task, completed=self._phase.files, facts=facts)

    def say(self, line: str) -> None:
        """Write the line above the bar."""
        if self._bars is None:
            self._stream.write(printable(line) + "\n")
        else:
            self._bars.console.print(printable(line), markup=False, soft_wrap=True)

    def finish(self) -> None:
        """Leave the bar as it stands."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._phase = None
