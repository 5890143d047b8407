"""What a host says of a file before it is fetched, for the plan."""

from typing import NamedTuple

from cxr.hosts import Host
from cxr.http import RequestError
from cxr.model import Remote
from cxr.transfer.retry import RetryPolicy, call_with_retries


class Known(NamedTuple):
    """What a host says of a file.

    Attributes:
        size: In bytes; 0 where it does not say, or the file is not there.
        validator: See `cxr.hosts.Content.validator`.
    """

    size: int = 0
    validator: str = ""


def known_of(host: Host, remote: Remote, policy: RetryPolicy) -> Known:
    """Ask a host for a file's first byte, and return what it says of the file."""

    def ask() -> Known:
        with host.open(remote, 0, 1) as content:
            return Known(content.size or 0, content.validator)

    try:
        return call_with_retries(ask, policy)
    except RequestError:  # a link that is gone: the run will say so of each image behind it
        return Known()
