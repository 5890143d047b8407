"""Write on the film: the side marker of lead, and the words beside it, in letters of our own strokes."""

import numpy as np
import numpy.typing as npt

from cxr.images.phantom import canvas
from cxr.images.phantom.canvas import Layer, Points
from cxr.images.phantom.scene import Scene

_MARKER, _CAPTION = 0.04, 0.017  # heights of the letters, in units of the side

# Each stroke is a line through points on a grid 4 wide and 6 high: x and y of one point are two digits.
_LETTERS = {
    "A": "06 20 46|14 34",
    "B": "03 33 44 45 36 06 00 30 41 42 33",
    "E": "40 00 06 46|03 33",
    "I": "20 26",
    "L": "00 06 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26",
    "U": "00 05 16 36 45 40",
    " ": "",
}


def stamp(scene: Scene, picture: npt.NDArray[np.uint8]) -> None:
    """Draw marker and words into the finished picture."""
    film = scene.truth.film
    cosine, sine = np.cos(film.marker_tilt), np.sin(film.marker_tilt)
    turn = np.asarray([[cosine, sine], [-sine, cosine]]) * _MARKER
    centre = np.asarray([film.marker_x, film.marker_y])
    if film.plate:
        corners = np.asarray([(-0.75, -0.95), (0.75, -0.95), (0.75, 0.95), (-0.75, 0.95)])
        _lighten(scene, picture, _mapped(corners, turn) + centre, 190, 0.45)
    for stroke in _strokes(film.marker):
        _lighten(scene, picture, canvas.ribbon(_mapped(stroke, turn) + centre, 0.0085), 250, 1)
    wide = 0.85 * _CAPTION * len(film.caption)
    left = min(max(film.marker_x - wide / 2, 0.01), 0.99 - wide)
    for number, letter in enumerate(film.caption):
        start = np.asarray([left + (number + 0.5) * 0.85 * _CAPTION, film.marker_y + 0.057])
        for stroke in _strokes(letter):
            _lighten(scene, picture, canvas.ribbon(stroke * _CAPTION + start, 0.0027), 245, 1)


def _strokes(letter: str) -> list[Points]:
    """Return a letter's lines, one high, around its middle."""
    lines = [line.split() for line in _LETTERS[letter].split("|") if line]
    grids = [np.asarray([[int(point[0]), int(point[1])] for point in line], np.float64) for line in lines]
    return [(grid - np.asarray([2.0, 3.0])) * np.asarray([0.165, 1 / 6]) for grid in grids]


def _mapped(points: Points, turn: Points) -> Points:
    # Written out, since a matrix product may be rounded otherwise on another machine.
    return np.asarray(points[:, :1] * turn[0] + points[:, 1:] * turn[1])


def _lighten(scene: Scene, picture: npt.NDArray[np.uint8], outline: Points, white: int, cover: float) -> None:
    area = canvas.around(scene.size, outline, 0.01)
    layer: Layer = canvas.filled(area, outline, 0.0005) * np.float32(cover)
    part = picture[area.rows, area.columns].astype(np.float32)
    part += (np.maximum(np.float32(white), part) - part) * layer
    picture[area.rows, area.columns] = (part + np.float32(0.5)).astype(np.uint8)
