"""Reports as MIMIC-CXR lays them out, in sentences of our own: what the labels say, with the odd parts.

Headings with one space before them, empty lines of one space, ``___`` for what was masked, an addendum
before the report and a wet read in it at times; some have no heading at all.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from cxr.images.phantom.dice import Dice
from cxr.lab.mimic import MimicStudy, reading_order
from cxr.lab.mimic_labels import NEGATIVE, POSITIVE, UNCERTAIN, Labels

_WIDTH = 79
_REPORT = 207
_RULE = " " + "_" * 78

_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    POSITIVE: {
        "Atelectasis": "Band-like atelectasis is seen at the left base.",
        "Cardiomegaly": "The heart is enlarged.",
        "Consolidation": "There is a focal consolidation.",
        "Edema": "Interstitial edema has increased since ___.",
        "Enlarged Cardiomediastinum": "The cardiomediastinal contour is wide.",
        "Fracture": "A healed fracture of a right rib is noted.",
        "Lung Lesion": "A nodule projects over the lung.",
        "Lung Opacity": "An ill-defined opacity has appeared.",
        "No Finding": "Heart, lungs and pleura are unremarkable.",
        "Pleural Effusion": "There is a pleural effusion.",
        "Pleural Other": "The pleura is thickened at the apex.",
        "Pneumonia": "The appearance is that of pneumonia.",
        "Pneumothorax": "There is a pneumothorax.",
        "Support Devices": "Lines and tubes are where Dr. ___ left them.",
    },
    NEGATIVE: {
        "Consolidation": "No focal consolidation.",
        "Edema": "No edema.",
        "Pleural Effusion": "No pleural effusion.",
        "Pneumonia": "No sign of pneumonia.",
        "Pneumothorax": "No pneumothorax.",
    },
}


def report(seed: int, study: MimicStudy) -> str:
    """Return the report of a study, as long as its labels have something to say."""
    dice = Dice(seed, _REPORT, study.index)
    lines = list(_final_report(study, dice))
    if dice.chance(0.06):
        lines = [*_addendum(), *lines]
    return "\n".join(lines) + "\n"


def _final_report(study: MimicStudy, dice: Dice) -> Iterator[str]:
    yield "FINAL REPORT".rjust(44)
    labels = _told(study)
    said = [_sentence(name, value) for name, value in reading_order(labels).items()]
    if not said:
        said = ["Technically limited study, to be repeated as Dr. ___ sees fit."]
    if dice.chance(0.05):  # no heading at all: the text is all there is
        yield from _wrapped(f"{study.procedure.capitalize()}: compared with ___.", *said)
        return
    if dice.chance(0.5):
        yield from _section("EXAMINATION", study.procedure)
    patient = "woman" if study.subject % 2 else "man"
    yield from _section("INDICATION", f"___ year old {patient} with cough. // Any change?")
    if dice.chance(0.5):
        yield from _section("TECHNIQUE", "Chest radiograph, " + str(len(study.images)) + " view(s)")
    yield from _section("COMPARISON", "None." if study.visit == 1 else "Chest radiograph from ___.")
    if dice.chance(0.08):
        yield from _section("WET READ", f"___ ___ ___ 9:15 PM {said[0]}")
    findings, impression = dice.chance(0.75), dice.chance(0.85)
    if findings:
        yield from _section("FINDINGS", "", *said)
    if impression:
        yield from _section("IMPRESSION", "", *(f"{n}. {one}" for n, one in enumerate(said[:3], 1)))
    if not findings and not impression:
        yield from _wrapped(*said)


def _told(study: MimicStudy) -> Labels:
    """Return what the report was labelled from; an unlabelled one says that it is normal."""
    return study.chexpert if study.chexpert is not None else {"No Finding": POSITIVE}


def _sentence(name: str, value: str) -> str:
    if value == UNCERTAIN:
        return f"Possible {name.lower()}; compare with the lateral view."
    return _SENTENCES[value][name]


def _addendum() -> Iterator[str]:
    yield "ADDENDUM".rjust(42)
    yield from _wrapped("The findings were told to Dr. ___ by telephone at 10:40 AM on ___.")
    yield _RULE
    yield " "


def _section(heading: str, *said: str) -> Iterator[str]:
    first, *rest = said
    yield from _lines(f"{heading}:  {first}") if first else [f" {heading}: "]
    if rest:
        yield " "
        for one in rest:
            yield from _lines(one)
    yield " "


def _wrapped(*said: str) -> Iterator[str]:
    yield " "
    yield from _lines(" ".join(said))
    yield " "


def _lines(said: str) -> list[str]:
    return textwrap.wrap(said, _WIDTH, initial_indent=" ", subsequent_indent=" ")
