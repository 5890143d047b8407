"""The ledger of a mirror: what came of each file, in batches, and how each run ended."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cxr.ledger.failed_list import write_failed_list
from cxr.ledger.runs import RunOutcome, begin_run, end_run
from cxr.ledger.write import Outcome, write_outcomes
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.requests import to_json
from cxr.logs import get_logger
from cxr.model import Failure, Fetched

_log = get_logger(__name__)

_BATCH: Final = 500
_SECONDS: Final = 5.0


@dataclass(slots=True)
class MirrorBook:
    """Collects outcomes and writes them when a batch is full or some seconds have passed.

    An image stands in the ledger by its id, any other file by its path below the destination.

    Attributes:
        state: Where to.
        source: Key of the dataset.
        host: Key of the host.
        run: Number of the run.
    """

    state: Library
    source: str
    host: str
    run: int
    _outcomes: list[Outcome] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, state: Library, prepared: Prepared) -> "MirrorBook":
        """Open the book of a run."""
        request = prepared.request
        run = begin_run(state.database, "mirror", request.source, to_json(request))
        _log.info("run begins", verb="mirror", via=prepared.host.key, **to_json(request))
        return cls(state, request.source, prepared.host.key, run)

    def write(self, key: str, result: Fetched | Failure) -> None:
        """Write down what came of a file that is in place, or cannot be had."""
        if isinstance(result, Failure):
            _log.error("file failed", source=self.source, **asdict(result))
        self._outcomes.append(Outcome(key, self.host, result))
        if len(self._outcomes) >= _BATCH or time.monotonic() - self._flushed > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was collected, in one transaction."""
        self._flushed = time.monotonic()
        if self._outcomes:
            write_outcomes(self.state.database, self.source, self.run, self._outcomes)
            self._outcomes.clear()

    def end(self, outcome: RunOutcome, counts: dict[str, Any]) -> None:
        """Write what is left, how the run ended, and the list of what failed in all runs."""
        self.flush()
        end_run(self.state.database, self.run, outcome, counts)
        write_failed_list(self.state.database, self.state.layout.failed_images)
        _log.info("run ends", outcome=str(outcome), **counts)

    def images(self) -> int:
        """Return how many images lie at the destination, as the ledger has it."""
        value = self.state.database.value(
            "SELECT count(*) FROM ledger WHERE source = ? AND outcome = 'downloaded' AND image_id <> name",
            (self.source,),
        )
        assert isinstance(value, int)
        return value
