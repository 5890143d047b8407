"""What is to be made of an image, and where its pixels go then. `cxr.images.shrink` moves them."""

from dataclasses import dataclass, replace
from enum import StrEnum

from cxr.images.formats import Format
from cxr.model import Region

WRITTEN = (Format.JPEG, Format.PNG)
"""What is written."""


class Fit(StrEnum):
    """What a size in pixels is meant for."""

    SHORT = "short"  # the shorter side; the longer one follows
    LONG = "long"  # the longer side; the shorter one follows
    PAD = "pad"  # a square: the whole image, black beside it
    CROP = "crop"  # a square: the middle of the image


@dataclass(frozen=True, slots=True)
class Shrink:
    """What is to be made of an image.

    Attributes:
        size: In pixels; ``None`` leaves the size.
        fit: What ``size`` is meant for.
        format: What it is written as; ``None`` keeps JPEG and PNG, and makes PNG of the others.
        kept: ``format`` is what the file's name promises and was not asked for: a JPEG or PNG of another
            name than its own is refused.
    """

    size: int | None = None
    fit: Fit = Fit.SHORT
    format: Format | None = None
    kept: bool = False

    def __str__(self) -> str:
        """Say it in words, as in ``pixel_processing``."""
        meant = {Fit.SHORT: "on the shorter side", Fit.LONG: "on the longer side"}
        words = []
        if self.size is not None:
            sides = meant.get(self.fit, f"square, {self.fit}")
            words.append(f"reduced by area to {self.size} pixels {sides}")
        if self.format is not None and not self.kept:
            words.append(f"written as {self.format.title}")
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies in the frame that it is drawn into.

    Attributes:
        width: Of the image before, in pixels.
        height: Likewise.
        scaled_width: What the whole image is scaled to, in pixels.
        scaled_height: Likewise.
        left: Where the scaled image's left edge lies in the frame; below 0 where it is cut off.
        top: Likewise.
        frame_width: Of the image afterwards, in pixels.
        frame_height: Likewise.
    """

    width: int
    height: int
    scaled_width: int
    scaled_height: int
    left: int
    top: int
    frame_width: int
    frame_height: int

    @property
    def changes(self) -> bool:
        """Whether the image afterwards differs from the image before."""
        before = (self.width, self.height)
        return before != (self.frame_width, self.frame_height) or before != (
            self.scaled_width,
            self.scaled_height,
        )

    def carried(self, region: Region) -> Region | None:
        """Return a region of the image before in pixels of the image afterwards: corners go to corners.

        What lies outside the frame is cut off; ``None`` where nothing is left.

        Raises:
            ValueError: the region is in the pixels of an image of another size.
        """
        if (region.frame_width, region.frame_height) != (self.width, self.height):
            raise ValueError(
                f"a region of an image of {region.frame_width} x {region.frame_height} pixels, "
                f"and an image of {self.width} x {self.height}"
            )
        left, right = _along(
            region.x, region.width, self.scaled_width / self.width, self.left, self.frame_width
        )
        top, bottom = _along(
            region.y, region.height, self.scaled_height / self.height, self.top, self.frame_height
        )
        if right <= left or bottom <= top:
            return None
        return replace(
            region,
            x=left,
            y=top,
            width=right - left,
            height=bottom - top,
            frame_width=self.frame_width,
            frame_height=self.frame_height,
        )


def place(width: int, height: int, size: int, fit: Fit) -> Placement:
    """Return where an image goes. It is never enlarged: pixels that nobody took would look like data.

    Args:
        width: Of the image, in pixels.
        height: Likewise.
        size: What is asked for, in pixels.
        fit: Of what. A square is always of that size, with black around a smaller image.
    """
    side = max(width, height) if fit in (Fit.LONG, Fit.PAD) else min(width, height)
    scaled_width, scaled_height = (
        (max(1, _rounded(width * size, side)), max(1, _rounded(height * size, side)))
        if side > size
        else (width, height)
    )
    if fit in (Fit.SHORT, Fit.LONG):
        frame_width, frame_height = scaled_width, scaled_height
    else:
        frame_width = frame_height = size
    return Placement(
        *(width, height, scaled_width, scaled_height),
        *((frame_width - scaled_width) // 2, (frame_height - scaled_height) // 2),
        *(frame_width, frame_height),
    )


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _along(start: float, length: float, scale: float, offset: int, frame: int) -> tuple[float, float]:
    first, last = start * scale + offset, (start + length) * scale + offset
    return max(0.0, first), min(float(frame), last)
