"""What ``mirror`` would do and did, in words, and what to type to see that it is so."""

import re
import shlex
from typing import TYPE_CHECKING

from cxr.cli import _confirm
from cxr.cli._words import count, duration, size

if TYPE_CHECKING:
    from cxr.library.mirror_place import Destination
    from cxr.library.mirror_run import MirrorSummary
    from cxr.library.plan import Plan
    from cxr.library.prepare import Prepared


def plan_lines(plan: "Plan", prepared: "Prepared", to: "Destination", columns: int) -> list[str]:
    """Return the plan as people read it; a bucket has no free space to tell."""
    described = prepared.request.selection.describe()
    origin = str(prepared.request.origin or "")
    told = _confirm.plan_lines(plan, prepared.dataset.TITLE, described, origin, columns)
    if to.folder is None:
        told = [
            f"  to write {size(plan.bytes)}" if line.lstrip().startswith("to write") else line
            for line in told
        ]
    return [f"{told[0]}, to {to.text}", *told[1:]]


def lines(summary: "MirrorSummary", title: str, again: str) -> list[str]:
    """Return what was done, and the commands that check it.

    Args:
        summary: What was done.
        title: The dataset's.
        again: The command without ``--verify``.
    """
    parts = [
        (summary.copied, f"copied ({size(summary.bytes)})"),
        (summary.already, "there already"),
        (summary.found, "found there and right"),
        (summary.failed, "failed"),
    ]
    images = ", ".join(f"{number:,} {what}" for number, what in parts if number) or "none"
    told = [f"{title}: images: {images}, in {duration(summary.seconds)}"]
    failed = f", {summary.metadata_failed:,} failed" if summary.metadata_failed else ""
    told.append(f"  metadata: {count(summary.metadata, 'file')}{failed}")
    if summary.repaired:
        told.append(f"  repaired: {count(summary.repaired, 'file')} not as published, brought again")
    told.append(f"  there: {count(summary.images_there, 'image')} in {_below(summary)}")
    if summary.images_there:
        told += [f"  count: {_counting(summary)}", f"  check: {again} --verify --yes"]
    return told


def _counting(summary: "MirrorSummary") -> str:
    """Return the command that counts the images at the destination."""
    below, ending = _below(summary), shlex.quote(re.escape(summary.suffix) + "$")
    scheme, mark, rest = below.partition("://")
    if not mark:
        return f"find {shlex.quote(below)} -type f | grep -c {ending}"
    bucket, _, prefix = rest.partition("/")
    listing = {
        "s3": ("aws", "s3", "ls", f"{below}/", "--recursive"),
        "gs": ("gcloud", "storage", "ls", "--recursive", f"{below}/**"),
        "az": (
            *("az", "storage", "blob", "list", "--container-name", bucket),
            *(("--prefix", f"{prefix}/") if prefix else ()),
            *("--num-results", "*", "--query", "[].name", "--output", "tsv"),
        ),
    }[scheme]
    return f"{shlex.join(listing)} | grep -c {ending}"


def _below(summary: "MirrorSummary") -> str:
    return f"{summary.to}/{summary.tree}".rstrip("/")
