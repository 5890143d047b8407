"""Tables in the form of MIMIC-CXR-JPG, of any length, with invented patients."""

import gzip
import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from cxr.datasets import mimic

_EACH: Final = 5  # images of three studies, a patient
_STUDY_OF: Final = (0, 0, 1, 1, 2)
_VIEWS: Final = (
    ("PA", "postero-anterior", "Erect"),
    ("LATERAL", "lateral", "Erect"),
    ("AP", "antero-posterior", ""),
    ("", "", ""),
    ("LL", "left lateral", "Erect"),
)
_VALUES: Final = ("", "", "", "1.0", "0.0", "-1.0")
_HEADER: Final = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,"
    "StudyTime,ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,"
    "PatientOrientationCodeSequence_CodeMeaning\n"
)
_REPORT: Final = (
    "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
    " INDICATION:  Study {0}\n \n TECHNIQUE:  Two views.\n \n COMPARISON:  None.\n \n FINDINGS: \n \n"
    " The invented lungs of study {0} are clear, and the heart is of normal size.\n \n"
    " IMPRESSION: \n \n Nothing to be seen in study {0}.\n"
)


class Image(NamedTuple):
    """One image."""

    number: int
    dicom_id: str
    subject: int
    study: int

    @property
    def path(self) -> str:
        """Where it is in the published tree."""
        folder = f"files/p{str(self.subject)[:2]}/p{self.subject}"
        return f"{folder}/s{self.study}/{self.dicom_id}.jpg"


def images(count: int) -> Iterator[Image]:
    """Yield so many images, in the order of the tables."""
    for number in range(count):
        digest = hashlib.blake2b(number.to_bytes(8), digest_size=20).hexdigest()
        dicom_id = "-".join(digest[start : start + 8] for start in range(0, 40, 8))
        patient, place = divmod(number, _EACH)
        yield Image(number, dicom_id, 10_000_000 + patient * 131, 50_000_000 + patient * 3 + _STUDY_OF[place])


def write_tables(folder: Path, count: int, *, second: bool = False) -> None:
    """Write metadata, split and the labels of two labellers, compressed as published.

    Args:
        folder: Where to.
        count: How many images.
        second: Write what the second project holds, too: both lists and the reports.
    """
    roles = (
        "metadata",
        "split",
        *(one.key for one in mimic.LABELLERS[:2]),
        *(("images", "studies") * second),
    )
    with ExitStack() as files:
        opened = {
            role: files.enter_context(gzip.open(folder / f"{mimic.TABLES[role]}.gz", "wt", compresslevel=1))
            for role in roles
        }
        for role, file in opened.items():
            file.write(_HEADERS[role])
        last = 0
        for one in images(count):
            for role, file in opened.items():
                if one.study != last or role in _OF_IMAGES:
                    file.write(_ROWS[role](one))
            last = one.study
    if second:
        _write_reports(folder / mimic.TABLES["reports"], count)


def _metadata(one: Image) -> str:
    view, meaning, orientation = _VIEWS[one.number % _EACH]
    date = f"21{one.number % 90 + 10}0{one.number % 9 + 1}15"
    time = f"{one.number % 24 * 10_000 + one.number % 60 * 100}.531"
    step = "CHEST (PA AND LAT)"
    ids = f"{one.dicom_id},{one.subject},{one.study}"
    return f"{ids},{step},{view},3056,2544,{date},{time},{step},{meaning},{orientation}\n"


def _split(one: Image) -> str:
    return f"{one.dicom_id},{one.study},{one.subject},{('train', 'validate', 'test')[one.subject % 7 % 3]}\n"


def _labels(one: Image, factor: int) -> str:
    seed = one.study * factor
    values = ",".join(
        _VALUES[(seed >> place) % len(_VALUES)] for place in range(len(mimic.CHEXPERT.findings))
    )
    return f"{one.subject},{one.study},{values}\n"


def _of_record_list(one: Image) -> str:
    return f"{one.subject},{one.study},{one.dicom_id},{one.path.removesuffix('.jpg')}.dcm\n"


def _of_study_list(one: Image) -> str:
    return f"{one.subject},{one.study},{one.path.rpartition('/')[0]}.txt\n"


_WORDS: Final = ",".join(one.published for one in mimic.CHEXPERT.findings)
_HEADERS: Final = {
    "metadata": _HEADER,
    "split": "dicom_id,study_id,subject_id,split\n",
    "mimic_chexpert": f"subject_id,study_id,{_WORDS}\n",
    "mimic_negbio": f"subject_id,study_id,{_WORDS}\n",
    "images": "subject_id,study_id,dicom_id,path\n",
    "studies": "subject_id,study_id,path\n",
}
_ROWS: Final[Mapping[str, Callable[[Image], str]]] = {
    "metadata": _metadata,
    "split": _split,
    "mimic_chexpert": partial(_labels, factor=1),
    "mimic_negbio": partial(_labels, factor=3),
    "images": _of_record_list,
    "studies": _of_study_list,
}
_OF_IMAGES: Final = frozenset({"metadata", "split", "images"})


def _write_reports(path: Path, count: int) -> None:
    last = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for one in images(count):
            if one.study != last:
                folder = f"files/p{str(one.subject)[:2]}/p{one.subject}"
                archive.writestr(f"{folder}/s{one.study}.txt", _REPORT.format(one.study))
            last = one.study
