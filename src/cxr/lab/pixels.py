"""The PNG files of a lab: phantoms, or noise that takes no time to make."""

import cv2
import numpy as np
import numpy.typing as npt

from cxr.images.phantom import describe
from cxr.images.phantom.dice import Dice
from cxr.images.phantom.render import render
from cxr.lab.nih import Contents, Image

_NOISE = 105
_CELLS = 5  # of light and dark along each side


def png(contents: Contents, image: Image) -> bytes:
    """Return an image's file: 8-bit grey, or RGBA with equal channels and no transparency."""
    if contents.pixels == "phantom":
        picture = render(describe(contents.seed, image.index, contents.size))
    else:
        picture = _noise(contents, image.index)
    if image.rgba:
        picture = np.dstack([picture, picture, picture, np.full_like(picture, 255)])
    _, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return bytes(data.tobytes())


def _noise(contents: Contents, index: int) -> npt.NDArray[np.uint8]:
    """Return clouds with grain: no two alike, and about as many bytes a pixel as a radiograph."""
    dice = Dice(contents.seed, _NOISE, index)
    cells = 128 + 80 * dice.reals(_CELLS, _CELLS)
    clouds = cv2.resize(cells, (contents.size, contents.size), interpolation=cv2.INTER_LINEAR)
    grain = dice.grain(contents.size, contents.size)
    return np.clip(clouds + np.float32(1.2) * grain, 0, 255).astype(np.uint8)
