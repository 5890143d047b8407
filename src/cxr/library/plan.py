"""What a run would do, before a byte moves."""

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from cxr.errors import PlanNotConfirmed
from cxr.library.prepare import Prepared
from cxr.library.routes import Route

UNASKED_BYTES = 10 * 10**9
"""What is larger does not run without being confirmed."""
UNASKED_HOURS = 24.0
"""What takes longer does not run without being confirmed."""
MARGIN_BYTES = 500 * 10**6
"""Left free for the database, the captions and everybody else on the disk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        source: Key of the dataset.
        release: Key of the release.
        host: Key of the host.
        published: Images that the tables name.
        present: Of these, images that the host holds.
        images: Images selected.
        already: Of these, images that are finished.
        bytes: What the images still to come take on the disk of the library; 0 where they are linked.
        size: What all selected images measure.
        estimated: Whether these two are reckoned with the release's average.
        reading: What has to come over the network for them, at most.
        hours: How long that takes; ``None`` where no network lies between, or nobody can say.
        rate: What the hours are reckoned with, for people.
        free: Bytes free on that disk.
        notes: What a person should know before saying yes.
    """

    source: str
    release: str
    host: str
    published: int
    present: int
    images: int
    already: int
    bytes: int
    size: int
    estimated: bool
    reading: int
    hours: float | None
    rate: str
    free: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)

    def check(self, *, confirmed: bool) -> None:
        """Stop a run that nobody confirmed and that is large or does not fit.

        Raises:
            PlanNotConfirmed: more than `UNASKED_BYTES`, or less space than needed, and not ``confirmed``.
        """
        if confirmed:
            return
        needed = _size(self.bytes)
        if self.bytes + MARGIN_BYTES > self.free:
            raise PlanNotConfirmed(
                f"{self.source}: {needed} to write, and {_size(self.free)} free on that disk.",
                think=f"{_size(MARGIN_BYTES)} are left free, for captions, the index and everybody else.",
                next_step="Choose a larger disk with --base-dir, take less with --limit or --sample, "
                "or insist with --yes.",
            )
        if self.hours is not None and self.hours > UNASKED_HOURS:
            raise PlanNotConfirmed(
                f"{self.source}: {_size(self.reading)} to read, which takes {self.hours / 24:,.1f} days: "
                "more than runs unasked.",
                think=f"Reckoned with {self.rate}.",
                next_step="Confirm with --yes, take a part with --limit N or --sample random, or see what "
                "other hosts there are: --dry-run.",
            )
        if max(self.bytes, self.reading) > UNASKED_BYTES:
            raise PlanNotConfirmed(
                f"{self.source}: {self.images - self.already:,} images, {needed} to write{self._also()}: "
                "more than runs unasked.",
                next_step="Confirm with --yes, or take a part with --limit N or --sample random.",
            )

    def _also(self) -> str:
        return f", {_size(self.reading)} to read" if self.reading > 2 * self.bytes else ""


def plan(prepared: Prepared, base: Path, route: Route) -> Plan:
    """Say what carrying out the request would do.

    Args:
        prepared: The request, with what the library has counted.
        base: The library's directory, which need not exist.
        route: The way that it takes.
    """
    linked = _will_link(prepared, _nearest(base))
    return Plan(
        source=prepared.request.source,
        release=prepared.release.key,
        host=prepared.host.key,
        published=prepared.total,
        present=prepared.present,
        images=prepared.counts.selected,
        already=prepared.already,
        bytes=0 if linked else prepared.size - prepared.size_already + prepared.holdings.bytes_beside,
        size=prepared.size,
        estimated=prepared.files is None,
        reading=route.bytes_to_read,
        hours=route.hours,
        rate=route.rate,
        free=shutil.disk_usage(_nearest(base)).free,
        notes=_notes(prepared),
    )


def _notes(prepared: Prepared) -> tuple[str, ...]:
    notes = list(prepared.holdings.notes) if prepared.counts.selected > prepared.already else []
    if prepared.files is not None and prepared.present < prepared.total:
        notes.append(f"{prepared.present:,} of {prepared.total:,} published images are present at the host.")
    if prepared.unmatched:
        notes.append(f"Images of the folder that are in no table, and left out: {prepared.unmatched:,}.")
    if prepared.problems:
        notes.append(
            f"Rows of the tables with problems: {len(prepared.problems):,}; `cxr stats` counts them."
        )
    if prepared.counts.selected == 0:
        notes.append("Nothing is selected.")
    return tuple(notes)


def _size(size: int) -> str:
    """Return a number of bytes in words, in the units that disks are sold in."""
    unit, name = next(
        ((unit, name) for unit, name in ((10**9, "GB"), (10**6, "MB")) if size >= unit), (1, "bytes")
    )
    return f"{size / unit:,.{0 if unit == 1 else 1}f} {name}"


def _nearest(path: Path) -> Path:
    """Return the path, or its nearest parent that exists."""
    while not path.exists():
        path = path.parent
    return path


def _will_link(prepared: Prepared, base: Path) -> bool:
    """Say whether the images can be hard links: one file system, and files that this user may link.

    Linux lets a user link only files of his own or that he may write (``fs.protected_hardlinks``).
    """
    first = next(iter((prepared.files or {}).values()), None)
    place = None if first is None else prepared.host.local_path(first)
    try:
        if place is None or place.stat().st_dev != base.stat().st_dev:
            return False
        mine = os.geteuid() in (0, place.stat().st_uid)
    except OSError:
        return False
    return mine or os.access(place, os.R_OK | os.W_OK) or not _links_are_protected()


def _links_are_protected() -> bool:
    try:
        return Path("/proc/sys/fs/protected_hardlinks").read_text(encoding="ascii").strip() != "0"
    except OSError:
        return False  # not Linux
