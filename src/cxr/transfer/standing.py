"""Whether a host still gives anything: when to stop asking, so that not every image waits for its retries."""

from datetime import UTC, datetime, timedelta
from typing import NoReturn

from cxr.errors import AccessError, CxrError, HostError
from cxr.http import RefusedError, TransientError
from cxr.transfer.retry import LONGEST_PAUSE

_FEW = 5
"""Units that must come to nothing one after the other before the host is given up."""
_MANY = 50
"""As many refusals in a row end a run that had been let in: a folder may be forbidden to somebody."""
_AGAIN = "Run the same command again later: it goes on where it stopped."


class Standing:
    """What came of the units lately.

    Args:
        host: The host's key.
        patience: Seconds without any progress after which the host is given up.
        now: Seconds on a clock that never jumps.

    Attributes:
        progress: How often anything was had, or known for sure not to be there.
        suspicions: How often in a row it looked as if the host gave nothing any more.
    """

    def __init__(self, host: str, patience: float, now: float) -> None:
        self._host = host
        self._patience = patience
        self._last = now
        self._suspected = float("-inf")
        self._refused = 0
        self._unexpected = 0
        self._error: TransientError | RefusedError | None = None
        self.progress = 0
        self.suspicions = 0

    @property
    def suspect(self) -> bool:
        """Whether the host gave something until it seemed to give nothing any more: one request shows."""
        return self.progress > 0 and self.suspicions > 0

    def progressed(self, now: float) -> None:
        """Take notice that the host gave something."""
        self._last = now
        self._refused = self._unexpected = self.suspicions = 0
        self.progress += 1

    def failed(self, error: TransientError, now: float) -> None:
        """Take notice of an attempt that did not hold.

        Raises:
            HostError: nothing came for too long, or the host wants to be left alone for too long.
        """
        asked = error.retry_after or 0.0
        if asked > LONGEST_PAUSE:
            raise self._not_before(asked)
        if now - self._last >= self._patience:
            self._give_up(error)

    def gave_up(self, error: TransientError, *, since: float, began: float, now: float) -> bool:
        """Take notice of a unit that is given up; return whether the host may be the reason.

        It is not, where others came meanwhile. Units that failed together count once, at a host that had been
        giving: a network that is away for a minute must not end a night's run.

        Args:
            error: What ended the last try.
            since: When the first try of the unit failed.
            began: When the last one began.
            now: The time.

        Raises:
            HostError: that was one time too many.
        """
        if self._last > since:
            return False
        self._error = error
        if not self.progress or began > self._suspected:
            self._suspected = now
            self.suspicions += 1
        if self.suspicions >= _FEW:
            self._give_up(error)
        return True

    def refused(self, error: RefusedError) -> None:
        """Take notice of a unit that was refused with 401 or 403.

        Raises:
            AccessError: it is one too many.
        """
        self._refused += 1
        self._error = error
        if self._refused >= (_MANY if self.progress else _FEW):
            self._no_access(error)

    def unexpected(self, error: Exception) -> None:
        """Take notice of a unit that ended in a fault of ours.

        Raises:
            CxrError: everything does.
        """
        self._unexpected += 1
        if self._unexpected >= _MANY:
            raise CxrError(
                f"Nothing comes from {self._host} any more: {type(error).__name__}: {error}",
                think="This is a fault of cxr, or of what it runs on.",
                next_step="Please report it with the last lines of `logs/cxr_downloader_errors.log`.",
            ) from error

    def end(self) -> None:
        """Say at the end of a run that had nothing at all why that is.

        Raises:
            AccessError: the host refused.
            HostError: the connections did not hold.
        """
        if self.progress or self._error is None:
            return
        if isinstance(self._error, RefusedError):
            self._no_access(self._error)
        self._give_up(self._error)

    def _give_up(self, error: TransientError) -> NoReturn:
        raise HostError(
            f"{self._host} does not answer as it should: {error.reason}",
            think="The host or the network has been failing for all that was tried lately.",
            next_step=_AGAIN,
        )

    def _no_access(self, error: RefusedError) -> NoReturn:
        raise AccessError(
            f"{self._host} refuses what is asked of it: {error.reason}",
            think="Credentials may have been withdrawn or have run out, or an agreement is missing.",
            next_step="`cxr check-access` says what is missing. Then run the same command again: it goes on "
            "where it stopped.",
        )

    def _not_before(self, seconds: float) -> HostError:
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone()
        return HostError(
            f"{self._host} asks to be left alone until {until:%Y-%m-%d %H:%M} (Retry-After).",
            think="It limits how much one account or address may fetch in a time.",
            next_step="Run the same command again after that: it goes on where it stopped.",
        )
