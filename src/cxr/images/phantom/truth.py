"""What a phantom shows: the body, the findings painted into it, and how it was exposed.

Lengths are in units of the image's side: x to the right as one looks at it, y down, both from 0 to 1. The
patient's right is on the viewer's left. ``side`` is -1 for the patient's right and +1 for the left.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Side = Literal[-1, 1]
View = Literal["PA", "AP"]

FIELD_MM = 430.0
"""Side of the imaged field: a 17-inch detector."""

FINDINGS = ("Cardiomegaly", "Consolidation", "Effusion", "Nodule", "Pneumothorax", "Support Devices")
"""What can be painted, as published."""


class Box(NamedTuple):
    """A rectangle in units of the image's side."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Body:
    """A patient's build, the same in all of the patient's images.

    Attributes:
        key: Number that seeds what the build leaves open (vessels, texture of the tissue).
        female: With breasts.
        half_width: Of the inner chest, from midline to the ribs.
        height: From the lungs' apex to the costophrenic angles.
        wall: Thickness of the chest wall at the side.
        depth_cm: Front to back, through soft tissue.
        dome: How far the right dome rises above the costophrenic angle.
        dome_step: How much lower the left dome stands.
        darkness: Share of the chest's depth that is air.
        ctr: Cardiothoracic ratio, the widest heart over the widest inner chest, as drawn.
        right_share: Part of the heart's width on the right of the midline.
        knob: How far the aortic knob bulges, in half widths.
        shoulder: How much lower than usual the shoulders hang.
        ribs: Posterior ribs a side that show.
        rib_spacing: Of the posterior ribs in the middle of the chest.
        rib_drop: How much lower a rib's front end lies than its back end.
        rib_width: Between its edges.
        bone: How dense bone is, 1 for usual.
        bend: Sideways bend of the spine.
        spine: Whether the vertebrae are drawn.
        clavicles: Whether the clavicles are drawn.
        breast: Radius; 0 for none.
    """

    key: int
    female: bool
    half_width: float
    height: float
    wall: float
    depth_cm: float
    dome: float
    dome_step: float
    darkness: float
    ctr: float
    right_share: float
    knob: float
    shoulder: float
    ribs: int
    rib_spacing: float
    rib_drop: float
    rib_width: float
    bone: float
    bend: float
    spine: bool
    clavicles: bool
    breast: float


@dataclass(frozen=True, slots=True)
class Pose:
    """How the patient stood or lay, and what the stomach held.

    Attributes:
        x: The midline at mid-height.
        apex: Upper end of the lungs.
        lean: Sideways shift of the midline over the image's height.
        tilt: How much lower the left shoulder stands than the middle, and the right one higher.
        raised: How much shorter the lungs are than at full breath.
        scapula: How far the shoulder blades lie outside (positive) of where they just touch the lungs.
        stomach: Size of the gas bubble under the left dome; 0 for none.
    """

    x: float
    apex: float
    lean: float
    tilt: float
    raised: float
    scapula: float
    stomach: float


@dataclass(frozen=True, slots=True)
class Film:
    """Exposure, processing and what is written on the image.

    Attributes:
        middle: Attenuation that becomes mid-grey.
        latitude: Range of attenuation between dark and bright.
        evening: Share of broad differences in attenuation that the display takes out.
        noise: Standard deviation of quantum noise where the beam is weakened by half the range.
        blur: In units of the side.
        marker: ``L`` or ``R``.
        marker_x: Its centre.
        marker_y: Its centre.
        marker_tilt: In radians.
        plate: Whether the letter sits on a plate.
        caption: Words beside it, or empty.
        collimation: Width of the shuttered border: left, top, right, bottom.
    """

    middle: float
    latitude: float
    evening: float
    noise: float
    blur: float
    marker: str
    marker_x: float
    marker_y: float
    marker_tilt: float
    plate: bool
    caption: str
    collimation: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Nodule:
    """A round opacity. Its radius is in units of the side; times `FIELD_MM` it is in millimetres."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Effusion:
    """Fluid on one side that rises ``height`` above the costophrenic angle along the wall."""

    side: Side
    height: float


@dataclass(frozen=True, slots=True)
class Consolidation:
    """A dense patch in one lung, with its half axes."""

    side: Side
    x: float
    y: float
    half_width: float
    half_height: float


@dataclass(frozen=True, slots=True)
class Pneumothorax:
    """Air outside one lung, which has sunk by ``gap`` at its top and side."""

    side: Side
    gap: float


@dataclass(frozen=True, slots=True)
class Device:
    """A line, lead or tube: ``central line``, ``pacemaker``, ``leads`` or ``tube``, with its course.

    Attributes:
        kind: Which.
        paths: Polylines of (x, y).
        discs: Round or oval parts: x, y, half width, half height.
    """

    kind: str
    paths: tuple[tuple[tuple[float, float], ...], ...]
    discs: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class PhantomTruth:
    """All there is to know about one phantom; `cxr.images.phantom.render` needs nothing else.

    Attributes:
        seed: As given.
        index: Number of the image, from 0.
        size: Pixels a side.
        patient: Number of the patient: that of the patient's first image.
        visit: 1 for the patient's first image, and so on.
        view: ``PA`` or ``AP``.
        sex: ``F`` or ``M``.
        age: In years.
        body: The patient.
        pose: This image's position.
        film: This image's exposure.
        cardiomegaly: The heart is drawn with a cardiothoracic ratio above 0.55; otherwise it is below 0.5.
        consolidations: As painted.
        effusions: As painted.
        nodules: As painted.
        pneumothoraces: As painted.
        devices: As painted.
        regions: Finding as published, and the box around what was painted.
    """

    seed: int
    index: int
    size: int
    patient: int
    visit: int
    view: View
    sex: str
    age: int
    body: Body
    pose: Pose
    film: Film
    cardiomegaly: bool
    consolidations: tuple[Consolidation, ...]
    effusions: tuple[Effusion, ...]
    nodules: tuple[Nodule, ...]
    pneumothoraces: tuple[Pneumothorax, ...]
    devices: tuple[Device, ...]
    regions: tuple[tuple[str, Box], ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings painted, each once, in the order of `FINDINGS`."""
        present = {finding for finding, _ in self.regions}
        return tuple(finding for finding in FINDINGS if finding in present)
