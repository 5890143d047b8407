"""Names that people type: datasets, hosts, releases; an unknown one is answered with the nearest known."""

from collections.abc import Iterable
from difflib import get_close_matches

from cxr.errors import UsageError


def known(typed: str, names: Iterable[str], what: str, *, see: str = "") -> str:
    """Return ``typed`` as it is spelled among ``names``.

    Args:
        typed: What the user wrote; case and ``-`` for ``_`` are forgiven.
        names: What there is.
        what: What they are called: ``dataset``.
        see: Where they are explained, as the end of the next step.

    Raises:
        UsageError: none is meant.
    """
    every = list(names)
    spelled = {_plain(name): name for name in every}
    if _plain(typed) in spelled:
        return spelled[_plain(typed)]
    near = get_close_matches(_plain(typed), spelled, n=1, cutoff=0.5)
    raise UsageError(
        f"There is no {what} {typed!r}.",
        think=f"Did you mean {spelled[near[0]]}?" if near else "",
        next_step=f"Choose one of: {', '.join(every) or 'none in this version'}.{see}",
    )


def dataset_key(typed: str) -> str:
    """Return the key of the dataset that is meant.

    Raises:
        UsageError: there is none.
    """
    from cxr import datasets
    from cxr.config.known import DATASETS

    here = datasets.keys()
    if typed in DATASETS and typed not in here:
        raise UsageError(
            f"This version of cxr does not have the dataset {typed} yet.",
            next_step=f"It has: {', '.join(here)}. `cxr datasets` describes them.",
        )
    return known(typed, here, "dataset", see=" `cxr datasets` describes them.")


def dataset_keys(typed: str) -> tuple[str, ...]:
    """Return the keys that ``KEY`` or ``all`` stands for."""
    from cxr import datasets

    return datasets.keys() if typed.lower() == "all" else (dataset_key(typed),)


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")
