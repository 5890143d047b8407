"""The common findings: one word for what the datasets call by several.

A dataset maps each of its published words to a key here, or declares it unmapped; nothing is matched by
substring. The keys are the columns of ``master_index.csv``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Finding(NamedTuple):
    """A radiological concept.

    Attributes:
        key: Column of the index.
        prose: How a generated sentence names it.
    """

    key: str
    prose: str


_FINDINGS = (
    Finding("no_finding", "no finding"),
    Finding("atelectasis", "atelectasis"),
    Finding("cardiomegaly", "cardiomegaly"),
    Finding("consolidation", "consolidation"),
    Finding("edema", "pulmonary edema"),
    Finding("effusion", "pleural effusion"),
    Finding("emphysema", "emphysema"),
    Finding("enlarged_cardiomediastinum", "enlarged cardiomediastinum"),
    Finding("fibrosis", "fibrosis"),
    Finding("fracture", "fracture"),
    Finding("hernia", "hernia"),
    Finding("infiltration", "infiltration"),
    Finding("lung_lesion", "lung lesion"),
    Finding("lung_opacity", "lung opacity"),
    Finding("mass", "mass"),
    Finding("nodule", "nodule"),
    Finding("pleural_other", "other pleural abnormality"),
    Finding("pleural_thickening", "pleural thickening"),
    Finding("pneumonia", "pneumonia"),
    Finding("pneumothorax", "pneumothorax"),
    Finding("support_devices", "support devices"),
)

FINDINGS: Mapping[str, Finding] = MappingProxyType({finding.key: finding for finding in _FINDINGS})
