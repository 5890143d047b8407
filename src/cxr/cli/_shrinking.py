"""The flags that have images made smaller on their way."""

from typing import TYPE_CHECKING

from cxr.cli._names import known
from cxr.errors import UsageError

if TYPE_CHECKING:
    from cxr.images.placement import Shrink

_FORMATS = ("jpeg", "png")


def shrink_from(resize: int | None, fit: str | None, written: str | None) -> "Shrink | None":
    """Return what is to be made of images; ``None`` where nothing was asked for.

    Args:
        resize: What stood behind ``--resize``.
        fit: Behind ``--fit``.
        written: Behind ``--format``.

    Raises:
        UsageError: a word is unknown, or there is nothing to fit.
    """
    from cxr.images.formats import Format
    from cxr.images.placement import Fit, Shrink

    if fit is not None and resize is None:
        raise UsageError(
            "--fit says which side of an image --resize means, and there is no --resize.",
            next_step=f"Say how large: `--resize 512 --fit {fit}`; or leave --fit out.",
        )
    if resize is None and written is None:
        return None
    side = Fit.SHORT if fit is None else Fit(known(fit, list(Fit), "fit"))
    kind = None if written is None else Format[known(written, _FORMATS, "format").upper()]
    return Shrink(resize, side, kind)
