"""A contact sheet: many images at a glance, as one picture to open."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cxr.errors import StorageError, UsageError
from cxr.images.inspect import inspect
from cxr.images.inspection import DEFAULT_LIMITS

Picture = npt.NDArray[np.uint8]

_BACKGROUND, _INK, _UNREADABLE = 24, 225, 96
_LINE = 16  # pixels from one line of caption to the next
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.4


class _Grid(NamedTuple):
    columns: int
    tile: int
    lines: int

    @property
    def cell_height(self) -> int:
        return self.tile + self.lines * _LINE + 12

    @property
    def cell_width(self) -> int:
        return self.tile + 8


def contact_sheet(
    images: Sequence[Path], captions: Sequence[str], destination: Path, *, columns: int = 8, tile: int = 224
) -> None:
    """Write one grey picture with a thumbnail of each image and its caption below.

    Thumbnails keep the image's shape and are averaged by area. What is not there or not whole becomes a grey
    tile with a cross. The file appears once it is complete.

    Args:
        images: Files of any format that cxr reads.
        captions: One for each, of one or several short lines; what is too wide is cut.
        destination: Where to write, ``.png`` or ``.jpg``.
        columns: Thumbnails a row.
        tile: Longer side of a thumbnail, in pixels.

    Raises:
        UsageError: images and captions differ in number, or the name ends otherwise.
        StorageError: the destination cannot be written.
    """
    if len(images) != len(captions):
        raise UsageError(
            f"There are {len(images)} images for the contact sheet and {len(captions)} captions."
        )
    lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    grid = _Grid(max(min(columns, len(images)), 1), tile, lines)
    rows = max(-(-len(images) // grid.columns), 1)
    sheet = np.full((rows * grid.cell_height + 8, grid.columns * grid.cell_width + 8), _BACKGROUND, np.uint8)
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(number, grid.columns)
        _place(sheet, row * grid.cell_height + 8, column * grid.cell_width + 8, _thumbnail(image, tile))
        _write_caption(sheet, grid, row, column, caption)
    _save(sheet, destination)


def _thumbnail(image: Path, tile: int) -> Picture:
    """Return the image on a square of ``tile`` pixels, or a cross."""
    square = np.full((tile, tile), _BACKGROUND, np.uint8)
    picture = _read(image)
    if picture is None:
        return _crossed_out(tile)
    height, width = picture.shape
    scale = tile / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    _place(square, (tile - size[1]) // 2, (tile - size[0]) // 2, np.asarray(small, np.uint8))
    return square


def _read(image: Path) -> Picture | None:
    """Return 8-bit grey, or ``None`` where the file is not a whole image."""
    try:
        # A file too large to be inspected is not read at all.
        data = b"" if image.stat().st_size > DEFAULT_LIMITS.file_bytes else image.read_bytes()
    except (OSError, ValueError):  # a NUL in a name is a ValueError
        return None
    if inspect(data).fault is not None:
        return None
    try:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        return None
    if grey is None:
        return None
    if grey.dtype == np.uint8:
        return np.asarray(grey, np.uint8)
    # More than 8 bits: what is brightest becomes white, since many files use a part of their range.
    top = max(float(grey.max()), 1.0)
    return np.asarray(np.clip(grey.astype(np.float32) * (255 / top), 0, 255), np.uint8)


def _crossed_out(tile: int) -> Picture:
    square = np.full((tile, tile), _UNREADABLE, np.uint8)
    cv2.line(square, (0, 0), (tile - 1, tile - 1), _INK, 2, cv2.LINE_AA)
    cv2.line(square, (0, tile - 1), (tile - 1, 0), _INK, 2, cv2.LINE_AA)
    return square


def _place(sheet: Picture, top: int, left: int, picture: Picture) -> None:
    sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture


def _write_caption(sheet: Picture, grid: _Grid, row: int, column: int, caption: str) -> None:
    x = column * grid.cell_width + 10
    y = row * grid.cell_height + 8 + grid.tile
    for number, line in enumerate(caption.split("\n"), start=1):
        text = _fitting(line, grid.tile - 4)
        cv2.putText(sheet, text, (x, y + number * _LINE - 2), _FONT, _FONT_SCALE, _INK, 1, cv2.LINE_AA)


def _fitting(line: str, width: int) -> str:
    """Return the line in letters that the font has, cut with two dots where it is too wide."""
    text = "".join(letter if " " <= letter <= "~" else "?" for letter in line[:200])
    if _width(text) <= width:
        return text
    while text and _width(text + "..") > width:
        text = text[:-1]
    return text + ".."


def _width(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0])


def _save(sheet: Picture, destination: Path) -> None:
    if destination.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise UsageError(
            f"A contact sheet cannot be written as {destination.name!r}.",
            next_step="Give it a name that ends in .png or .jpg.",
        )
    _, data = cv2.imencode(destination.suffix.lower(), sheet)
    part = destination.with_name(destination.name + ".part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data.tobytes())
        part.replace(destination)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StorageError(
            f"The contact sheet {destination} could not be written: {error.strerror}.",
            next_step="Free some space there, or choose a folder that can be written to.",
        ) from error
