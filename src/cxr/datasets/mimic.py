r"""MIMIC-CXR-JPG: 377,110 chest radiographs of 65,379 patients, with labels and reports of their studies.

Images are JPEG, 8-bit grey, quality 95, histogram-equalised by the authors, often around 2,500 x 3,000.
They come from PhysioNet's project ``mimic-cxr-jpg``. The 227,835 reports and two lists come from the project
``mimic-cxr``, for which another agreement is signed. Without that one, images come without the text of their
reports, and their captions say so.

Labels speak of studies, not of images, and come from three labellers, none of which is altered or merged:
    ``mimic_chexpert``, ``mimic_negbio``: two programs, each over (nearly) all reports. Positive (``1.0``),
    negative (``0.0``), uncertain (``-1.0``), and empty: not mentioned. The index shows the first.
    ``mimic_radiologists``: a radiologist, 687 studies of the test split, published with 2.1.0. Its
    ``Airspace Opacity`` is the others' ``Lung Opacity``.
    ``No Finding`` is a label of its own in all of them. A row with any other value states nothing.

Tables, as ``.csv.gz`` or ``.csv``, in the project's folder or anywhere below the one that is named:
    ``mimic-cxr-2.0.0-metadata.csv`` (required) names the images; the file is called 2.0.0 in both releases.
    ``-split``, ``-chexpert``, ``-negbio``, ``mimic-cxr-2.1.0-test-set-labeled.csv`` are read where they are.
    ``cxr-record-list.csv``, ``cxr-study-list.csv`` (of mimic-cxr): compared with the metadata.
    ``mimic-cxr-reports.zip``, or its unpacked ``files/p10/p10000001/s50000001.txt``: the reports.

Identifiers:
    image: ``dicom_id``, five groups of eight hexadecimal digits, the name of the file.
    patient: ``subject_id``, eight digits that begin with 1. study: ``study_id``, eight that begin with 5.
    stem: ``mimic_p{subject_id}_s{study_id}_d{n}``; n = 1, 2, ... within the study in the order of the rows of
    the whole published metadata table, whatever is selected.
    path: ``files/p10/p10000001/s50000001/{dicom_id}.jpg``.

Odd:
    Views stand in three columns. ``ViewPosition`` counts where it says something; it is empty in one row of
    25. Then the meaning of the view's code counts. Words that we do not know are ``UNKNOWN``, with an issue.
    ``Erect`` and ``Recumbent`` in the third column do not change a view; a lateral decubitus there does.
    ``StudyTime`` is a number that lost its leading zeros: ``80556.875`` is 08:05:56.
    Dates are shifted into the years 2100 to 2200, each patient by another number of days: they order the
    studies of one patient, and say nothing else. Age and sex are in none of these tables: unknown.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from cxr import tables
from cxr.datasets import (
    Problems,
    Published,
    Release,
    Terms,
    _find,
    _mimic_example,
    _mimic_lists,
    _mimic_reports,
)
from cxr.datasets._mimic_labels import CHEXPERT, NEGBIO, RADIOLOGISTS, Said, read_labels
from cxr.datasets._mimic_times import study_date, study_time
from cxr.datasets._mimic_views import view_of
from cxr.errors import TableError
from cxr.model import Issue, PackedStatements, Place, Record, Report, Severity, TableProblem
from cxr.tables import Column, quote

TITLE = "MIMIC-CXR-JPG"
NAMESPACE = "mimic"

_CONTENT: Final = "https://physionet.org/content"
_SIGN: Final = "https://physionet.org/sign-dua"

TERMS = Terms(
    licence="PhysioNet Credentialed Health Data License 1.5.0",
    summary="Scientific research only. No attempt to identify anybody, no sharing of the data or of the "
    "access with anyone, secure keeping; publish the code with the results. Whoever finds protected health "
    "information reports it to PHI-report@physionet.org. Reports and images must not be sent to online "
    "language models or other third parties' services; models on your own machines are fine.",
    access="credentialed",
    in_all=True,
    shareable=False,
    steps=(
        "Make an account at https://physionet.org/register/, and apply there to be credentialed; allow days.",
        "Do the CITI training that it asks for, and upload the report: https://physionet.org/about/citi-course/",
        f"Images and labels: sign MIMIC-CXR-JPG's agreement: {_SIGN}/mimic-cxr-jpg/2.1.0/",
        f"Reports and lists: sign MIMIC-CXR's agreement, another one: {_SIGN}/mimic-cxr/2.1.0/",
        "Without the second one images come without the text of their reports.",
        "Each release has agreements of its own: for 2.0.0 sign those of 2.0.0.",
        "Let cxr know your account: `cxr credentials set physionet`.",
        "A copy that you have: cxr index --source mimic --at PATH. It is read, and nothing is copied.",
        "What may be sent to language models: https://physionet.org/news/post/llm-responsible-use",
    ),
    links={
        "MIMIC-CXR-JPG": f"{_CONTENT}/mimic-cxr-jpg/2.1.0/",
        "MIMIC-CXR": f"{_CONTENT}/mimic-cxr/2.1.0/",
    },
)

ATTRIBUTION = (
    "Johnson A, Lungren M, Peng Y, Lu Z, Mark R, Berkowitz S, Horng S. MIMIC-CXR-JPG - chest radiographs "
    "with structured labels (version 2.1.0), PhysioNet 2024, doi:10.13026/jsn5-t979"
)

CITATION = """\
@misc{johnson2024mimiccxrjpg,
  title     = {{MIMIC-CXR-JPG} - chest radiographs with structured labels (version 2.1.0)},
  author    = {Johnson, Alistair and Lungren, Matthew and Peng, Yifan and Lu, Zhiyong and Mark, Roger and
               Berkowitz, Seth and Horng, Steven},
  publisher = {PhysioNet},
  year      = {2024},
  doi       = {10.13026/jsn5-t979}
}

@article{johnson2019mimiccxr,
  title   = {{MIMIC-CXR}, a de-identified publicly available database of chest radiographs with free-text
             reports},
  author  = {Johnson, Alistair E. W. and Pollard, Tom J. and Berkowitz, Seth J. and Greenbaum, Nathaniel R.
             and Lungren, Matthew P. and Deng, Chih-ying and Mark, Roger G. and Horng, Steven},
  journal = {Scientific Data},
  volume  = {6},
  pages   = {317},
  year    = {2019}
}

@misc{johnson2024mimiccxr,
  title     = {{MIMIC-CXR} Database (version 2.1.0)},
  author    = {Johnson, Alistair and Pollard, Tom and Mark, Roger and Berkowitz, Seth and Horng, Steven},
  publisher = {PhysioNet},
  year      = {2024},
  doi       = {10.13026/4jqj-jw95}
}

@article{goldberger2000physionet,
  title   = {{PhysioBank}, {PhysioToolkit}, and {PhysioNet}: components of a new research resource for
             complex physiologic signals},
  author  = {Goldberger, Ary L. and others},
  journal = {Circulation},
  volume  = {101},
  number  = {23},
  pages   = {e215--e220},
  year    = {2000}
}
"""

# As several public repositories name them (2026-11); PhysioNet shows them to whom it lets in. Where it has
# others, `datasets.mimic.aws` in dataset_sources.yaml says so.
_LENT: Final = "arn:aws:s3:us-east-1:724665945834:accesspoint"
_ACCESS_POINTS: Final = {"2.1.0": (f"{_LENT}/mimic-cxr-jpg-v2-1-0-01", f"{_LENT}/mimic-cxr-v2-1-0-01")}
_SECOND: Final = ("cxr-record-list.csv.gz", "cxr-study-list.csv.gz", _mimic_reports.ARCHIVE)


def _release(key: str) -> Release:
    """Return a release; those of both projects bear the same number."""
    places = {
        "physionet": _place(f"mimic-cxr-jpg/{key}", f"mimic-cxr/{key}"),
        "gcs": _place(f"mimic-cxr-jpg-{key}.physionet.org", f"mimic-cxr-{key}.physionet.org"),
    }
    if key in _ACCESS_POINTS:
        jpg, second = _ACCESS_POINTS[key]
        places["aws"] = _place(f"{jpg}/mimic-cxr-jpg/{key}", f"{second}/mimic-cxr/{key}")
    return Release(
        key=key,
        hosts=(*places, "folder"),
        images=377_110,
        patients=65_379,
        pixel_processing="by the authors: 8 bits, histogram-equalised, JPEG quality 95",
        average_bytes=1_512_000,  # 570.3 GB over all
        reports=True,
        places=places,
    )


def _place(first: str, second: str) -> Place:
    """Return where both projects are at a host."""
    return Place(first, files={name: f"{second}/{name}" for name in _SECOND})


RELEASES = {key: _release(key) for key in ("2.1.0", "2.0.0")}
LABELLERS = (CHEXPERT, NEGBIO, RADIOLOGISTS)
EXAMPLE = _mimic_example.EXAMPLE

TABLES: Final = {
    "metadata": "mimic-cxr-2.0.0-metadata.csv",
    "split": "mimic-cxr-2.0.0-split.csv",
    CHEXPERT.key: "mimic-cxr-2.0.0-chexpert.csv",
    NEGBIO.key: "mimic-cxr-2.0.0-negbio.csv",
    RADIOLOGISTS.key: "mimic-cxr-2.1.0-test-set-labeled.csv",
    "images": "cxr-record-list.csv",
    "studies": "cxr-study-list.csv",
    "reports": _mimic_reports.ARCHIVE,
}
"""What the tables are called, by role; compressed ones end in ``.gz`` besides."""
_TEXT: Final = frozenset({".csv", ".tsv", ".gz"})
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}")
_NAME: Final = re.compile(rf"({_ID.pattern})\.(?:jpg|jpeg|png)", re.IGNORECASE)
_SUBJECT: Final = re.compile("1[0-9]{7}")
_STUDY: Final = re.compile("5[0-9]{7}")
_COLUMNS: Final = (
    Column("dicom_id"),
    Column("subject_id"),
    Column("study_id"),
    Column("ViewPosition"),
    Column("ViewCodeSequence_CodeMeaning", required=False),
    Column("PatientOrientationCodeSequence_CodeMeaning", required=False),
    Column("StudyDate", required=False),
    Column("StudyTime", required=False),
)


def find_tables(paths: Iterable[str]) -> Mapping[str, str]:
    """Choose the metadata, and labels, split, lists and reports as far as they are there.

    A single path is the user's own choice of metadata, whatever its name.

    Raises:
        TableError: there is no metadata.
    """
    paths = list(paths)
    named = _find.by_name(paths, frozenset(TABLES.values()))
    found = {role: named[name] for role, name in TABLES.items() if name in named}
    if not found and len(paths) == 1 and PurePosixPath(paths[0]).suffix.lower() in _TEXT:
        return {"metadata": paths[0]}
    if "metadata" not in found:
        raise TableError(
            "There is no table of the MIMIC images here.",
            think=f"It is called {TABLES['metadata']}.gz, in release 2.1.0 too.",
            next_step=f"Get it from {TERMS.links['MIMIC-CXR-JPG']} and put it above `files/`, or name it: "
            "--tables FILE.",
        )
    if "reports" not in found and (one := next(filter(_mimic_reports.is_report, paths), None)):
        found["reports"] = one
    return found


def image_id_of(path: str) -> str | None:
    """Return the ``dicom_id`` that a JPEG or PNG in any folder is named after, else ``None``."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    return match[1].lower() if match else None


def read(published: Published, problems: Problems) -> Iterator[Record]:
    """Yield a record for each image, in the order of the metadata; the first row of a repeated image counts.

    Raises:
        TableError: a table as a whole cannot be read.
    """
    paths = published.tables
    with ExitStack() as open_files:
        reading = _Reading(published.release, problems)
        if "split" in paths:
            reading.split = _mimic_lists.read_split(paths["split"], problems)
        reading.labels = {
            one.key: read_labels(paths[one.key], one, problems) for one in LABELLERS if one.key in paths
        }
        if "reports" in paths:
            reading.report = open_files.enter_context(_mimic_reports.opened(paths["reports"], problems))
        metadata = paths["metadata"]
        reading.table = tables.shown(Path(metadata.name))
        yield from reading.records(tables.read(metadata, _COLUMNS, problems))
        if "images" in paths:
            _mimic_lists.check_images(paths["images"], reading.study_of, problems)
        if "studies" in paths:
            _mimic_lists.check_studies(paths["studies"], reading.subject_of, problems)


def _no_report(subject: str, study: str) -> Report | None:  # noqa: ARG001  what `_Reading.report` takes
    return None


@dataclass(slots=True)
class _Reading:
    """Rows of the metadata to records, with what the other tables say of their studies."""

    release: str
    problems: Problems
    table: str = ""
    split: Mapping[str, _mimic_lists.Listed] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, Said]] = field(default_factory=dict)
    report: Callable[[str, str], Report | None] = _no_report
    study_of: dict[str, str] = field(default_factory=dict)
    subject_of: dict[str, str] = field(default_factory=dict)
    images_of: dict[str, int] = field(default_factory=dict)

    def records(self, rows: Iterable[tables.Row]) -> Iterator[Record]:
        """Yield the records; tell of the rows that give none, and of what is wrong with those that do."""
        for line, cells in rows:
            image_id, subject, study = cells[0], cells[1], cells[2]
            if refused := self._refusal(image_id, subject, study):
                code, message = refused
                known = image_id if _ID.fullmatch(image_id) else ""
                self.problems(TableProblem(self.table, line, code, message, known))
                continue
            self.study_of[image_id] = study
            self.subject_of[study] = subject
            self.images_of[study] = self.images_of.get(study, 0) + 1
            yield self._record(line, cells)

    def _refusal(self, image_id: str, subject: str, study: str) -> tuple[str, str] | None:
        if not _ID.fullmatch(image_id):
            return "bad_image_name", f"{quote(image_id)} is not the dicom_id of a MIMIC image"
        if not _SUBJECT.fullmatch(subject):
            return "bad_patient", f"{quote(subject)} is not a subject_id: eight digits that begin with 1"
        if not _STUDY.fullmatch(study):
            return "bad_study", f"{quote(study)} is not a study_id: eight digits that begin with 5"
        if image_id in self.study_of:
            return "repeated_image", f"{image_id} is listed again; its first row counts"
        if self.subject_of.get(study, subject) != subject:
            return "patient_differs", f"Study {study} is said to be of patient {subject}, and was of another"
        return None

    def _record(self, line: int, cells: Sequence[str]) -> Record:
        image_id, subject, study, position, meaning, orientation, day, time = cells
        stem = f"mimic_p{subject}_s{study}_d{self.images_of[study]}"
        view = view_of(position, meaning, orientation)
        record = Record(
            "mimic", self.release, image_id, stem, f"files/p{subject[:2]}/p{subject}/s{study}/{image_id}.jpg"
        )
        record.patient_id = subject
        record.patient_key = f"{NAMESPACE}:{subject}"
        record.study_id = study
        record.view_position = view.position
        record.view_published = view.published
        record.view_origin = "published" if view.published else ""
        issues = [*view.issues]
        record.study_date = _read_or_told(study_date(day), "StudyDate", day, issues)
        record.study_time = _read_or_told(study_time(time), "StudyTime", time, issues)
        record.statements = self._statements(subject, study, issues)
        record.labeller = record.statements[0].labeller if record.statements else ""
        record.official_split = self._part(image_id, subject, study, issues)
        record.report = self.report(subject, study)
        if issues:
            record.issues = tuple(issues)
            self._tell(line, image_id, issues)
        return record

    def _statements(self, subject: str, study: str, issues: list[Issue]) -> tuple[PackedStatements, ...]:
        statements = []
        for key, by_study in self.labels.items():
            said = by_study.get(study)
            if said is None:
                continue
            if said.subject not in ("", subject):
                message = f"{key} says that study {study} is of patient {quote(said.subject)}; not joined"
                issues.append(Issue("labels_contradict", Severity.WARNING, message))
            else:
                statements.append(said.packed)
        return tuple(statements)

    def _part(self, image_id: str, subject: str, study: str, issues: list[Issue]) -> str:
        listed = self.split.get(image_id)
        if listed is None:
            return ""
        if listed[:2] != (subject, study):
            message = (
                f"The split says patient {quote(listed.subject)}, study {quote(listed.study)}; not joined"
            )
            issues.append(Issue("split_contradicts", Severity.WARNING, message))
            return ""
        return listed.part

    def _tell(self, line: int, image_id: str, issues: Iterable[Issue]) -> None:
        """Tell of what somebody could correct in the table; an empty view is published that way."""
        for issue in issues:
            if issue.severity is not Severity.NOTE:
                self.problems(
                    TableProblem(self.table, line, issue.code, issue.message, image_id, dropped=False)
                )


def _read_or_told(value: str | None, column: str, cell: str, issues: list[Issue]) -> str:
    if value is None:
        issues.append(Issue("unreadable_date", Severity.WARNING, f"{quote(cell)} is not a {column}"))
    return value or ""
