"""Draw a phantom's truth from its seed and number, without painting anything."""

from functools import lru_cache

from cxr.errors import UsageError
from cxr.images.phantom import lesions
from cxr.images.phantom.dice import Dice
from cxr.images.phantom.thorax import Thorax
from cxr.images.phantom.truth import Body, Film, PhantomTruth, Pose, View

SMALLEST, LARGEST = 16, 4096
"""Sizes in pixels a side that can be made."""

_BLOCK = 12  # images; patients do not reach across blocks, so that any image's patient is found at once

# Streams of random numbers, so that a change in one leaves the others as they are.
_PATIENTS, _BODY, _IMAGE, _LESIONS = 1, 2, 3, 4


def describe(seed: int, index: int, size: int) -> PhantomTruth:
    """Return what phantom ``index`` of ``seed`` shows at ``size`` pixels a side.

    A pure function, a fraction of a millisecond. All but the pixel grid is the same at every size.

    Raises:
        UsageError: a number is negative or the size outside 16 to 4096.
    """
    if seed < 0 or index < 0 or not SMALLEST <= size <= LARGEST:
        raise UsageError(
            f"There is no phantom with seed {seed}, number {index} and size {size}.",
            next_step=f"Choose a seed and number from 0 up, and a size from {SMALLEST} to {LARGEST} pixels.",
        )
    first, visit = _patient(seed, index)
    body, age = _body(seed, first)
    dice = Dice(seed, _IMAGE, index)
    view: View = "AP" if dice.chance(0.3) else "PA"
    pose = _pose(dice, view)
    film = _film(dice, view)
    thorax = Thorax(body, pose)
    found = lesions.draw(Dice(seed, _LESIONS, index), thorax, view)
    return PhantomTruth(
        seed=seed,
        index=index,
        size=size,
        patient=first,
        visit=visit,
        view=view,
        sex="F" if body.female else "M",
        age=age + (visit - 1) // 2,
        body=body,
        pose=pose,
        film=film,
        cardiomegaly=body.ctr > 0.5,
        consolidations=found.consolidations,
        effusions=found.effusions,
        nodules=found.nodules,
        pneumothoraces=found.pneumothoraces,
        devices=found.devices,
        regions=lesions.regions(thorax, found),
    )


@lru_cache(maxsize=64)
def _block(seed: int, block: int) -> tuple[tuple[int, int], ...]:
    """Share the images of one block out among patients: first image and visit, for each."""
    dice = Dice(seed, _PATIENTS, block)
    shared: list[tuple[int, int]] = []
    while len(shared) < _BLOCK:
        first = len(shared)
        images = min(dice.pick((1, 1, 1, 2, 2, 3, 4)), _BLOCK - first)
        shared += [(block * _BLOCK + first, visit) for visit in range(1, images + 1)]
    return tuple(shared)


def _patient(seed: int, index: int) -> tuple[int, int]:
    return _block(seed, index // _BLOCK)[index % _BLOCK]


def _body(seed: int, patient: int) -> tuple[Body, int]:
    dice = Dice(seed, _BODY, patient)
    female = dice.chance(0.47)
    stout = dice.real()
    enlarged = dice.chance(0.22)
    body = Body(
        key=patient,
        female=female,
        half_width=dice.bell(0.325 if female else 0.352, 0.055),
        height=dice.bell(0.65 if female else 0.69, 0.09),
        wall=0.075 + 0.1 * stout,
        depth_cm=18.5 + 5.5 * stout + dice.bell(0, 1),
        dome=dice.bell(0.115, 0.045),
        dome_step=dice.bell(0.022, 0.012),
        darkness=dice.bell(0.64, 0.1),
        ctr=dice.real(0.565, 0.67) if enlarged else dice.bell(0.43, 0.055),
        right_share=dice.bell(0.31, 0.05),
        knob=dice.bell(0.085, 0.05),
        shoulder=dice.bell(0.0, 0.03),
        ribs=dice.integer(9, 10),
        rib_spacing=dice.bell(0.064, 0.008),
        rib_drop=dice.bell(0.17, 0.06),
        rib_width=dice.bell(0.0265, 0.004),
        bone=dice.bell(1.0, 0.25),
        bend=dice.bell(0.0, 0.014),
        spine=dice.chance(0.92),
        clavicles=dice.chance(0.95),
        breast=dice.bell(0.16, 0.04) * (0.85 + 0.3 * stout) if female and dice.chance(0.85) else 0.0,
    )
    return body, round(dice.bell(56, 36))


def _pose(dice: Dice, view: View) -> Pose:
    lying = view == "AP"
    return Pose(
        x=dice.bell(0.5, 0.035),
        apex=dice.bell(0.13, 0.05),
        lean=dice.bell(0.0, 0.04 if lying else 0.02),
        tilt=dice.bell(0.0, 0.022),
        raised=dice.bell(0.06, 0.05) if lying else dice.bell(0.0, 0.03),
        scapula=dice.bell(-0.05, 0.025) if lying else dice.bell(0.02, 0.02),
        stomach=dice.bell(0.055, 0.025) if dice.chance(0.6) else 0.0,
    )


def _film(dice: Dice, view: View) -> Film:
    lying = view == "AP"
    left = dice.chance(0.65)
    x = dice.bell(0.9, 0.05)
    border = (0.0, 0.0, 0.0, 0.0)
    if dice.chance(0.4):
        border = tuple(dice.real(0.005, 0.03) if dice.chance(0.5) else 0.0 for _ in range(4))  # type: ignore[assignment]
    return Film(
        middle=dice.bell(2.45, 0.4),
        latitude=dice.bell(2.8, 0.6) if lying else dice.bell(2.45, 0.5),
        evening=dice.real(0.3, 0.5),
        noise=dice.real(0.02, 0.06),
        blur=dice.real(0.0003, 0.0009) * (1.6 if lying else 1.0),
        marker="L" if left else "R",
        marker_x=x if left else 1 - x,
        marker_y=dice.bell(0.07, 0.035),
        marker_tilt=dice.bell(0.0, 0.25),
        plate=dice.chance(0.3),
        caption=dice.pick(("AP", "PORTABLE", "AP SUPINE", "")) if lying else dice.pick(("", "", "PA")),
        collimation=border,
    )
