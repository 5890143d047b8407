"""A dataset's card and label map, as the command line prints them."""

import re
from typing import TYPE_CHECKING, Any

from cxr.cli._catalogue import facts, how_to_have
from cxr.cli._words import count

if TYPE_CHECKING:
    from cxr.datasets import Dataset


def card(key: str, dataset: "Dataset") -> dict[str, Any]:
    """Return a dataset's card for JSON."""
    return facts(key, dataset) | {
        "card": (dataset.__doc__ or "").strip(),
        "terms": dataset.TERMS.summary,
        "attribution": dataset.ATTRIBUTION,
        "labellers": [labeller.name for labeller in dataset.LABELLERS],
    }


def card_lines(key: str, dataset: "Dataset") -> list[str]:
    """Return a dataset's card for people."""
    release = next(iter(dataset.RELEASES.values()))
    size = (
        f"{count(release.images, 'image')} of {count(release.patients, 'patient')}" if release.images else ""
    )
    told = [
        ("key", key),
        ("size", size),
        ("access", f"{dataset.TERMS.access}, {dataset.TERMS.licence}"),
        ("releases", ", ".join(dataset.RELEASES)),
        ("hosts", ", ".join(release.hosts)),
        ("from here", how_to_have(key, dataset)),
        ("labellers", ", ".join(labeller.name for labeller in dataset.LABELLERS)),
    ]
    text = re.sub(r"``([^`]*)``|`([^`]*)`", r"\1\2", (dataset.__doc__ or "").strip())
    facts_told = [f"  {name:<12}{value}" for name, value in told if value]
    return [dataset.TITLE, *facts_told, "", *text.splitlines()]


def label_map(dataset: "Dataset") -> dict[str, dict[str, str | None]]:
    """Return, by labeller, each published word with the common finding it means, or ``None``."""
    return {
        labeller.key: {finding.published: finding.common for finding in labeller.findings}
        for labeller in dataset.LABELLERS
    }
