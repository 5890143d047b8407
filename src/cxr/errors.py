"""Every error that ends a run, each with its exit code and the next step.

What goes wrong with one image is not an error but a row with a reason (`cxr.model.Issue`, the ledger).

::

    CxrError                   1
    ├── UsageError             2   a flag, a path, a table that cannot be used as asked
    │   ├── ConfigError        2   a configuration file or environment variable
    │   ├── TableError         2   a published table that cannot be read as one
    │   └── PlanNotConfirmed   2   the plan is larger than what runs unasked
    ├── AccessError            3   credentials or an agreement are missing
    ├── HostError              4   a host or the network gave up
    ├── StorageError           5   no space left, or not writable
    ├── LibraryError           6   the library is locked, damaged or newer than this program
    │   └── OlderLibraryError  6   it is to be brought up to date first
    ├── TermsError             7   the dataset's terms forbid it
    ├── MissingExtraError      8   an optional part is not installed
    └── InterruptedRunError  130   Ctrl-C, SIGTERM or --max-time; the state is kept
"""

from typing import ClassVar


class CxrError(Exception):
    """What happened, what we think, and what to do next.

    Args:
        happened: One sentence that names the file, host or flag concerned.
        think: The likely cause, where there is one.
        next_step: What to type or change now.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, happened: str, *, think: str = "", next_step: str = "") -> None:
        self.happened = happened
        self.think = think
        self.next_step = next_step
        super().__init__(happened)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (compute/); Exception's own pickling drops keyword arguments.
        return (_rebuild, (type(self), self.happened, self.think, self.next_step))

    def __str__(self) -> str:
        return "\n".join(part for part in (self.happened, self.think, self.next_step) if part)


def _rebuild(kind: type[CxrError], happened: str, think: str, next_step: str) -> CxrError:
    return kind(happened, think=think, next_step=next_step)


class UsageError(CxrError):
    """The command cannot be carried out as it was typed."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration value is unknown, of the wrong type or contradicts another."""


class TableError(UsageError):
    """A published table is missing, unreadable, or lacks what the dataset needs from it."""


class PlanNotConfirmed(UsageError):  # noqa: N818  it is a stop, not a fault
    """The run is larger than what starts without being confirmed."""


class AccessError(CxrError):
    """The host would not let us in: credentials, an agreement, or training is missing."""

    exit_code = 3


class HostError(CxrError):
    """A host or the network failed for longer than the retry policy waits."""

    exit_code = 4


class StorageError(CxrError):
    """The destination is full, read-only, or not there."""

    exit_code = 5


class LibraryError(CxrError):
    """The library is in use by another run, damaged, or made by a newer cxr."""

    exit_code = 6


class OlderLibraryError(LibraryError):
    """The library is of an older cxr, or empty: whoever writes to it brings it up to date."""


class TermsError(CxrError):
    """The dataset's terms forbid what was asked, or were not accepted."""

    exit_code = 7


class MissingExtraError(CxrError):
    """An optional part of cxr is needed and not installed."""

    exit_code = 8


class InterruptedRunError(CxrError):
    """The run was stopped from outside; everything finished is kept."""

    exit_code = 130
