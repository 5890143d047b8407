"""The JPEG files of the lab's PhysioNet: 8-bit grey of quality 95, upright, each with bytes of its own.

Phantoms are frontal, whatever their view says: nobody has painted a lateral one yet.
"""

import hashlib
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from cxr.images.phantom import describe
from cxr.images.phantom.dice import Dice
from cxr.images.phantom.render import render

_QUALITY = 95
_NOISE = 206
_CELLS = 5  # of light and dark from top to bottom
_MOST_PICTURES, _MEMORY = 1_024, 64 << 20  # of noise for each shape, and the pixels of them all
_GRAIN = np.float32(1.9)  # 1.5 MB at 3056 x 2544, the mean of the real ones
_START, _COMMENT = b"\xff\xd8", b"\xff\xfe"


def phantom(seed: int, index: int, shape: tuple[int, int], comment: str) -> bytes:
    """Return phantom number ``index`` of a seed as a JPEG of so many rows and columns: its middle part."""
    rows, columns = shape
    picture = render(describe(seed, index, rows))
    left = (rows - columns) // 2
    return _commented(_jpeg(picture[:, left : left + columns]), comment)


def noise(seed: int, shape: tuple[int, int], comment: str) -> bytes:
    """Return a JPEG of clouds with grain.

    It takes microseconds: after some hundreds of pictures they come again, and only the comment tells the
    files apart. So hundreds of thousands can be hashed beforehand, and made again when they are asked for.
    """
    rows, columns = shape
    pictures = max(2, min(_MOST_PICTURES, _MEMORY // (rows * columns)))
    digest = hashlib.blake2b(comment.encode(), digest_size=4).digest()
    return _commented(_noise(seed, shape, int.from_bytes(digest, "big") % pictures), comment)


@lru_cache(maxsize=2 * _MOST_PICTURES)
def _noise(seed: int, shape: tuple[int, int], number: int) -> bytes:
    rows, columns = shape
    dice = Dice(seed, _NOISE, *shape, number)
    cells = 128 + 80 * dice.reals(_CELLS, _CELLS)
    clouds = cv2.resize(cells, (columns, rows), interpolation=cv2.INTER_LINEAR)
    grain = dice.grain(rows, columns)
    return _jpeg(np.clip(clouds + _GRAIN * grain, 0, 255).astype(np.uint8))


def _jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data.tobytes())


def _commented(data: bytes, comment: str) -> bytes:
    """Put a comment (COM, ITU-T T.81 B.2.4.5) behind the start of an image."""
    text = comment.encode()
    return b"".join((_START, _COMMENT, (len(text) + 2).to_bytes(2, "big"), text, data[2:]))
