"""Paint the skeleton: spine, ribs front and back, clavicles, shoulder blades, upper arms."""

import numpy as np

from cxr.images.phantom import canvas
from cxr.images.phantom.canvas import Layer, Patch, Points
from cxr.images.phantom.scene import Scene
from cxr.images.phantom.thorax import smooth
from cxr.images.phantom.truth import Side


def paint_bone(scene: Scene, course: Points, widths: Points, dense: float, marrow: float = 0.5) -> None:
    """Paint a long bone: a bright shell around ``marrow``, that share of it less dense."""
    area, layer = _bone(scene, course, widths, marrow)
    scene.add(area, layer, dense * scene.truth.body.bone)


def _bone(scene: Scene, course: Points, widths: Points, marrow: float) -> tuple[Patch, Layer]:
    outline = canvas.ribbon(course, widths)
    area = canvas.around(scene.size, outline, 0.012)
    shell = canvas.filled(area, outline, 0.0017)
    core = canvas.filled(area, canvas.ribbon(course, np.maximum(widths - 0.0075, 0.001)), 0.0034)
    return area, shell - core * np.float32(marrow)


def paint_ribs(scene: Scene) -> None:
    """Paint each rib from the spine around the side to where its cartilage begins in front."""
    body, thorax = scene.truth.body, scene.thorax
    dice = scene.patient_dice(7)
    first = thorax.height(0.0) + 0.014
    for side in (-1, 1):
        y = first
        for number in range(body.ribs):
            _paint_rib(scene, -1 if side < 0 else 1, number, y + dice.bell(0, 0.006))
            crowding = min(0.72 + 0.09 * number, 1.08)
            y += body.rib_spacing * crowding


def _paint_rib(scene: Scene, side: Side, number: int, start: float) -> None:
    body, thorax = scene.truth.body, scene.thorax
    drop = body.rib_drop * min(0.42 + 0.17 * number, 1.15)
    # The angle goes round the chest: 0 at the spine, a right angle at the side, then to the front.
    front = min(2.25 + 0.06 * number, 2.62) if number < 7 else 1.95 - 0.15 * (number - 7)
    angle = np.linspace(0.01, front, 60)
    root = 0.035
    y = start + drop * (1 - np.cos(angle)) / 2 - 0.028 * np.sin(2 * np.minimum(angle, np.pi / 2))
    # At the side it runs down along the wall for a while before it turns to the front.
    out = (
        root + (thorax.outer(np.minimum(y, thorax.floor - 0.03), side) + 0.004 - root) * np.sin(angle) ** 0.68
    )
    course = np.stack([thorax.midline(y) + side * out, y], axis=1)
    widths = body.rib_width * smooth((0.0, 0.5, 1.5, 2.6), (0.72, 0.9, 0.95, 1.12), angle)
    if number == 0:
        widths *= 1.15
    back, ahead = angle <= 1.65, angle >= 1.6
    area, layer = _bone(scene, course[back], widths[back], 0.5)
    # Near the spine a rib is thinner from front to back, and slips behind the great vessels.
    beside = np.abs(area.x - np.float32(course[0, 0])) * np.float32(1 / 0.13)
    scene.add(area, layer * np.clip(beside, np.float32(0.3), np.float32(1)), 0.42 * body.bone)
    if ahead.sum() > 6:
        area, layer = _bone(scene, course[ahead], widths[ahead], 0.45)
        # Bone goes over into cartilage, which does not show.
        end = np.abs(area.x - np.float32(course[-1, 0])) * np.float32(1 / 0.07)
        scene.add(area, layer * np.minimum(end, 1), 0.27 * body.bone)


def paint_spine(scene: Scene) -> None:
    """Paint vertebral bodies with their end plates, pedicles and spinous processes."""
    if not scene.truth.body.spine:
        return
    thorax = scene.thorax
    area = canvas.patch(scene.size, thorax.pose.x - 0.12, 0, thorax.pose.x + 0.12, 1)
    y = area.y[:, 0].astype(float)
    half = smooth((-0.1, 0.4, 1.0), (0.036, 0.042, 0.051), y)
    # Vertebrae grow downwards: the phase counts how many lie above.
    phase = (y + 0.02) / 0.047 - 2.1 * (y**2)
    within = phase - np.floor(phase)
    disc = np.clip(1 - np.abs(within - 0.5) / 0.14, 0, 1)
    plate = np.clip(1 - np.abs(np.abs(within - 0.5) - 0.13) / 0.04, 0, 1)
    waist = half * (1 - 0.09 * np.cos(2 * np.pi * (within - 0.5)) ** 2 * (disc < 0.2))
    out = area.x - canvas.column(thorax.midline(y))
    share = out * canvas.column(1 / waist)
    body = canvas.arc(np.maximum(1 - np.abs(share), 0), 0.55)
    edge = np.clip(1 - np.abs(np.abs(share) - np.float32(0.93)) * np.float32(11), 0, 1)
    strength = canvas.column(1 - 0.5 * disc + 0.35 * plate)
    scene.add(area, body * strength + edge * np.float32(0.14), 0.4 * scene.truth.body.bone)
    centres = y[np.flatnonzero(np.diff(np.floor(phase)))]
    for centre in centres:
        _paint_arch(scene, float(centre))


def _paint_arch(scene: Scene, y: float) -> None:
    x = float(scene.thorax.midline(y))
    dense = scene.truth.body.bone
    for side in (-1, 1):
        area = canvas.patch(scene.size, x + side * 0.022 - 0.01, y - 0.02, x + side * 0.022 + 0.01, y + 0.02)
        pedicle = canvas.ball(area, x + side * 0.022, y, 0.0065, 0.0105)
        scene.add(area, pedicle, 0.2 * dense)
    area = canvas.patch(scene.size, x - 0.01, y, x + 0.01, y + 0.05)
    scene.add(area, canvas.ball(area, x, y + 0.022, 0.0062, 0.017), 0.24 * dense)


def paint_clavicles(scene: Scene) -> None:
    """Paint the two collar bones, an S from beside the spine to above the shoulder."""
    if not scene.truth.body.clavicles:
        return
    thorax = scene.thorax
    dice = scene.patient_dice(8)
    rise = dice.bell(0.075, 0.03)
    for side in (-1, 1):
        inner = thorax.height(0.125) + 0.004 * side
        out = np.linspace(0.032, 0.385, 40)
        share = (out - 0.032) / 0.353
        y = (
            inner
            - rise * share
            - 0.02 * np.sin(2 * np.pi * share)
            + (scene.truth.body.shoulder + side * scene.truth.pose.tilt) * share**2
        )
        course = np.stack([thorax.midline(inner) + side * out, y], axis=1)
        widths = smooth(
            (0.0, 0.03, 0.1, 0.5, 0.85, 0.96, 1.0), (0.014, 0.034, 0.029, 0.0225, 0.028, 0.026, 0.01), share
        )
        paint_bone(scene, course, widths, 0.62)


def paint_shoulders(scene: Scene) -> None:
    """Paint shoulder blades, their spines and the upper arms' heads and shafts."""
    thorax, pose, body = scene.thorax, scene.truth.pose, scene.truth.body
    top = thorax.height(0.0) + body.shoulder
    for side in (-1, 1):
        middle = float(thorax.midline(0.25))
        shift = body.half_width - 0.345 + pose.scapula

        def place(out: float, y: float, *, middle: float = middle, side: int = side) -> tuple[float, float]:
            return middle + side * out, top + y + side * pose.tilt

        blade = np.asarray(
            [
                place(0.245 + shift, 0.02),
                place(0.315 + shift, 0.0),
                place(0.4 + 0.3 * shift, 0.03),
                place(0.405 + 0.3 * shift, 0.085),
                place(0.372 + shift, 0.15),
                place(0.352 + shift, 0.24),
                place(0.325 + shift, 0.29),
                place(0.3 + shift, 0.27),
                place(0.268 + shift, 0.14),
            ]
        )
        area = canvas.around(scene.size, blade, 0.02)
        scene.add(
            area, canvas.filled(area, _rounded(np.concatenate([blade, blade[:1]])), 0.005), 0.3 * body.bone
        )
        border = _rounded(blade[3:8])
        paint_bone(scene, border, np.full(len(border), 0.013), 0.2, marrow=0.2)
        spine = _rounded(
            np.asarray([place(0.25 + shift, 0.075), place(0.34 + shift, 0.04), place(0.43, -0.015)])
        )
        paint_bone(
            scene,
            spine,
            smooth((0, 0.8, 0.95, 1), (0.004, 0.02, 0.018, 0.006), np.linspace(0, 1, len(spine))),
            0.3,
            marrow=0.5,
        )
        _paint_upper_arm(scene, *place(0.447, 0.045), side)


def _rounded(corners: Points) -> Points:
    knots = tuple(float(k) for k in range(len(corners)))
    at = np.linspace(0, len(corners) - 1, 8 * len(corners))
    return np.stack([smooth(knots, tuple(corners[:, axis].tolist()), at) for axis in (0, 1)], axis=1)


def _paint_upper_arm(scene: Scene, x: float, y: float, side: int) -> None:
    steps = np.linspace(0, 1, 48)
    dice = scene.image_dice(3 if side < 0 else 4)
    outwards = 0.012 * np.minimum(steps * 12, 1) + dice.bell(0.075, 0.05) * steps
    course = np.stack([x + dice.bell(0.008, 0.012) + side * outwards, y - 0.04 + 0.8 * steps], axis=1)
    knots = (0.0, 0.008, 0.03, 0.055, 0.09, 0.16, 0.4, 1.0)
    paint_bone(
        scene, course, smooth(knots, (0.01, 0.048, 0.078, 0.08, 0.062, 0.044, 0.036, 0.034), steps), 0.62
    )
