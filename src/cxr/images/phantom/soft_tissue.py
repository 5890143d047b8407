"""Paint what is neither lung nor bone: trunk, neck, arms, breasts, heart and great vessels, windpipe, gas."""

import numpy as np

from cxr.images.phantom import canvas
from cxr.images.phantom.canvas import Layer, Patch
from cxr.images.phantom.scene import SOFT_PER_CM, Lung, Scene
from cxr.images.phantom.thorax import Curve, smooth


def paint_trunk(scene: Scene) -> None:
    """Paint neck, shoulders, trunk and upper arms, their muscles and fat mottled."""
    body, thorax, area = scene.truth.body, scene.thorax, scene.all()
    y = area.y[:, 0].astype(float)
    level = thorax.level(y)
    depth = smooth((-0.3, -0.05, 0.25, 0.6, 1.0, 1.3), (0.6, 0.68, 0.9, 1.0, 1.03, 1.06), level)
    out = area.x - canvas.column(thorax.midline(y))
    share = np.abs(out) * canvas.column(1 / _trunk_width(scene, level))
    trunk = np.sqrt(np.maximum(1 - share * share * share, 0)) * canvas.column(depth)
    for side in (-1, 1):
        np.maximum(trunk, _arm(scene, area, side), out=trunk)
    line = _shoulder_line(scene, area.x[0].astype(float) - float(thorax.midline(0.1)))
    below = area.y - line.astype(np.float32)[None, :]
    trunk *= canvas.arc(np.maximum(below, 0), 0.1)
    trunk *= 1 + np.float32(0.045) * _mottle(scene, area)
    scene.add(area, trunk, SOFT_PER_CM * body.depth_cm)


def _arm(scene: Scene, area: Patch, side: int) -> Layer:
    """Return an upper arm, hanging at the image's border, as a share of the trunk's depth."""
    reach = scene.truth.body.half_width + scene.truth.body.wall
    y = area.y[:, 0].astype(float)
    course = smooth((0.1, 0.35, 0.6, 1.0), (0.44, reach + 0.055, reach + 0.085, reach + 0.12), y)
    middle = scene.thorax.midline(y) + side * course
    share = (area.x - canvas.column(middle)) * np.float32(1 / 0.085)
    start = np.clip((area.y - np.float32(0.16)) * np.float32(5), 0, 1)
    return np.asarray(np.sqrt(np.maximum(1 - share * share, 0)) * start * np.float32(0.5))


def _trunk_width(scene: Scene, level: Curve) -> Curve:
    wall = scene.truth.body.half_width + scene.truth.body.wall
    knots = (-0.4, 0.05, 0.22, 0.45, 0.7, 1.0, 1.3)
    widths = (0.8, 0.77, 0.66, wall + 0.09, wall + 0.035, wall + 0.01, wall + 0.02)
    return smooth(knots, widths, level)


def _shoulder_line(scene: Scene, out: Curve) -> Curve:
    """Return y of the skin above neck and shoulders, at a place left or right of the midline."""
    neck = 0.095 + 0.3 * (scene.truth.body.wall - 0.07)
    knots = (0.0, neck - 0.04, neck, neck + 0.035, neck + 0.09, 0.27, 0.38, 0.46, 0.53, 0.6)
    top = scene.truth.pose.apex - 0.135 + scene.truth.body.shoulder
    heights = (-0.5, -0.26, -0.12, -0.03, 0.02, 0.05, 0.075, 0.11, 0.19, 0.4)
    tilt = scene.truth.pose.tilt * np.clip(out * 4, -1, 1)
    return smooth(knots, heights, np.abs(out)) + top + tilt


def _mottle(scene: Scene, area: Patch) -> Layer:
    dice = scene.patient_dice(1)
    coarse = canvas.clouds(area, dice.reals(9, 9))
    streaks = canvas.clouds(area, dice.reals(48, 26))
    fine = canvas.clouds(area, dice.reals(110, 90))
    return np.asarray(coarse + np.float32(0.45) * streaks + np.float32(0.25) * fine)


def paint_breasts(scene: Scene) -> None:
    """Paint two shallow bowls whose lower edges show across the lung bases."""
    radius = scene.truth.body.breast
    if not radius:
        return
    dice = scene.patient_dice(2)
    for side in (-1, 1):
        x, y = scene.thorax.at(-1 if side < 0 else 1, 0.74 + dice.bell(0, 0.06), 0.66)
        area = canvas.patch(scene.size, x - radius * 1.2, y - 1.6 * radius, x + radius * 1.2, y + radius)
        upper = canvas.ball(area, x, y, radius * 1.15, radius * 1.6)
        lower = canvas.ball(area, x, y, radius * 1.15, radius)
        scene.add(area, np.where(area.y < np.float32(y), upper, lower), SOFT_PER_CM * 20 * radius)


def paint_mediastinum(scene: Scene, lung: Lung) -> None:
    """Let heart, aorta and great vessels push the air out of one lung, so that their borders show.

    They lie within the trunk: where there is no lung beside them, they add nothing to see.
    """
    thorax, area = scene.thorax, lung.area
    y = area.y[:, 0].astype(float)
    level = thorax.level(y)
    middle = thorax.midline(y)
    left, right = middle - thorax.mediastinum(y, -1), middle + thorax.mediastinum(y, 1)
    share = (area.x - canvas.column((left + right) / 2)) * canvas.column(2 / (right - left))
    deep = smooth((-0.3, 0.0, 0.3, 0.55, 0.8, 1.1), (2.5, 5.5, 7.0, 7.2, 7.6, 7.0), level)
    deep *= thorax.body.ctr / 0.45
    pushed = np.sqrt(np.maximum(1 - share * share, 0)) * canvas.column(deep)
    if lung.side > 0:
        pushed += _aorta(scene, lung)
    held = lung.air * np.float32(0.85 * thorax.body.depth_cm * thorax.body.darkness)
    scene.add(area, np.minimum(pushed, held), SOFT_PER_CM)
    left_over = 1 - np.float32(0.6) * np.minimum(pushed, held) / np.maximum(held, np.float32(0.1))
    lung.tissue = lung.tissue * left_over


def _aorta(scene: Scene, lung: Lung) -> Layer:
    """Return the descending aorta in centimetres, whose edge is seen beside the spine through the heart."""
    thorax, area = scene.thorax, lung.area
    y = area.y[:, 0].astype(float)
    level = thorax.level(y)
    reach = smooth((0.2, 0.29, 0.45, 0.95), (0.1, 0.13 + thorax.body.knob, 0.18, 0.1), level)
    wide = 0.045
    share = (lung.out - canvas.column(reach * thorax.half_width(1) - wide)) * np.float32(1 / wide)
    fade = canvas.column(2.4 * smooth((0.2, 0.27, 0.32, 1.0), (0, 1, 1, 0.6), level))
    return np.asarray(np.sqrt(np.maximum(1 - share * share, 0)) * fade)


def paint_windpipe(scene: Scene) -> None:
    """Take out the air of trachea and main bronchi."""
    thorax = scene.thorax
    carina = thorax.height(0.36)
    area = canvas.patch(scene.size, 0.35, 0, 0.65, carina)
    y = area.y[:, 0].astype(float)
    shift = smooth((-0.3, 0.1, 0.3, 0.4), (0, -0.004, -0.012, -0.006), thorax.level(y))
    share = (area.x - canvas.column(thorax.midline(y) + shift)) * np.float32(1 / 0.0205)
    end = canvas.step(np.float32(carina) - area.y, scene.size, 0.012)
    tube = np.sqrt(np.sqrt(np.maximum(1 - share * share, 0))) * end
    scene.add(area, tube, -SOFT_PER_CM * 2.3)
    x = float(thorax.midline(carina)) - 0.006
    for side, down, reach in ((-1, 0.055, 0.05), (1, 0.05, 0.068)):
        steps = np.linspace(0, 1, 12)[:, None]
        course = np.asarray([x, carina - 0.008]) + steps * np.asarray([side * reach, down])
        outline = canvas.ribbon(course, np.linspace(0.026, 0.02, 12))
        near = canvas.around(scene.size, outline, 0.01)
        scene.add(near, canvas.filled(near, outline, 0.002), -SOFT_PER_CM * 1.4)


def paint_gas(scene: Scene) -> None:
    """Take out the stomach's bubble, flat below where it meets the fluid, and some gas in the bowel."""
    thorax, size = scene.thorax, scene.truth.pose.stomach
    dice = scene.image_dice(1)
    if size:
        x, _ = thorax.at(1, 0.9, dice.bell(0.48, 0.1))
        y = thorax.dome(1) + 0.028 + size * 0.75
        area = canvas.patch(scene.size, x - 2 * size, y - size, x + 2 * size, y + size)
        bubble = canvas.ball(area, x, y, size * 1.45, size * 0.8)
        bubble *= canvas.step(np.float32(y + size * 0.35) - area.y, scene.size, 0.004)
        scene.add(area, bubble, -SOFT_PER_CM * 8)
    for _ in range(dice.integer(0, 3)):
        x, y = 0.5 + dice.bell(0.12, 0.25), thorax.floor + dice.real(0.05, 0.16)
        wide, high = dice.real(0.02, 0.05), dice.real(0.015, 0.03)
        area = canvas.patch(scene.size, x - wide, y - high, x + wide, y + high)
        scene.add(area, canvas.ball(area, x, y, wide, high), -SOFT_PER_CM * 3.5)
