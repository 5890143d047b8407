"""Synthetic patients as NIH ChestX-ray14 would publish them: names, folders, labels, boxes, official lists.

A pure function of `Contents`. The patients are numbered from 40,001: the real ones end at 30,805.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, Literal

from cxr.errors import UsageError
from cxr.images.phantom import Box, PhantomTruth, describe
from cxr.images.phantom.dice import Dice

Pixels = Literal["phantom", "noise"]
NO_FINDING: Final = "No Finding"

_FIRST_PATIENT = 40_001
_FRAME = 1024  # published boxes count the pixels of images of 1024 x 1024, whatever size the lab makes
_SHARES: Final = (4_999, *(10_000,) * 10, 7_121)  # images in each published folder

# Images of each finding among the 112,120 (v2020): how often noise is said to show it.
_FREQUENCIES: Final = {
    "Atelectasis": 11_559,
    "Cardiomegaly": 2_776,
    "Consolidation": 4_667,
    "Edema": 2_303,
    "Effusion": 13_317,
    "Emphysema": 2_516,
    "Fibrosis": 1_686,
    "Hernia": 227,
    "Infiltration": 19_894,
    "Mass": 5_782,
    "Nodule": 6_331,
    "Pleural_Thickening": 3_385,
    "Pneumonia": 1_431,
    "Pneumothorax": 5_302,
}
# The findings that have boxes, and what the list of boxes calls them.
BOXED: Final = {
    "Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Effusion": "Effusion",
    "Infiltration": "Infiltrate",
    "Mass": "Mass",
    "Nodule": "Nodule",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
}
_DETECTORS: Final = (
    (2500, 2048, "0.168"),
    (2992, 2991, "0.143"),
    (2048, 2500, "0.168"),
    (2682, 2749, "0.143"),
)

# Streams of random numbers, so that a change in one leaves the others as they are.
_PERSON, _LABELS, _TABLES, _ORDER = 101, 102, 103, 104


@dataclass(frozen=True, slots=True)
class Contents:
    """What a lab holds. The same contents are the same bytes on one machine.

    Attributes:
        images: How many.
        size: Pixels a side.
        seed: Other patients for another seed.
        folders: ``images_001`` to this one, at most twelve; fewer where there are fewer images.
        pixels: ``phantom`` paints what the labels say, a tenth of a second an image; ``noise`` is for
            thousands, with labels drawn.
    """

    images: int = 60
    size: int = 512
    seed: int = 0
    folders: int = 12
    pixels: Pixels = "phantom"

    def __post_init__(self) -> None:
        if (
            self.images < 1
            or not 1 <= self.folders <= len(_SHARES)
            or self.pixels not in ("phantom", "noise")
        ):
            raise UsageError(
                f"A lab cannot hold {self.images} images of {self.pixels} in {self.folders} folders.",
                next_step="Ask for one image or more, in one to twelve folders, of phantom or noise.",
            )
        describe(self.seed, 0, self.size)  # refuses seeds and sizes that cannot be made


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box as NIH publishes it.

    Attributes:
        finding: In the words of the list of boxes.
        corners: x, y, width and height, in pixels of an image of 1024 x 1024.
    """

    finding: str
    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Image:
    """One image and all that the tables say of it.

    Attributes:
        index: From 0, in the order of the names.
        folder: From 1.
        patient: As the table writes it, without zeros.
        number: The last part of the name; also the follow-up number of the 2017 table.
        follow_up: The follow-up number of the v2020 table, in order of time.
        labels: Positive findings, or `NO_FINDING` alone.
        age: In years, as in the v2020 table.
        age_2017: As in the 2017 table, which has errors.
        sex: ``F`` or ``M``.
        view: ``PA`` or ``AP``.
        detector: Width, height and pixel spacing of the original.
        test: In the official test list.
        rgba: Published with four channels.
        boxes: Drawn on it.
    """

    index: int
    folder: int
    patient: int
    number: int
    follow_up: int
    labels: tuple[str, ...]
    age: int
    age_2017: int
    sex: str
    view: str
    detector: tuple[int, int, str]
    test: bool
    rgba: bool
    boxes: tuple[Drawn, ...]

    @property
    def name(self) -> str:
        """``00040001_000.png``."""
        return f"{self.patient:08d}_{self.number:03d}.png"

    @property
    def path(self) -> str:
        """In the published tree: ``images_001/images/00040001_000.png``."""
        return f"images_{self.folder:03d}/images/{self.name}"


def shares(images: int, folders: int) -> Sequence[int]:
    """Return how many images lie in each folder: in the published proportions, at least one in each."""
    weights = _SHARES[: min(images, folders)]
    total = sum(weights)
    spare = images - len(weights)
    ends = [round(spare * end / total) for end in accumulate(weights)]
    return [1 + end - start for start, end in zip([0, *ends], ends, strict=False)]


def describe_images(contents: Contents) -> list[Image]:
    """Return every image, in the order of the names."""
    ends = list(accumulate(shares(contents.images, contents.folders)))
    truths = (describe(contents.seed, index, contents.size) for index in range(contents.images))
    images: list[Image] = []
    visits: list[Image] = []
    ordinal = -1
    for index, truth in enumerate(truths):
        if truth.visit == 1:
            images += _in_order_of_time(contents.seed, visits)
            visits, ordinal = [], ordinal + 1
        visits.append(_image(contents, truth, ordinal, 1 + bisect_right(ends, index)))
    return images + _in_order_of_time(contents.seed, visits)


def _image(contents: Contents, truth: PhantomTruth, ordinal: int, folder: int) -> Image:
    seed, index = contents.seed, truth.index
    painted = contents.pixels == "phantom"
    labels = _painted_labels(truth) if painted else _drawn_labels(Dice(seed, _LABELS, index))
    dice = Dice(seed, _TABLES, index)
    test = ordinal % 4 == 2  # by patient, as the official lists are; about their share
    if not test:
        boxes: tuple[Drawn, ...] = ()
    else:
        boxes = _painted_boxes(truth) if painted else _drawn_boxes(dice, labels)
    return Image(
        index=index,
        folder=folder,
        patient=_FIRST_PATIENT + ordinal,
        number=truth.visit - 1,
        follow_up=truth.visit - 1,
        labels=labels,
        age=truth.age,
        age_2017=_age_2017(dice, truth),
        sex=truth.sex,
        view=truth.view,
        detector=Dice(seed, _PERSON, ordinal).pick(_DETECTORS),
        test=test,
        rgba=index % 14 == 5,  # 7 of the 96 real files that were looked at
        boxes=boxes,
    )


def _age_2017(dice: Dice, truth: PhantomTruth) -> int:
    """Return the age with the errors of the first table: a quarter a year off, a few above any age."""
    if truth.index % 1_000 == 40:
        return 411
    return truth.age + 1 if dice.chance(0.24) else truth.age


def _painted_labels(truth: PhantomTruth) -> tuple[str, ...]:
    """Return what was painted, as far as NIH has a label for it: devices have none."""
    return tuple(sorted(set(truth.findings) & _FREQUENCIES.keys())) or (NO_FINDING,)


def _drawn_labels(dice: Dice) -> tuple[str, ...]:
    drawn = (finding for finding, count in _FREQUENCIES.items() if dice.chance(count / 112_120))
    return tuple(drawn) or (NO_FINDING,)


def _painted_boxes(truth: PhantomTruth) -> tuple[Drawn, ...]:
    return tuple(Drawn(BOXED[finding], _corners(box)) for finding, box in truth.regions if finding in BOXED)


def _drawn_boxes(dice: Dice, labels: Sequence[str]) -> tuple[Drawn, ...]:
    def box() -> Box:
        left, top = dice.real(0.1, 0.5), dice.real(0.1, 0.5)
        return Box(left, top, left + dice.real(0.05, 0.4), top + dice.real(0.05, 0.4))

    return tuple(
        Drawn(BOXED[label], _corners(box())) for label in labels if label in BOXED and dice.chance(0.1)
    )


def _corners(box: Box) -> tuple[float, float, float, float]:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) * _FRAME for edge in box)
    return left, top, right - left, bottom - top


def _in_order_of_time(seed: int, visits: Sequence[Image]) -> list[Image]:
    """Give one patient's images their follow-up numbers of v2020: another order than the names' at times."""
    if len(visits) < 2 or not Dice(seed, _ORDER, visits[0].patient).chance(0.5):
        return list(visits)
    last = len(visits) - 1
    return [
        replace(image, follow_up=last - place, age=visits[last - place].age)
        for place, image in enumerate(visits)
    ]
