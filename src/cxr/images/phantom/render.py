"""Paint a phantom from its truth, and put it into a PNG file."""

import cv2
import numpy as np
import numpy.typing as npt

from cxr.images.phantom import bones, devices, film, lungs, soft_tissue
from cxr.images.phantom.scene import Scene
from cxr.images.phantom.truth import PhantomTruth


def render(truth: PhantomTruth) -> npt.NDArray[np.uint8]:
    """Return the phantom as uint8 grey of shape (size, size), bright where dense, as radiographs are shown.

    Everything is added up as attenuation of the beam along each ray, as a body does it, and only then turned
    into grey. The same truth gives the same pixels.
    """
    scene = Scene(truth)
    soft_tissue.paint_trunk(scene)
    both = lungs.open_lungs(scene)
    soft_tissue.paint_breasts(scene)
    for lung in both:
        soft_tissue.paint_mediastinum(scene, lung)
        lungs.paint_texture(scene, lung)
        lungs.paint_vessels(scene, lung)
        lungs.paint_consolidations(scene, lung)
    lungs.paint_nodules(scene)
    soft_tissue.paint_gas(scene)
    bones.paint_spine(scene)
    soft_tissue.paint_windpipe(scene)
    bones.paint_shoulders(scene)
    bones.paint_ribs(scene)
    bones.paint_clavicles(scene)
    devices.paint_devices(scene)
    return film.develop(scene)


def encode(truth: PhantomTruth) -> bytes:
    """Return the phantom as the bytes of an 8-bit greyscale PNG file."""
    _, data = cv2.imencode(".png", render(truth), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return bytes(data.tobytes())
