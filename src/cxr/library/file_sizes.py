"""How large a file at a host is, for the plan."""

from cxr.hosts import Host
from cxr.http import RequestError
from cxr.model import Remote
from cxr.transfer.retry import RetryPolicy, call_with_retries


def size_of(host: Host, remote: Remote, policy: RetryPolicy) -> int:
    """Return a file's size in bytes, 0 where the host does not say."""

    def ask() -> int:
        with host.open(remote, 0, 1) as content:
            return content.size or 0

    try:
        return call_with_retries(ask, policy)
    except RequestError:  # a link that is gone: the run will say so of each image behind it
        return 0
