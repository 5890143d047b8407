"""Turn attenuation into the grey of a finished radiograph: film curve, quantum noise, shutters."""

import numpy as np
import numpy.typing as npt

from cxr.images.phantom import canvas, marker
from cxr.images.phantom.canvas import Layer
from cxr.images.phantom.scene import Scene

_STEPS = 4096  # of attenuation, from 0 to _TOP
_TOP = 10.0


def develop(scene: Scene) -> npt.NDArray[np.uint8]:
    """Return the picture as 8-bit grey, bright where the beam was weakened most."""
    film = scene.truth.film
    attenuation = np.clip(_evened(scene), 0, np.float32(_TOP * 0.999))
    index = (attenuation * np.float32(_STEPS / _TOP)).astype(np.intp)
    grey, grain = _curves(film.middle, film.latitude, film.noise)
    noise = scene.image_dice(2).grain(*attenuation.shape)
    noise = _blurred(noise)
    value = grey[index] + grain[index] * noise
    value = _shuttered(scene, value)
    picture = np.clip(value + np.float32(0.5), 0, 255).astype(np.uint8)
    picture = canvas.soft(picture, film.blur * scene.size)
    marker.stamp(scene, picture)
    return picture


def _evened(scene: Scene) -> Layer:
    """Return attenuation with its broad differences reduced, as every digital system does for display.

    Otherwise the trunk's own thickness takes up the grey scale, and neither ribs nor spine show in it.
    """
    film, cells = scene.truth.film, canvas.averaged(scene.attenuation, min(24, scene.size))
    for _ in range(2):
        cells = canvas.smoothed(cells)
    shift = (cells - np.float32(film.middle)) * np.float32(film.evening)
    # Where hardly anything is in the beam, in the air beside the body, there is nothing to even out.
    shift *= np.clip(cells * np.float32(0.6), 0, 1)
    inside = np.clip(scene.attenuation * np.float32(1.2), 0, 1)
    return np.asarray(scene.attenuation - canvas.clouds(scene.all(), shift) * inside)


def _curves(middle: float, latitude: float, noise: float) -> tuple[Layer, Layer]:
    """Return grey and grey's noise for each step of attenuation, 0 to 255."""
    attenuation = (np.arange(_STEPS) + 0.5) * (_TOP / _STEPS)
    z = (attenuation - middle) / latitude * 2
    shown = 122 + 124 * z / np.sqrt(1 + z * z * np.where(z > 0, 1.0, 0.45))
    shown = np.maximum(shown, 0)
    # Fewer photons arrive behind more tissue: noise grows with the root of the exponential of attenuation.
    sigma = noise * np.exp((np.minimum(attenuation, 6) - middle) / 2 * 0.6)
    return shown.astype(np.float32), (np.gradient(shown, attenuation) * sigma).astype(np.float32)


def _blurred(noise: Layer) -> Layer:
    """Spread each grain over its neighbours, as a detector's phosphor does."""
    half = np.float32(0.5)
    down = noise.copy()
    down[1:] += half * noise[:-1]
    across = down.copy()
    across[:, 1:] += half * down[:, :-1]
    return across * np.float32(0.8)


def _shuttered(scene: Scene, value: Layer) -> Layer:
    """Darken what the shutters kept the beam from."""
    left, top, right, bottom = scene.truth.film.collimation
    if not any((left, top, right, bottom)):
        return value
    area = scene.all()
    edges_x = np.minimum(area.x - np.float32(left), np.float32(1 - right) - area.x)
    edges_y = np.minimum(area.y - np.float32(top), np.float32(1 - bottom) - area.y)
    lit = canvas.step(np.minimum(edges_x + 0 * area.y, edges_y), scene.size, 0.003)
    return value * (np.float32(0.03) + np.float32(0.97) * lit)
