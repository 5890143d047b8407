"""How long a client waits, and who it says it is."""

from dataclasses import dataclass

from cxr import __version__


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How long to wait, and who we say we are.

    Attributes:
        answer_timeout: Seconds from a request to the end of its answer's headers.
        stall_timeout: Seconds without a byte after which a body has stalled.
        user_agent: What we call ourselves.
    """

    answer_timeout: float = 300.0
    stall_timeout: float = 60.0
    user_agent: str = f"cxr/{__version__}"
