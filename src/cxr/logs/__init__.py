"""What a run says to its log files, and the rule that no secret is ever among it.

A part of the library asks for a logger once and uses it; until somebody opens the log files of a library,
what it says goes nowhere::

    from cxr.logs import get_logger

    log = get_logger(__name__)
    log.info("fetched", image_id="00000001_000", bytes=412_001)
"""

from cxr.logs.files import LOG_FILES, get_logger, keep_logs, open_logs, pass_on, reopen_logs
from cxr.logs.redaction import REDACTED, hide, public_url, redact

__all__ = [
    "LOG_FILES",
    "REDACTED",
    "get_logger",
    "hide",
    "keep_logs",
    "open_logs",
    "pass_on",
    "public_url",
    "redact",
    "reopen_logs",
]
