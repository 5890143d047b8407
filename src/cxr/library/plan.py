"""What a run would do, before a byte moves."""

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from cxr.errors import PlanNotConfirmed
from cxr.ledger.read import finished
from cxr.library.open import Library
from cxr.library.prepare import Prepared

UNASKED_BYTES = 10 * 10**9
"""What is larger does not run without being confirmed."""
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
        if self.bytes > UNASKED_BYTES:
            raise PlanNotConfirmed(
                f"{self.source}: {self.images - self.already:,} images, {needed}: more than runs unasked.",
                next_step="Confirm with --yes, or take a part with --limit N or --sample random.",
            )


def plan(prepared: Prepared, base: Path, library: Library | None) -> Plan:
    """Say what carrying out the request would do.

    Args:
        prepared: The request.
        base: The library's directory, which need not exist.
        library: The library, open for reading, where there is one.
    """
    source = prepared.request.source
    done = finished(library.database, source) if library else {}
    already = size_already = 0
    if done:
        for record in prepared.records():
            if record.image_id in done:
                already += 1
                size_already += prepared.bytes_of(record)
    origin = prepared.request.origin
    linked = origin is not None and _device(origin) == _device(base)
    return Plan(
        source=source,
        release=prepared.release.key,
        host=prepared.host.key,
        published=prepared.total,
        present=prepared.present,
        images=prepared.counts.selected,
        already=already,
        bytes=0 if linked else max(0, prepared.size - size_already),
        size=prepared.size,
        free=shutil.disk_usage(_nearest(base)).free,
        notes=_notes(prepared, linked=linked),
    )


def _notes(prepared: Prepared, *, linked: bool) -> tuple[str, ...]:
    notes = []
    if prepared.files is not None and prepared.present < prepared.total:
        notes.append(f"{prepared.present:,} of {prepared.total:,} published images are present at the host.")
    if linked:
        notes.append("The copy is on the library's disk: images are hard links and take no space.")
    if prepared.problems:
        notes.append(f"{len(prepared.problems):,} rows of the tables have problems; `cxr stats` counts them.")
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


def _device(path: Path) -> int:
    return os.stat(_nearest(path)).st_dev  # noqa: PTH116  one call, no Path method returns less
