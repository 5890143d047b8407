"""The fourteen labels of MIMIC-CXR-JPG: ``1.0`` positive, ``0.0`` negative, ``-1.0`` uncertain, or none."""

from collections.abc import Collection, Mapping
from typing import Final

from cxr.images.phantom.dice import Dice

Labels = Mapping[str, str]
"""Finding to value; findings that were not mentioned are left out."""

POSITIVE, NEGATIVE, UNCERTAIN = "1.0", "0.0", "-1.0"
NO_FINDING, DEVICES = "No Finding", "Support Devices"

# How often noise is said to show each, of a thousand studies: round numbers near the published shares.
_PER_THOUSAND: Final = {
    "Atelectasis": 200,
    "Cardiomegaly": 197,
    "Consolidation": 47,
    "Edema": 119,
    "Enlarged Cardiomediastinum": 31,
    "Fracture": 19,
    "Lung Lesion": 28,
    "Lung Opacity": 226,
    NO_FINDING: 0,  # follows from the others
    "Pleural Effusion": 239,
    "Pleural Other": 9,
    "Pneumonia": 72,
    "Pneumothorax": 46,
    DEVICES: 293,
}
FINDINGS: Final = tuple(_PER_THOUSAND)
"""In the order of the tables."""

# What phantoms show, in the words of MIMIC.
_PAINTED: Final = {"Effusion": "Pleural Effusion", "Nodule": "Lung Lesion"}
_OFTEN_DENIED = ("Consolidation", "Edema", "Pleural Effusion", "Pneumonia", "Pneumothorax")


def labels_of(painted: Collection[str] | None, dice: Dice) -> Labels:
    """Return the labels of a study.

    Args:
        painted: What its phantom shows; ``None`` to draw.
        dice: For what is denied, uncertain or not mentioned.
    """
    if dice.chance(0.01):  # 2,414 of 227,827 studies have a row in which nothing is mentioned
        return {}
    if painted is None:
        shown = {name for name, share in _PER_THOUSAND.items() if dice.chance(share / 1_000)}
    else:
        shown = {_PAINTED.get(name, name) for name in painted}
    found = dict.fromkeys(shown, POSITIVE)
    for name in _OFTEN_DENIED:
        if name not in shown and dice.chance(0.4):
            found[name] = UNCERTAIN if dice.chance(0.15) else NEGATIVE
    if not shown - {DEVICES} and UNCERTAIN not in found.values():
        found[NO_FINDING] = POSITIVE
    return _sorted(found)


def second_opinion(labels: Labels, dice: Dice) -> Labels:
    """Return the same labels as somebody else stated them: a few otherwise, a few not at all."""
    other = {}
    for name, value in labels.items():
        if name != NO_FINDING and dice.chance(0.05):
            other[name] = UNCERTAIN if value != UNCERTAIN else POSITIVE
        elif name == NO_FINDING or not dice.chance(0.05):
            other[name] = value
    if {POSITIVE, UNCERTAIN} & {value for name, value in other.items() if name not in (NO_FINDING, DEVICES)}:
        other.pop(NO_FINDING, None)
    return _sorted(other)


def _sorted(labels: Labels) -> Labels:
    return {name: labels[name] for name in FINDINGS if name in labels}
