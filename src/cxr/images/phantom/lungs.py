"""Paint the lungs: their air, their vessels, their fine texture, and the findings that change them."""

import math
from dataclasses import dataclass

import numpy as np

from cxr.images.phantom import canvas, lesions
from cxr.images.phantom.canvas import Layer, Patch, Points
from cxr.images.phantom.dice import Dice
from cxr.images.phantom.scene import SOFT_PER_CM, Lung, Scene
from cxr.images.phantom.truth import Side

_DOME_EDGE = 0.0025  # over which height the diaphragm is blurred, in units of the side
_RECESS = 0.11  # how far the lung reaches down behind the diaphragm, in units of the side


def open_lungs(scene: Scene) -> tuple[Lung, Lung]:
    """Take the air of both lungs out of the trunk and return where it is."""
    return _open(scene, -1), _open(scene, 1)


def _open(scene: Scene, side: Side) -> Lung:
    truth, thorax = scene.truth, scene.thorax
    x = truth.pose.x
    reach = truth.body.half_width + 0.05
    low, high = (x - reach, x + 0.05) if side < 0 else (x - 0.05, x + reach)
    area = canvas.patch(scene.size, low, truth.pose.apex - 0.02, high, thorax.floor)
    y = area.y[:, 0].astype(float)
    out = (area.x - canvas.column(thorax.midline(y))) * np.float32(side)
    outside = canvas.column(thorax.outer(y, side)) - out
    inside = out - canvas.column(thorax.inner(y, side))
    air = canvas.arc(np.maximum(outside, 0), 0.16) * canvas.arc(np.maximum(inside, 0), 0.07)
    air *= canvas.arc(np.maximum(area.y - np.float32(truth.pose.apex), 0), 0.2)
    air *= _above_floor(scene, area, side)
    lung = Lung(side, area, out, air, air)
    depth = truth.body.depth_cm * truth.body.darkness
    scene.add(area, air, -SOFT_PER_CM * depth)
    _sink(scene, lung)
    return lung


def _above_floor(scene: Scene, area: Patch, side: Side) -> Layer:
    """Return 1 above diaphragm and fluid, and a little below, where the lung goes on behind the dome."""
    thorax = scene.thorax
    out = np.abs(area.x[0].astype(float) - float(thorax.midline(thorax.floor)))
    floor = thorax.diaphragm(out, side)
    share = np.full(out.shape, 0.2)
    softness = np.full(out.shape, _DOME_EDGE)
    for fluid in scene.truth.effusions:
        if fluid.side == side:
            surface = thorax.meniscus(out, side, fluid.height)
            # Fluid fills what lies behind the dome as well.
            dry = np.clip((surface - floor) / 0.03 + 1, 0, 1)
            share *= dry
            softness = lesions.SURFACE + (_DOME_EDGE - lesions.SURFACE) * dry
            floor = np.minimum(floor, surface)
    above = floor.astype(np.float32)[None, :] - area.y
    behind = np.clip(1 + above * np.float32(1 / _RECESS), 0, 1)
    behind *= np.clip((np.float32(thorax.floor) - area.y) * np.float32(20), 0, 1)
    recess = share.astype(np.float32)[None, :] * behind * behind
    width = np.maximum(softness, 1 / scene.size).astype(np.float32)[None, :]
    edge = np.clip(above / width + np.float32(0.5), 0, 1)
    return np.asarray(edge + (1 - edge) * recess)


def _sink(scene: Scene, lung: Lung) -> None:
    """Let the lung sink from the wall where there is a pneumothorax: black air, then a fine white line."""
    for gas in scene.truth.pneumothoraces:
        if gas.side != lung.side:
            continue
        y = lung.area.y[:, 0].astype(float)
        border = scene.thorax.outer(y, lung.side, sunk=gas.gap)
        # The border runs aslant where the apex rounds off; across it the line keeps its thickness.
        slope = np.abs(np.gradient(border, 1 / scene.size))
        beyond = (lung.out - canvas.column(border)) * canvas.column(1 / np.sqrt(1 + slope**2))
        top = scene.truth.pose.apex + gas.gap
        beyond = np.where(lung.area.y < np.float32(top), np.float32(1), beyond)
        outside = canvas.step(beyond, scene.size, 0.002)
        lung.tissue = lung.air * (1 - outside)
        line = np.clip(1 - np.abs(beyond) * np.float32(1 / 0.0024), 0, 1) * np.sqrt(lung.air)
        scene.add(lung.area, line, SOFT_PER_CM * 2.3)
        scene.add(lung.area, lung.air * outside, -SOFT_PER_CM * 2.0)


def paint_vessels(scene: Scene, lung: Lung) -> None:
    """Paint the pulmonary vessels: trunks from the hilum that fork and thin towards the edge."""
    dice = scene.patient_dice(3 if lung.side < 0 else 4)
    hilum = scene.thorax.at(lung.side, 0.47 if lung.side < 0 else 0.44, 0.2)
    branches: list[tuple[Points, float]] = []
    for angle in (-85, -70, -50, -25, 5, 25, 42, 58, 72, 85):
        tilt = math.radians(angle + dice.bell(0, 16))
        trunk = dice.real(0.0075, 0.012) if abs(angle) > 40 else dice.real(0.005, 0.008)
        x = hilum[0] + lung.side * dice.bell(0.005, 0.025)
        y = hilum[1] + 0.045 * math.sin(tilt) + dice.bell(0.015, 0.03)
        branches += _fork(dice, _Vessel(x, y, tilt, trunk), lung.side)
    branches.sort(key=lambda branch: branch[1])
    layer = np.zeros(lung.area.shape, np.uint8)
    paths = [(points, width, int(min(255, 22000 * width))) for points, width in branches]
    canvas.lines(lung.area, layer, paths)
    layer = canvas.soft(layer, 0.0011 * scene.size)
    shown = layer.astype(np.float32) * np.float32(1 / 255) * _fading(lung)
    scene.add(lung.area, shown, SOFT_PER_CM * 2.6)
    _paint_hilum(scene, dice, lung, hilum)


def _fading(lung: Lung) -> Layer:
    return np.asarray(np.minimum(lung.tissue * np.float32(1.6), 1))


@dataclass(frozen=True, slots=True)
class _Vessel:
    x: float
    y: float
    heading: float
    width: float


def _fork(dice: Dice, trunk: _Vessel, side: Side) -> list[tuple[Points, float]]:
    """Grow a vessel and, at its end, the two it forks into, until they are too thin to be seen."""
    grown: list[tuple[Points, float]] = []
    waiting = [trunk]
    while waiting:
        vessel = waiting.pop()
        length = dice.real(3.6, 6.6) * (vessel.width + 0.004)
        bend = dice.bell(0, 0.95)
        heading = vessel.heading + bend * np.linspace(0, 1, 6)
        steps = np.stack([side * np.cos(heading), np.sin(heading)], axis=1) * length / 5
        steps[0] = 0
        points = np.asarray([vessel.x, vessel.y]) + np.cumsum(steps, axis=0)
        grown.append((points, vessel.width))
        if vessel.width < 0.0012:
            continue
        x, y = (float(end) for end in points[-1])
        ahead = vessel.heading + bend
        share = dice.real(0.7, 0.88)
        turn = dice.real(0.3, 0.95) * (1 if dice.chance(0.5) else -1)
        waiting.append(_Vessel(x, y, ahead - turn * 0.4, vessel.width * share))
        waiting.append(_Vessel(x, y, ahead + turn, vessel.width * (1.3 - share)))
    return grown


def _paint_hilum(scene: Scene, dice: Dice, lung: Lung, hilum: tuple[float, float]) -> None:
    for _ in range(7):
        x = hilum[0] + lung.side * dice.bell(0.012, 0.03)
        y = hilum[1] + dice.bell(0.012, 0.06)
        wide, high = dice.real(0.013, 0.026), dice.real(0.02, 0.04)
        area = canvas.patch(scene.size, x - wide, y - high, x + wide, y + high)
        bulk = canvas.ball(area, x, y, wide, high)
        scene.add(area, bulk * bulk, SOFT_PER_CM * dice.real(0.6, 1.3))


def paint_texture(scene: Scene, lung: Lung) -> None:
    """Paint the vessels and septa too fine to be told apart."""
    dice = scene.patient_dice(5 if lung.side < 0 else 6)
    texture = np.float32(0.5) * canvas.clouds(lung.area, dice.reals(22, 14))
    texture += np.float32(0.6) * canvas.clouds(lung.area, dice.reals(90, 50))
    texture += np.float32(0.55) * canvas.clouds(lung.area, dice.reals(200, 110))
    scene.add(lung.area, texture * lung.tissue, SOFT_PER_CM * 0.55)


def paint_consolidations(scene: Scene, lung: Lung) -> None:
    """Paint patches where fluid has taken the air's place, uneven and with a ragged edge."""
    for index, one in enumerate(scene.truth.consolidations):
        if one.side != lung.side:
            continue
        dice = scene.image_dice(10 + index)
        area = lung.area
        across = (area.x - np.float32(one.x)) * np.float32(1 / one.half_width)
        down = (area.y - np.float32(one.y)) * np.float32(1 / one.half_height)
        within = np.maximum(1 - (across * across + down * down), 0)
        ragged = canvas.clouds(area, dice.reals(12, 8)) + np.float32(0.7) * canvas.clouds(
            area, dice.reals(40, 25)
        )
        dense = np.clip(within * np.float32(1.1) + np.float32(0.3) * ragged, 0, 1)
        dense *= np.minimum(within * np.float32(1.6), 1)
        full = scene.truth.body.depth_cm * scene.truth.body.darkness
        scene.add(area, dense * lung.air, SOFT_PER_CM * 0.5 * full)


def paint_nodules(scene: Scene) -> None:
    """Paint each nodule as a ball of tissue as thick as it is wide, a little denser than water."""
    for one in scene.truth.nodules:
        r = one.radius
        area = canvas.patch(scene.size, one.x - r, one.y - r, one.x + r, one.y + r)
        thickness_cm = 2 * r * 43.0 * 1.35
        scene.add(area, canvas.ball(area, one.x, one.y, r, r), SOFT_PER_CM * (thickness_cm + 0.5))
