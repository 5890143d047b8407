"""Which member of a tar is which of the images that are wanted."""

from collections.abc import Iterable

from cxr.transfer.unit import Job


class Wanted:
    """The images that are still to be found.

    An image is a member where one of their paths ends with the other: tables may say
    ``images_001/images/00000001_000.png`` or only the last part, and tars leave out folders, too.

    Args:
        jobs: The images.
        prefix: What stands before the members' names in the published tree.
    """

    def __init__(self, jobs: Iterable[Job], prefix: str) -> None:
        self._prefix = prefix
        self._jobs: dict[str, list[Job]] = {}
        for job in jobs:
            self._jobs.setdefault(last_part(job.remote.path), []).append(job)

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def find(self, name: str) -> Job | None:
        """Return the image that a member is; ``None`` where it is none, or could be several."""
        jobs = self._jobs.get(last_part(name), [])
        exact = [job for job in jobs if job.remote.path in {name, self._prefix + name}]
        alike = exact or [job for job in jobs if is_alike(job.remote.path, name)]
        return alike[0] if len(alike) == 1 else None

    def remove(self, job: Job) -> None:
        """Take an image out: it is decided."""
        name = last_part(job.remote.path)
        left = [one for one in self._jobs[name] if one is not job]
        if left:
            self._jobs[name] = left
        else:
            del self._jobs[name]


def last_part(path: str) -> str:
    """Return a path's file name."""
    return path.rpartition("/")[2]


def is_alike(one: str, other: str) -> bool:
    """Return whether one path is the other's last part."""
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")
