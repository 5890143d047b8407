"""One image that is a file of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cxr.hosts import Content, Host
from cxr.http import TransientError
from cxr.model import Remote
from cxr.stores.local import LocalStore
from cxr.transfer.fetch import fetch
from cxr.transfer.receive import receive
from cxr.transfer.unit import Job, Report, Unit


@dataclass(frozen=True, slots=True)
class FileUnit:
    """One file at a host.

    Attributes:
        job: The image.
        verify: Compare the checksum that the host publishes.
    """

    job: Job
    verify: bool = True

    @property
    def jobs(self) -> Sequence[Job]:
        """The image."""
        return (self.job,)

    @property
    def size(self) -> int:
        """The file's size; 0 where the host does not say."""
        return self.job.remote.size or 0

    @property
    def exclusive(self) -> str:
        """Nothing: any number of files may come together."""
        return ""

    def attempt(self, host: Host, store: LocalStore, report: Report) -> None:
        """Fetch the file."""
        job = self.job
        if not host.ceiling:
            report.done(job, fetch(host, store, job))
            return
        where = f"{job.remote.path} at {host.key}"
        with host.open(job.remote) as content:
            expected = Remote(job.remote.path, job.remote.size or content.size, job.remote.checksum)
            blocks = _watched(content, report)
            result = receive(store, job, blocks, remote=expected, url=host.url(job.remote), where=where)
        report.done(job, result)

    def without(self, done: frozenset[str]) -> "FileUnit":
        """Return it as it is: an image that is done leaves nothing to try."""
        del done
        return self

    def elsewhere(self) -> Iterator[Unit]:
        """Yield nothing: a file lies in one place."""
        return iter(())


def _watched(content: Content, report: Report) -> Iterator[bytes]:
    for block in content:
        report.moved(len(block))
        yield block
        if report.stopping:
            raise TransientError("stopped", "the run was stopped")
