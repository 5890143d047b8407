"""Paint lines, leads and tubes: thin, smooth, and denser than anything in the body."""

import numpy as np

from cxr.images.phantom import canvas
from cxr.images.phantom.lesions import LINE_WIDTHS
from cxr.images.phantom.scene import Scene
from cxr.images.phantom.truth import Device


def paint_devices(scene: Scene) -> None:
    """Paint each device of the image."""
    for device in scene.truth.devices:
        _PAINTERS[device.kind](scene, device)


def _wire(scene: Scene, path: tuple[tuple[float, float], ...], width: float, dense: float) -> None:
    outline = canvas.ribbon(np.asarray(path), width)
    area = canvas.around(scene.size, outline, 0.004)
    scene.add(area, canvas.filled(area, outline, 0.0004), dense)


def _leads(scene: Scene, device: Device) -> None:
    for path in device.paths:
        _wire(scene, path, LINE_WIDTHS[device.kind], 0.6)
    for x, y, wide, high in device.discs:
        area = canvas.patch(scene.size, x - wide, y - high, x + wide, y + high)
        pad = canvas.step(canvas.ball(area, x, y, wide, high) - np.float32(0.1), scene.size, 0.1)
        snap = canvas.step(
            canvas.ball(area, x, y, wide * 0.37, high * 0.37) - np.float32(0.1), scene.size, 0.2
        )
        scene.add(area, pad * np.float32(0.25) + snap, 1.3)


def _hollow(scene: Scene, device: Device, wall: float) -> None:
    width = LINE_WIDTHS[device.kind]
    for path in device.paths:
        _wire(scene, path, width, 0.85)
        _wire(scene, path, width - 2 * wall, -0.4)


def _central_line(scene: Scene, device: Device) -> None:
    _hollow(scene, device, 0.0013)


def _tube(scene: Scene, device: Device) -> None:
    _hollow(scene, device, 0.0022)
    for path in device.paths:
        marked = tuple((x + 0.007, y) for x, y in path)
        _wire(scene, marked, 0.0022, 0.9)


def _pacemaker(scene: Scene, device: Device) -> None:
    for path in device.paths:
        _wire(scene, path, 0.0042, 1.3)
        _wire(scene, path[-3:], LINE_WIDTHS[device.kind], 1.4)
    for x, y, wide, high in device.discs:
        area = canvas.patch(scene.size, x - wide, y - high, x + wide, y + high)
        case = np.minimum(canvas.ball(area, x, y, wide, high) * np.float32(5), np.float32(1))
        battery = canvas.ball(area, x + 0.012, y + 0.008, wide * 0.55, high * 0.6)
        scene.add(
            area, np.asarray(case + np.float32(0.6) * np.minimum(battery * np.float32(3), np.float32(1))), 2.2
        )


_PAINTERS = {"leads": _leads, "central line": _central_line, "tube": _tube, "pacemaker": _pacemaker}
