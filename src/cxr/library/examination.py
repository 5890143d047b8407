"""Examine one image and its caption together: what the engines of `validate` map over."""

from dataclasses import dataclass
from pathlib import Path

from cxr import checks, datasets
from cxr.captions import check as captions
from cxr.captions.render import with_image_quality
from cxr.checks.examine import Examination, Job, examine
from cxr.index.read import Held
from cxr.model import Issue, Severity
from cxr.stores.atomic import write_text


@dataclass(frozen=True, slots=True)
class Pair:
    """One image, its caption, and what the index says of both; it crosses process borders.

    Attributes:
        held: The row.
        image: What to examine.
        caption: Path of the caption; empty where the row has none.
    """

    held: Held
    image: Job
    caption: str


@dataclass(frozen=True, slots=True)
class PairExamined:
    """What a pair turned out to be.

    Attributes:
        held: The row.
        image: The image.
        issues: Of both, those of the image first.
        image_quality: As the caption prints it now.
    """

    held: Held
    image: Examination
    issues: tuple[Issue, ...]
    image_quality: str


def examine_pair(pair: Pair) -> PairExamined:
    """Examine image and caption, and write the image's quality into the caption.

    Raises:
        StorageError: the caption cannot be written.
    """
    image = examine(pair.image)
    quality = _quality(image)
    caption = _examine_caption(pair, quality)
    return PairExamined(pair.held, image, (*image.issues, *caption), quality)


def _quality(image: Examination) -> str:
    if image.inspection.fault is not None:
        return "unreadable"
    return " ".join(one.code for one in image.issues if one.severity is not Severity.NOTE) or "good"


def _examine_caption(pair: Pair, quality: str) -> list[Issue]:
    path = Path(pair.caption)
    try:
        with path.open("rb") as file:
            data = file.read(captions.MAXIMUM_BYTES + 1)
    except OSError as error:
        return checks.run_caption_checks({"caption_missing": f"{path}: {error.strerror}."})
    found = {one.code: one.message for one in captions.problems(data, _expected(pair.held))}
    if "caption_encoding" not in found:
        text = data.decode("utf-8")
        renewed = with_image_quality(text, quality)
        if renewed is not None and renewed != text:
            write_text(path, renewed)
    return checks.run_caption_checks(found)


def _expected(held: Held) -> captions.Expected:
    return captions.Expected(
        source=datasets.load(held.source).TITLE,
        patient_id=held.patient_id,
        study_id=held.study_id,
        view_position=held.view_position,
        image_id=held.image_id,
        labeller=datasets.labeller(held.labeller) if held.labeller else None,
        codes=held.codes,
    )
