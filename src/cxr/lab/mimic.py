"""Synthetic patients as MIMIC-CXR would publish them: ids, studies, views, times, labels, official split.

A pure function of `MimicContents`. Every id is invented: patients are counted up from p10000001, a share of
them in each of the folders p10 to p19.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from cxr.errors import UsageError
from cxr.images.phantom import describe
from cxr.images.phantom.dice import Dice
from cxr.lab.mimic_labels import Labels, labels_of, second_opinion
from cxr.lab.nih import Pixels

MAY_BE_UNLABELLED: Final = 40
"""One study in so many has no row in the tables of labels; of the real ones, 8 of 227,835."""

_FIRST_STUDY = 50_000_001
# A prime below the number of ids, and a step through all of them: ids tell nothing of the order of time.
_STUDIES, _STEP = 9_999_991, 7_919_317

# Streams of random numbers, so that a change in one leaves the others as they are.
_PATIENT, _STUDY, _IMAGE, _LABELS, _OPINION = 201, 202, 203, 204, 205


@dataclass(frozen=True, slots=True)
class MimicContents:
    """What the lab's PhysioNet holds. The same contents are the same bytes on one machine.

    Attributes:
        images: How many.
        size: Pixels of the tallest image from top to bottom.
        seed: Other patients for another seed.
        pixels: ``phantom`` paints what the labels say; ``noise`` is for thousands, made when asked for.
    """

    images: int = 60
    size: int = 256
    seed: int = 0
    pixels: Pixels = "phantom"

    def __post_init__(self) -> None:
        if not 1 <= self.images < _STUDIES or self.pixels not in ("phantom", "noise"):
            raise UsageError(
                f"A lab cannot hold {self.images} images of {self.pixels}.",
                next_step="Ask for one image or more, of phantom or noise.",
            )
        describe(self.seed, 0, self.size)  # refuses seeds and sizes that cannot be made


class Projection(NamedTuple):
    """A view in the three columns that tell of it; each may be empty.

    Attributes:
        view: ViewPosition.
        meaning: ViewCodeSequence_CodeMeaning.
        orientation: PatientOrientationCodeSequence_CodeMeaning.
    """

    view: str
    meaning: str
    orientation: str


_PA = Projection("PA", "postero-anterior", "Erect")
_AP = Projection("AP", "antero-posterior", "")
_LATERAL = Projection("LATERAL", "lateral", "Erect")
_LL = Projection("LL", "left lateral", "Erect")
_RARE: Final = (
    Projection("AP AXIAL", "", "Erect"),
    Projection("PA LLD", "postero-anterior", ""),
    Projection("XTABLE LATERAL", "lateral", "Recumbent"),
    Projection("SWIMMERS", "", "Erect"),
    Projection("RAO", "", "Erect"),
    Projection("LAO", "", "Erect"),
)


@dataclass(frozen=True, slots=True)
class MimicImage:
    """One image and what the table of metadata says of it.

    Attributes:
        dicom_id: Five groups of eight hex digits.
        path: ``files/p10/p10000001/s50000001/<dicom_id>.jpg``.
        projection: Its view, as published.
        rows: Of pixels.
        columns: Of pixels.
        time: Of the study, as published: a float that lost its leading zeros, and at times its last digits.
    """

    dicom_id: str
    path: str
    projection: Projection
    rows: int
    columns: int
    time: str


@dataclass(frozen=True, slots=True)
class MimicStudy:
    """One study.

    Attributes:
        index: From 0, in the order of making; also the number of the phantom that is painted for it.
        subject: ``subject_id``.
        study: ``study_id``.
        visit: Which of the patient's studies, from 1, in order of time.
        day: yyyymmdd, in the 22nd century as the real ones are.
        procedure: What was ordered.
        split: ``train``, ``validate`` or ``test``.
        chexpert: What the first labeller stated; ``None`` where the study has no row.
        negbio: What the second stated.
        radiologist: What a person stated, of studies in the test split.
        images: In the order of the names.
    """

    index: int
    subject: int
    study: int
    visit: int
    day: str
    procedure: str
    split: str
    chexpert: Labels | None
    negbio: Labels | None
    radiologist: Labels | None
    images: tuple[MimicImage, ...]

    @property
    def folder(self) -> str:
        """``files/p10/p10000001/s50000001``: with ``.txt`` behind it, the report's name."""
        return _folder(self.subject, self.study)


def studies(contents: MimicContents) -> Iterator[MimicStudy]:
    """Yield every study, in the order of the published tables: by patient and by name of the study."""
    images = index = patient = 0
    while images < contents.images:
        visits: list[MimicStudy] = []
        for visit in range(1, _visits(contents, index) + 1):
            left = contents.images - images - sum(len(one.images) for one in visits)
            if left:
                subject = 10_000_001 + images * 10 // contents.images * 1_000_000 + patient
                visits.append(_study(contents, index + visit - 1, (subject, patient, visit), left))
        yield from sorted(visits, key=lambda one: one.study)
        images += sum(len(one.images) for one in visits)
        index, patient = index + len(visits), patient + 1


def shapes(size: int) -> Sequence[tuple[int, int]]:
    """Return rows and columns of each detector's images, in the proportions of the published ones."""
    return tuple((round(size * rows / 3056), round(size * columns / 3056)) for rows, columns in _DETECTORS)


_DETECTORS: Final = ((3056, 2544), (2705, 2539))


def _visits(contents: MimicContents, index: int) -> int:
    """Return how many studies the patient has whose first is number ``index``."""
    if contents.pixels == "noise":
        return Dice(contents.seed, _PATIENT, index).pick((1, 1, 1, 2, 2, 3, 4, 7))
    visits = 1
    while describe(contents.seed, index + visits, contents.size).visit > 1:
        visits += 1
    return visits


def _study(contents: MimicContents, index: int, who: tuple[int, int, int], most: int) -> MimicStudy:
    """Return one study of at most so many images."""
    subject, patient, visit = who
    seed = contents.seed
    dice = Dice(seed, _STUDY, index)
    study = _FIRST_STUDY + index * _STEP % _STUDIES
    views = _views(contents, index, dice)[:most]
    first = date(2105 + Dice(seed, _PATIENT, patient, 1).integer(0, 90), 1, 1)
    seconds = _time_of_day(dice)
    labels = _labels(contents, index)
    split = {2: "test", 5: "validate"}.get(patient % 8, "train")
    images = [
        _image(contents, (index, number), _folder(subject, study), view, seconds)
        for number, view in enumerate(views)
    ]
    labelled = index % MAY_BE_UNLABELLED != 33
    return MimicStudy(
        index=index,
        subject=subject,
        study=study,
        visit=visit,
        day=f"{first + timedelta(days=300 * (visit - 1) + dice.integer(0, 299)):%Y%m%d}",
        procedure="CHEST (PA AND LAT)" if views[0].orientation == "Erect" else "CHEST (PORTABLE AP)",
        split=split,
        chexpert=labels if labelled else None,
        negbio=second_opinion(labels, Dice(seed, _OPINION, index)) if labelled else None,
        radiologist=second_opinion(labels, Dice(seed, _OPINION, index, 1)) if split == "test" else None,
        images=tuple(sorted(images, key=lambda image: image.dicom_id)),
    )


def _folder(subject: int, study: int) -> str:
    return f"files/p{subject // 1_000_000}/p{subject}/s{study}"


def _views(contents: MimicContents, index: int, dice: Dice) -> list[Projection]:
    """Return the views of a study; about one in 24 says nothing of itself, some others are rare."""
    painted = contents.pixels == "phantom"
    upright = describe(contents.seed, index, contents.size).view == "PA" if painted else dice.chance(0.45)
    if upright:
        views = [_PA, *dice.pick(((_LATERAL,), (_LATERAL,), (_LL,), ()))]
    else:
        views = [_AP] * dice.pick((1, 1, 1, 2))
    return [_as_published(view, dice) for view in views]


def _as_published(view: Projection, dice: Dice) -> Projection:
    if dice.chance(0.004):
        return dice.pick(_RARE)
    if dice.chance(0.042):  # 15.8 k of 377,110
        return view._replace(view="", meaning=dice.pick((view.meaning, "")))
    return view


def _time_of_day(dice: Dice) -> float:
    """Return hhmmss.fff as a number; a part of them after midnight, where most zeros are lost."""
    hour = 0 if dice.chance(0.08) else dice.integer(1, 23)
    whole = hour * 10_000 + dice.integer(0, 59) * 100 + dice.integer(0, 59)
    return float(f"{whole}.{dice.pick((0, dice.integer(0, 999))):03d}")


def _image(
    contents: MimicContents, number: tuple[int, int], folder: str, view: Projection, seconds: float
) -> MimicImage:
    dice = Dice(contents.seed, _IMAGE, *number)
    name = f"{contents.seed} {number[0]} {number[1]}".encode()
    digits = hashlib.blake2b(name, digest_size=20).hexdigest()
    dicom_id = "-".join(digits[start : start + 8] for start in range(0, 40, 8))
    rows, columns = dice.pick(shapes(contents.size))
    # Somebody's conversion to binary and back left its trace in about every third.
    seconds = math.nextafter(seconds, math.inf) if dice.chance(0.3) else seconds
    return MimicImage(dicom_id, f"{folder}/{dicom_id}.jpg", view, rows, columns, repr(seconds))


def _labels(contents: MimicContents, index: int) -> Labels:
    """Return what the study shows: what was painted, or what was drawn where nothing is."""
    dice = Dice(contents.seed, _LABELS, index)
    if contents.pixels == "noise":
        return labels_of(None, dice)
    return labels_of(describe(contents.seed, index, contents.size).findings, dice)


def reading_order(labels: Labels) -> Mapping[str, str]:
    """Return labels with the positive ones first: what a report begins with."""
    order = {"1.0": 0, "-1.0": 1, "0.0": 2}
    return dict(sorted(labels.items(), key=lambda item: (order[item[1]], item[0])))
