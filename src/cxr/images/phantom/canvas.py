"""Drawing in units of the image's side, exactly repeatable.

Only what every processor rounds alike is used on whole images: float32 sums, products, quotients and square
roots, OpenCV's integer drawing and its fixed-point blur of 8-bit layers.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Layer: TypeAlias = npt.NDArray[np.float32]
Points: TypeAlias = npt.NDArray[np.float64]

_SHIFT = 4  # OpenCV draws at a sixteenth of a pixel


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of pixels, with the coordinates of their centres.

    Attributes:
        rows: Slice of the image.
        columns: Slice of the image.
        size: Pixels a side of the whole image.
    """

    rows: slice
    columns: slice
    size: int

    @property
    def x(self) -> Layer:
        """Centres in units of the side, shape (1, columns)."""
        return _centres(self.columns, self.size)[None, :]

    @property
    def y(self) -> Layer:
        """Centres in units of the side, shape (rows, 1)."""
        return _centres(self.rows, self.size)[:, None]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def _centres(part: slice, size: int) -> Layer:
    return ((np.arange(part.start, part.stop) + 0.5) / size).astype(np.float32)


def patch(size: int, left: float, top: float, right: float, bottom: float) -> Patch:
    """Return the pixels that a box touches, cut at the image's border; it may be empty."""

    def span(low: float, high: float) -> slice:
        start = min(max(int(np.floor(low * size)) - 2, 0), size)
        return slice(start, max(start, min(int(np.ceil(high * size)) + 2, size)))

    return Patch(span(top, bottom), span(left, right), size)


def column(values: npt.ArrayLike) -> Layer:
    """Return a curve over y as float32 of shape (rows, 1)."""
    return np.asarray(values, np.float32).reshape(-1, 1)


def step(distance: Layer, size: int, softness: float = 0.0) -> Layer:
    """Return 1 where a distance is positive, 0 where negative, over one pixel or ``softness``."""
    width = max(softness, 1 / size)
    return np.asarray(np.clip(distance * np.float32(1 / width) + np.float32(0.5), 0, 1))


def arc(distance: Layer, radius: float) -> Layer:
    """Return the profile of a rounded edge: 0 at distance 0, 1 from ``radius`` on, steep at first."""
    short = 1 - np.clip(distance * np.float32(1 / radius), 0, 1)
    return np.asarray(np.sqrt(1 - short * short))


def ball(area: Patch, x: float, y: float, half_width: float, half_height: float) -> Layer:
    """Return an ellipsoid's thickness: 1 in the middle, 0 at the border."""
    across = (area.x - np.float32(x)) * np.float32(1 / half_width)
    down = (area.y - np.float32(y)) * np.float32(1 / half_height)
    return np.asarray(np.sqrt(np.maximum(1 - across * across - down * down, 0)))


def soft(layer: npt.NDArray[np.uint8], sigma: float) -> npt.NDArray[np.uint8]:
    """Blur an 8-bit layer by ``sigma`` pixels; below a third of a pixel it is left alone."""
    if sigma < 0.3 or layer.size == 0:
        return layer
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8)


def filled(area: Patch, outline: Points, blur: float = 0.0) -> Layer:
    """Return a polygon as 0 to 1, its edge softened by ``blur`` in units of the side."""
    layer = np.zeros(area.shape, np.uint8)
    if layer.size:
        cv2.fillPoly(layer, [_fixed(area, outline)], 255, cv2.LINE_AA, _SHIFT)
    return soft(layer, blur * area.size).astype(np.float32) * np.float32(1 / 255)


def _fixed(area: Patch, points: Points) -> npt.NDArray[np.int32]:
    corner = np.asarray((area.columns.start, area.rows.start))
    return np.asarray(np.rint((points * area.size - 0.5 - corner) * 2**_SHIFT), np.int32)


def around(size: int, points: Points, margin: float) -> Patch:
    """Return the patch that holds all points and a margin."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    return patch(size, low[0], low[1], high[0], high[1])


def ribbon(points: Points, widths: npt.ArrayLike) -> Points:
    """Return the outline of a line drawn with a width that may change along it."""
    ahead = np.gradient(points, axis=0)
    length = np.sqrt((ahead**2).sum(axis=1, keepdims=True))
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(length, 1e-9)
    half = np.broadcast_to(np.asarray(widths, float), points.shape[:1])[:, None] / 2
    return np.concatenate([points + normal * half, (points - normal * half)[::-1]])


def lines(area: Patch, layer: npt.NDArray[np.uint8], paths: list[tuple[Points, float, int]]) -> None:
    """Draw polylines with their width and brightness into an 8-bit layer of the area, later over earlier."""
    for points, width, brightness in paths:
        thick = max(round(width * area.size), 1)
        cv2.polylines(layer, [_fixed(area, points)], False, brightness, thick, cv2.LINE_AA, _SHIFT)


def clouds(area: Patch, cells: npt.NDArray[np.float32]) -> Layer:
    """Spread a small grid of values over an area by straight interpolation, both ways."""
    rows, down = _between(area.shape[0], cells.shape[0])
    columns, across = _between(area.shape[1], cells.shape[1])
    tall = cells[rows] + (cells[rows + 1] - cells[rows]) * down[:, None]
    flat = np.ascontiguousarray(tall.T)
    wide = flat[columns] + (flat[columns + 1] - flat[columns]) * across[:, None]
    return np.asarray(wide.T)


def averaged(layer: Layer, cells: int) -> Layer:
    """Return the mean of each of ``cells`` by ``cells`` blocks of a square layer."""
    size = layer.shape[0]
    starts = np.arange(cells) * size // cells
    counts = np.diff(np.append(starts, size)).astype(np.float32)
    tall = np.add.reduceat(layer, starts, axis=0)
    # Sums down columns are added row by row, in the same order everywhere; sums along rows would not be.
    wide = np.add.reduceat(np.ascontiguousarray(tall.T), starts, axis=0).T
    return np.asarray(wide / (counts[:, None] * counts[None, :]), np.float32)


def smoothed(cells: Layer) -> Layer:
    """Return a small grid with each value averaged with its neighbours, 1 to 2 to 1, both ways."""
    for axis in (0, 1):
        padded = np.pad(cells, [(1, 1) if one == axis else (0, 0) for one in (0, 1)], mode="edge")
        before, after = (np.take(padded, np.arange(cells.shape[axis]) + k, axis=axis) for k in (0, 2))
        cells = (before + after + 2 * cells) * np.float32(0.25)
    return cells


def _between(pixels: int, cells: int) -> tuple[npt.NDArray[np.intp], Layer]:
    where = (np.arange(pixels) + 0.5) / pixels * (cells - 1)
    index = np.minimum(where.astype(np.intp), cells - 2)
    share = (where - index).astype(np.float32)
    return index, share * share * (np.float32(3) - 2 * share)  # eased, or the grid would show
