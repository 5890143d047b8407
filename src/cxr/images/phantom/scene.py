"""The picture under way: attenuation along each ray, and where each lung's air is."""

from dataclasses import dataclass

import numpy as np

from cxr.images.phantom.canvas import Layer, Patch, patch
from cxr.images.phantom.dice import Dice
from cxr.images.phantom.thorax import Thorax
from cxr.images.phantom.truth import PhantomTruth, Side

SOFT_PER_CM = 0.2
"""Attenuation of a centimetre of soft tissue at the effective energy of a chest film, about that of water."""


@dataclass(slots=True)
class Lung:
    """One lung's share of the picture.

    Attributes:
        side: Which.
        area: The pixels it can lie in.
        out: Distance from the midline outwards, shape of the area.
        air: Share of the lung's greatest depth that each ray crosses, 0 to 1, shape of the area.
        tissue: Likewise, without air that lies outside a sunken lung: where vessels and texture may show.
    """

    side: Side
    area: Patch
    out: Layer
    air: Layer
    tissue: Layer


class Scene:
    """One phantom being painted.

    Args:
        truth: What to paint.
    """

    def __init__(self, truth: PhantomTruth) -> None:
        self.truth = truth
        self.thorax = Thorax(truth.body, truth.pose)
        self.size = truth.size
        self.attenuation: Layer = np.zeros((truth.size, truth.size), np.float32)

    def all(self) -> Patch:
        """Return the whole image as a patch."""
        return patch(self.size, 0, 0, 1, 1)

    def add(self, area: Patch, layer: Layer, attenuation: float) -> None:
        """Put a layer of that attenuation where the layer is 1 into the beam's way."""
        self.attenuation[area.rows, area.columns] += layer * np.float32(attenuation)

    def patient_dice(self, stream: int) -> Dice:
        """Return random numbers that are the same in all images of the patient."""
        return Dice(self.truth.seed, 100 + stream, self.truth.body.key)

    def image_dice(self, stream: int) -> Dice:
        """Return random numbers of this image alone."""
        return Dice(self.truth.seed, 200 + stream, self.truth.index)
