"""The tables of both MIMIC-CXR projects, a few lines a study, with the habits of the published ones."""

from collections.abc import Iterator, Mapping
from typing import Final

from cxr.lab.mimic import MimicStudy
from cxr.lab.mimic_labels import FINDINGS, Labels

METADATA = "mimic-cxr-2.0.0-metadata.csv.gz"
SPLIT = "mimic-cxr-2.0.0-split.csv.gz"
CHEXPERT = "mimic-cxr-2.0.0-chexpert.csv.gz"
NEGBIO = "mimic-cxr-2.0.0-negbio.csv.gz"
RADIOLOGISTS = "mimic-cxr-2.1.0-test-set-labeled.csv"
RECORDS = "cxr-record-list.csv.gz"
STUDIES = "cxr-study-list.csv.gz"
PROVIDERS = "cxr-provider-list.csv.gz"

_LABELLED = "subject_id,study_id," + ",".join(FINDINGS)

HEADERS: Final[Mapping[str, str]] = {
    METADATA: (
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,"
        "StudyTime,ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,"
        "PatientOrientationCodeSequence_CodeMeaning"
    ),
    SPLIT: "dicom_id,study_id,subject_id,split",
    CHEXPERT: _LABELLED,
    NEGBIO: _LABELLED,
    # Without the patient, and with a name of its own for Lung Opacity; the order of its columns nobody says.
    RADIOLOGISTS: "study_id," + ",".join(FINDINGS).replace("Lung Opacity", "Airspace Opacity"),
    RECORDS: "subject_id,study_id,dicom_id,path",
    STUDIES: "subject_id,study_id,path",
    PROVIDERS: "study_id,ordering_provider_id,attending_provider_id,resident_provider_id",
}
"""Table to the names of its columns."""

FROM_MIMIC_CXR: Final = (RECORDS, STUDIES, PROVIDERS)
"""The tables of the project with the reports; the others lie beside the JPEG files."""


def rows(study: MimicStudy) -> Iterator[tuple[str, str]]:
    """Yield the lines that a study adds, each with the table that it belongs to."""
    who = f"{study.subject},{study.study}"
    for image in study.images:
        view, meaning, orientation = image.projection
        before = f"{image.dicom_id},{who},{study.procedure},{view},{image.rows},{image.columns}"
        after = f"{study.day},{image.time},{study.procedure},{meaning},{orientation}"
        yield METADATA, f"{before},{after}"
        yield SPLIT, f"{image.dicom_id},{study.study},{study.subject},{study.split}"
        yield RECORDS, f"{who},{image.dicom_id},{image.path.removesuffix('.jpg')}.dcm"
    yield STUDIES, f"{who},{study.folder}.txt"
    resident = f"P{study.study % 70_000 + 20_000}" if study.study % 3 else ""
    yield (
        PROVIDERS,
        f"{study.study},P{study.study % 80_000 + 10_000},P{study.study % 9_000 + 1_000},{resident}",
    )
    if study.chexpert is not None:
        yield CHEXPERT, f"{who},{_values(study.chexpert)}"
    if study.negbio is not None:
        yield NEGBIO, f"{who},{_values(study.negbio)}"
    if study.radiologist is not None:
        yield RADIOLOGISTS, f"{study.study},{_values(study.radiologist)}"


def _values(labels: Labels) -> str:
    return ",".join(labels.get(name, "") for name in FINDINGS)
