"""Where things are in a chest: the curves that both the painter and the truth are made from.

All functions take and return float64 arrays in units of the image's side. Widths are measured from the
midline outwards, so that one formula serves both sides.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxr.images.phantom.truth import Body, Pose, Side

Curve = npt.NDArray[np.float64]


def smooth(knots: tuple[float, ...], values: tuple[float, ...], at: npt.ArrayLike) -> Curve:
    """Interpolate through knots without overshoot (monotone cubic after Fritsch and Carlson)."""
    x, y = np.asarray(knots, float), np.asarray(values, float)
    step = np.diff(x)
    slope = np.diff(y) / step
    inner = np.where(
        slope[:-1] * slope[1:] > 0, 2 / (1 / _nonzero(slope[:-1]) + 1 / _nonzero(slope[1:])), 0.0
    )
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    where = np.clip(np.asarray(at, float), x[0], x[-1])
    i = np.clip(np.searchsorted(x, where, side="right") - 1, 0, len(x) - 2)
    t = (where - x[i]) / step[i]
    rise = y[i + 1] - y[i]
    bulge = (tangent[i] * step[i] - rise) * (1 - t) - (tangent[i + 1] * step[i] - rise) * t
    return np.asarray(y[i] + rise * t + t * (1 - t) * bulge)


def _nonzero(values: Curve) -> Curve:
    return np.where(values == 0, 1e-12, values)


@dataclass(frozen=True, slots=True)
class Thorax:
    """The chest of one body in one pose."""

    body: Body
    pose: Pose

    @property
    def floor(self) -> float:
        """The height of the costophrenic angles."""
        return self.pose.apex + self.body.height - self.pose.raised

    def level(self, y: npt.ArrayLike) -> Curve:
        """Return heights as a share of the lung's: 0 at the apex, 1 at the costophrenic angle."""
        return (np.asarray(y, float) - self.pose.apex) / (self.floor - self.pose.apex)

    def height(self, level: float) -> float:
        """Return y of a level."""
        return self.pose.apex + level * (self.floor - self.pose.apex)

    def midline(self, y: npt.ArrayLike) -> Curve:
        """Return x of the spine."""
        y = np.asarray(y, float)
        bend = self.body.bend * (4 * (y - 0.45) ** 2 - 0.4)
        return np.asarray(self.pose.x + self.pose.lean * (y - 0.5) + bend)

    def half_width(self, side: Side) -> float:
        """Return the inner chest's half width; the right lung is a little the wider."""
        return self.body.half_width * (1.0 if side < 0 else 0.985)

    def outer(self, y: npt.ArrayLike, side: Side, *, sunk: float = 0.0) -> Curve:
        """Return how far the lung reaches outwards from the midline; ``sunk`` by a pneumothorax."""
        level = self.level(np.asarray(y, float) - sunk)
        arch = _quarter(level / 0.84, 2.05)
        base = 1 - 0.05 * np.clip((level - 0.72) / 0.28, 0, 2) ** 2
        gap = sunk * np.clip(1.15 - level, 0, 1)
        return np.asarray(self.half_width(side) * (0.38 + 0.62 * arch) * base - gap)

    def inner(self, y: npt.ArrayLike, side: Side, *, sunk: float = 0.0) -> Curve:
        """Return how close to the midline the lung comes."""
        level = self.level(np.asarray(y, float) - sunk)
        return np.asarray(self.half_width(side) * (0.38 - 0.22 * _quarter(level / 0.3, 2.2)))

    def dome(self, side: Side) -> float:
        """Return y of the top of the diaphragm."""
        return self.floor - self.body.dome + (self.body.dome_step if side > 0 else 0.0)

    def diaphragm(self, out: npt.ArrayLike, side: Side) -> Curve:
        """Return y of the diaphragm at a distance from the midline."""
        share = np.asarray(out, float) / self.half_width(side)
        top = self.dome(side)
        medial = 0.045 * np.clip((0.5 - share) / 0.5, 0, 2) ** 2
        lateral = (self.floor - top) * np.clip((share - 0.5) / 0.48, 0, 1.3) ** 2.2
        return np.asarray(top + medial + lateral)

    def meniscus(self, out: npt.ArrayLike, side: Side, height: float) -> Curve:
        """Return y of the upper border of fluid that stands ``height`` above the angle at the wall."""
        share = np.clip(np.asarray(out, float) / self.half_width(side), 0, 1)
        fall = 0.06 + 0.5 * height
        return np.asarray(self.floor - height + fall * (1 - share**3.6))

    def heart_reach(self, side: Side) -> float:
        """Return how far the heart's border lies from the midline where it is widest."""
        share = self.body.right_share if side < 0 else 1 - self.body.right_share
        chest = self.half_width(-1) + self.half_width(1)
        return self.body.ctr * chest * share

    def mediastinum(self, y: npt.ArrayLike, side: Side) -> Curve:
        """Return the border of heart and great vessels, outwards from the midline."""
        wide, unit = self.heart_reach(side), self.half_width(side)
        knots: tuple[float, ...]
        great: tuple[float, ...]  # veins, aortic knob, pulmonary trunk, in half widths
        heart: tuple[float, ...]  # in widths of this side of the heart
        if side < 0:
            knots = (-0.4, 0.0, 0.15, 0.36, 0.48, 0.62, 0.76, 0.9, 1.1)
            great = (0.2, 0.17, 0.17, 0.18, 0.2)
            heart = (0.84, 1.0, 0.88, 0.6)
        else:
            knob = 0.17 + self.body.knob
            knots = (-0.4, 0.0, 0.16, 0.23, 0.29, 0.37, 0.44, 0.52, 0.64, 0.8, 0.92, 1.1)
            great = (0.19, 0.18, 0.175, knob - 0.015, knob, 0.2, 0.235)
            heart = (max(0.27 * unit / wide, 0.5), 0.78, 1.0, 0.9, 0.6)
        reach = (*(unit * share for share in great), *(wide * share for share in heart))
        return smooth(knots, reach, self.level(y))

    def at(self, side: Side, level: float, out: float) -> tuple[float, float]:
        """Return x, y of a place given by level and share of the half width."""
        y = self.height(level)
        return float(self.midline(y)) + side * out * self.half_width(side), y


def _quarter(share: Curve, power: float) -> Curve:
    """Return a quarter of a superellipse: 0 at 0, steep at first, 1 from 1 on."""
    return np.asarray((1 - (1 - np.clip(share, 0, 1)) ** power) ** (1 / power))
