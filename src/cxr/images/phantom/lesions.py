"""Choose the findings of one image, place them where they will be seen, and box them in."""

from dataclasses import dataclass

import numpy as np

from cxr.images.phantom.dice import Dice
from cxr.images.phantom.thorax import Thorax
from cxr.images.phantom.truth import (
    FIELD_MM,
    Box,
    Consolidation,
    Device,
    Effusion,
    Nodule,
    Pneumothorax,
    Side,
    View,
)

LINE_WIDTHS = {"leads": 0.0032, "central line": 0.0058, "pacemaker": 0.0075, "tube": 0.021}
"""How wide the lines of each kind of device are painted, at their widest."""
SURFACE = 0.02
"""Over which height the upper border of fluid is blurred, since it does not lie in line with the beam."""

_SIDES: tuple[Side, Side] = (-1, 1)


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of one image, but for the heart's size, which belongs to the patient."""

    consolidations: tuple[Consolidation, ...] = ()
    effusions: tuple[Effusion, ...] = ()
    nodules: tuple[Nodule, ...] = ()
    pneumothoraces: tuple[Pneumothorax, ...] = ()
    devices: tuple[Device, ...] = ()


def draw(dice: Dice, thorax: Thorax, view: View) -> Found:
    """Choose and place findings; about two images in five of the usual patients have none."""
    effusions = _effusions(dice) if dice.chance(0.2) else ()
    wet = {one.side for one in effusions}
    dry = [side for side in _SIDES if side not in wet]
    pneumothoraces: tuple[Pneumothorax, ...] = ()
    if dry and dice.chance(0.1):
        pneumothoraces = (Pneumothorax(dice.pick(dry), dice.real(0.055, 0.1)),)
    airy = [side for side in dry if all(one.side != side for one in pneumothoraces)]
    consolidations: tuple[Consolidation, ...] = ()
    if airy and dice.chance(0.17):
        consolidations = (_consolidation(dice, thorax, dice.pick(airy)),)
    free = [side for side in airy if all(one.side != side for one in consolidations)]
    nodules = _nodules(dice, thorax, free) if free and dice.chance(0.24) else ()
    devices = (_device(dice, thorax, view),) if dice.chance(0.45 if view == "AP" else 0.08) else ()
    return Found(consolidations, effusions, nodules, pneumothoraces, devices)


def _effusions(dice: Dice) -> tuple[Effusion, ...]:
    sides = _SIDES if dice.chance(0.25) else (dice.pick(_SIDES),)
    return tuple(Effusion(side, dice.real(0.12, 0.3)) for side in sides)


def _consolidation(dice: Dice, thorax: Thorax, side: Side) -> Consolidation:
    x, y = thorax.at(side, dice.real(0.28, 0.7), dice.real(0.55, 0.7))
    return Consolidation(side, x, y, dice.real(0.075, 0.11), dice.real(0.075, 0.125))


def _nodules(dice: Dice, thorax: Thorax, sides: list[Side]) -> tuple[Nodule, ...]:
    """Place one to three nodules, 10 to 30 mm across, apart from each other, off the heart and the edge."""
    placed: list[Nodule] = []
    for _ in range(dice.pick((1, 1, 1, 2, 3))):
        side = dice.pick(sides)
        radius = dice.real(5, 15) / FIELD_MM
        level = dice.real(0.22, 0.68)
        edge = float(thorax.outer(thorax.height(level), side)) - radius - 0.03
        heart = float(thorax.mediastinum(thorax.height(level), side)) + radius + 0.035
        out = dice.real(heart, edge)
        x = float(thorax.midline(thorax.height(level))) + side * out
        y = min(thorax.height(level), float(thorax.diaphragm(out, side)) - radius - 0.02)
        if edge <= heart or any(np.hypot(x - n.x, y - n.y) < radius + n.radius + 0.02 for n in placed):
            continue
        placed.append(Nodule(x, y, radius))
    return tuple(placed)


def _device(dice: Dice, thorax: Thorax, view: View) -> Device:
    kinds = ("leads", "central line", "pacemaker", "tube") if view == "AP" else ("pacemaker", "central line")
    kind = dice.pick(kinds)
    return {"leads": _leads, "central line": _central_line, "pacemaker": _pacemaker, "tube": _tube}[kind](
        dice, thorax
    )


def _course(*knots: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Draw a smooth line through knots (Catmull and Rom)."""
    points = np.asarray([knots[0], *knots, knots[-1]], float)
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = [
        b + t * ((c - a) / 2 + t * (a - 2.5 * b + 2 * c - d / 2 + t * (-a + 3 * b - 3 * c + d) / 2))
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    return tuple((float(x), float(y)) for x, y in np.concatenate([*parts, points[-1:]]))


def _leads(dice: Dice, thorax: Thorax) -> Device:
    paths, discs = [], []
    for side, level, out in ((-1, 0.16, 0.62), (1, 0.2, 0.66), (1, 0.74, 0.72)):
        x, y = thorax.at(-1 if side < 0 else 1, level + dice.bell(0, 0.06), out + dice.bell(0, 0.1))
        end = (dice.real(0.02, 0.12) if side < 0 else dice.real(0.88, 0.98), dice.real(0.93, 1.02))
        swing = (x + side * dice.real(0.02, 0.12), (y + end[1]) / 2 + dice.bell(0, 0.05))
        paths.append(_course((x, y), swing, end))
        discs.append((x, y, 0.021, 0.021))
    return Device("leads", tuple(paths), tuple(discs))


def _central_line(dice: Dice, thorax: Thorax) -> Device:
    x0, y0 = thorax.at(-1, -0.2, 0.27 + dice.bell(0, 0.05))
    x1, y1 = thorax.at(-1, 0.12, 0.17)
    x2, y2 = thorax.at(-1, 0.44 + dice.bell(0, 0.05), 0.13)
    return Device("central line", (_course((x0, max(y0, 0.01)), (x1, y1), (x2, y2)),), ())


def _pacemaker(dice: Dice, thorax: Thorax) -> Device:
    x, y = thorax.at(1, 0.17 + dice.bell(0, 0.03), 0.74 + dice.bell(0, 0.06))
    vein, atrium = thorax.at(1, 0.1, 0.25), thorax.at(-1, 0.38, 0.1)
    low, tip = thorax.at(-1, 0.74, 0.12), thorax.at(1, 0.86, 0.4)
    return Device("pacemaker", (_course((x, y - 0.03), vein, atrium, low, tip),), ((x, y, 0.052, 0.044),))


def _tube(dice: Dice, thorax: Thorax) -> Device:
    end = thorax.height(0.2 + dice.bell(0, 0.04))
    knots = [(float(thorax.midline(y)) - 0.003, y) for y in (0.0, end / 2, end)]
    return Device("tube", (_course(*knots),), ())


def regions(thorax: Thorax, found: Found) -> tuple[tuple[str, Box], ...]:
    """Return each finding with the box around what will be painted, cut at the image's border."""
    boxes: list[tuple[str, Box]] = []
    if thorax.body.ctr > 0.5:
        boxes.append(("Cardiomegaly", _heart_box(thorax)))
    for patch in found.consolidations:
        boxes += [("Consolidation", _about(patch.x, patch.y, patch.half_width, patch.half_height))]
    boxes += [("Effusion", _fluid_box(thorax, one)) for one in found.effusions]
    boxes += [("Nodule", _about(one.x, one.y, one.radius, one.radius)) for one in found.nodules]
    boxes += [("Pneumothorax", _gap_box(thorax, one)) for one in found.pneumothoraces]
    boxes += [("Support Devices", _device_box(one)) for one in found.devices]
    return tuple((finding, _cut(box)) for finding, box in boxes)


def _about(x: float, y: float, half_width: float, half_height: float) -> Box:
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def _cut(box: Box) -> Box:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
    return Box(left, top, right, bottom)


def _heart_box(thorax: Thorax) -> Box:
    y = np.linspace(thorax.height(0.4), thorax.height(0.97), 64)
    middle = thorax.midline(y)
    left = float((middle - thorax.mediastinum(y, -1)).min())
    right = float((middle + thorax.mediastinum(y, 1)).max())
    return Box(left, thorax.height(0.42), right, thorax.height(0.95))


def _fluid_box(thorax: Thorax, fluid: Effusion) -> Box:
    side = fluid.side
    out = np.linspace(0.1, 1, 96) * thorax.half_width(side)
    wet = out[thorax.meniscus(out, side, fluid.height) < thorax.diaphragm(out, side)]
    ends = thorax.midline(np.asarray([thorax.floor - fluid.height, thorax.floor]))
    x = np.concatenate([ends + side * wet.min(), ends + side * out[-1]])
    return Box(float(x.min()), thorax.floor - fluid.height - SURFACE / 2, float(x.max()), thorax.floor)


def _gap_box(thorax: Thorax, air: Pneumothorax) -> Box:
    side = air.side
    y = np.linspace(thorax.pose.apex, thorax.height(0.9), 128)
    gap = thorax.outer(y, side) - thorax.outer(y, side, sunk=air.gap)
    y = y[gap > 0.012]
    inner, outer = thorax.outer(y, side, sunk=air.gap), thorax.outer(y, side)
    edges = np.concatenate([thorax.midline(y) + side * inner, thorax.midline(y) + side * outer])
    return Box(float(edges.min()), thorax.pose.apex, float(edges.max()), float(y.max()))


def _device_box(device: Device) -> Box:
    points = np.asarray([point for path in device.paths for point in path])
    half = LINE_WIDTHS[device.kind] / 2
    edges = [points - half, points + half]
    edges += [np.asarray([(x - wide, y - high), (x + wide, y + high)]) for x, y, wide, high in device.discs]
    everything = np.concatenate(edges)
    (left, top), (right, bottom) = everything.min(axis=0), everything.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
