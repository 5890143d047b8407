r"""NIH ChestX-ray14: 112,120 frontal radiographs of 30,805 patients of the NIH Clinical Center.

Images are 1024 x 1024 PNG, 8-bit; a few are RGBA with equal channels. Labels come from the radiology reports
by text mining: 14 findings, closed world (what is not listed is negative by the authors' convention), no
reports. 984 boxes on 880 images, all in the official test list, mark eight of the findings.

Tables, of which one is read, in this order:
    ``Data_Entry_2017_v2020.csv`` (table release ``v2020``): ages and follow-ups corrected, preferred.
    ``Data_Entry_2017.csv`` (``2017``): the first form; ages up to 414.
    ``sample_labels.csv`` (``sample``): Kaggle's sample of 5,606; ages with units (``060Y``, ``013M``).
    Beside it, if they are there: ``BBox_List_2017.csv``, ``train_val_list.txt`` and ``test_list.txt``.

Identifiers:
    image: the name without extension, ``00000001_000``.
    patient: eight digits, as image names publish it. The table writes the same number without zeros; a row
    in which the two differ is left out.
    study: nobody publishes one; each image is its own, ``study_{number in the name}``, marked derived. That
    number is not the follow-up number.
    stem: ``nih_{image_id}_{patient_id}``.
    path: ``images_001/images/`` ... ``images_012/images/``, by the sorted names, where the table holds all
    of them; ``images/`` where it holds a part.

Labels are matched exactly. In a row with a word outside the vocabulary nothing is taken for negative, since
the word may stand for any of the findings: the others are *unmentioned* there. ``Infiltrate`` in the boxes
is the common infiltration and is kept as published.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from cxr import age, tables, view_position
from cxr.datasets import Example, Problems, Published, Release, Terms, _find, _lists
from cxr.datasets._boxes import Boxes
from cxr.datasets._listed import NEGATIVE, POSITIVE, UNMENTIONED, Fault, ListedLabels
from cxr.errors import TableError
from cxr.model import (
    Code,
    Issue,
    LabelledFinding,
    Labeller,
    Place,
    Record,
    Region,
    Scope,
    Severity,
    State,
    TableProblem,
)
from cxr.tables import Column, quote

TITLE = "NIH ChestX-ray14"
NAMESPACE = "nih"

_BOX = "https://nihcc.app.box.com/v/ChestXray-NIHCC"
_KAGGLE = "https://www.kaggle.com/datasets/nih-chest-xrays/data"

TERMS = Terms(
    licence="NIH Clinical Center, free use with credit (the copy on Kaggle: CC0-1.0)",
    summary="Any use is free. Link to the NIH page, cite Wang et al. 2017, and acknowledge the NIH Clinical "
    "Center as the provider of the data.",
    access="open",
    in_all=True,
    shareable=True,
    steps=(
        "No agreement is needed, and no account for the images: they lie in the NIH's Box folder.",
        "From Kaggle (45 GB, any image by itself): cxr download --source nih --limit 10",
        "Kaggle may ask for an account: `cxr credentials set kaggle`, once.",
        "From Box (twelve archives, images alone): cxr download --source nih --host box --tables FILE",
        f"Its tables: take Data_Entry_2017_v2020.csv at {_BOX} wherever images come from: ages are right.",
        "Without --tables those on Kaggle are tried.",
        "The Google Cloud copy is requester pays: it needs a billing project.",
        "You have a copy? cxr download --source nih --from FOLDER",
    ),
    links={"NIH page": _BOX, "Kaggle": _KAGGLE, "paper": "https://arxiv.org/abs/1705.02315"},
)
ATTRIBUTION = f"NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017; {_BOX}"
CITATION = """\
@inproceedings{wang2017chestxray8,
  title     = {ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks on Weakly-Supervised
               Classification and Localization of Common Thorax Diseases},
  author    = {Wang, Xiaosong and Peng, Yifan and Lu, Le and Lu, Zhiyong and Bagheri, Mohammadhadi and
               Summers, Ronald M.},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  pages     = {3462--3471},
  year      = {2017},
  doi       = {10.1109/CVPR.2017.369}
}
"""

# The static links of the NIH's own script, with MD5 sums that a third party lists: a difference is only told.
_BOX_ARCHIVES: Final = (
    ("vfk49d74nhbxq3nqjg0900w5nvkorp5c", "fe8ed0a6961412fddcbb3603c11b3698"),
    ("i28rlmbvmfjbl8p2n3ril0pptcmcu9d1", "ab07a2d7cbe6f65ddd97b4ed7bde10bf"),
    ("f1t00wrtdk94satdfb9olcolqx20z2jp", "2301d03bde4c246388bad3876965d574"),
    ("0aowwzs5lhjrceb3qp67ahp0rd1l1etg", "9f1b7f5aae01b13f4bc8e2c44a4b8ef6"),
    ("v5e3goj22zr6h8tzualxfsqlqaygfbsn", "1861f3cd0ef7734df8104f2b0309023b"),
    ("asi7ikud9jwnkrnkj99jnpfkjdes7l6l", "456b53a8b351afd92a35bc41444c58c8"),
    ("jn1b4mw4n6lnh74ovmcjb8y48h8xj07n", "1075121ea20a137b87f290d6a4a5965e"),
    ("tvpxmn7qyrgl0w8wfh9kqfjskv6nmm1j", "b61f34cec3aa69f295fbb593cbd9d443"),
    ("upyy3ml7qdumlgk2rfcvlb9k6gvqq2pj", "442a3caa61ae9b64e61c561294d1e183"),
    ("l6nilvfa9cg3s28tqv1qc1olm3gnz54p", "09ec81c4c31e32858ad8cf965c494b74"),
    ("hhq8fkdgvcari67vfhs7ppg2w6ni4jze", "499aefc67207a5a97692424cf5dbeed5"),
    ("ioqwiy20ihqwyr8pf4c24eazhh281pbu", "dc9fda1757c2de0032b63347a7d2895c"),
)
_BOX_PLACE = Place(
    files={f"images_{n:03d}.tar.gz": f"{link}.gz" for n, (link, _) in enumerate(_BOX_ARCHIVES, 1)},
    checksums={f"images_{n:03d}.tar.gz": f"md5:{md5}" for n, (_, md5) in enumerate(_BOX_ARCHIVES, 1)},
)

# https://cloud.google.com/healthcare-api/docs/resources/public-datasets/nih-chest: the PNGs as NIH has them.
_GCS_PLACE: Final = Place("gcs-public-data--healthcare-nih-chest-xray/png")

RELEASES = {
    "chestxray14": Release(
        key="chestxray14",
        hosts=("kaggle", "box", "gcs", "folder"),
        images=112_120,
        patients=30_805,
        pixel_processing="by the authors: DICOM's default window, 8 bits, resized to 1024 x 1024",
        average_bytes=401_000,  # 45 GB over all
        places={"kaggle": Place("nih-chest-xrays/data"), "box": _BOX_PLACE, "gcs": _GCS_PLACE},
        tables_from=("kaggle",),
    )
}

_NO_FINDING = "No Finding"
_VOCABULARY: Final = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Effusion": "effusion",
    "Infiltration": "infiltration",
    "Mass": "mass",
    "Nodule": "nodule",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Emphysema": "emphysema",
    "Fibrosis": "fibrosis",
    "Pleural_Thickening": "pleural_thickening",
    "Hernia": "hernia",
    _NO_FINDING: "no_finding",
}
LABELLERS = (
    Labeller(
        key="nih_text_mining",
        name="NIH text mining",
        version="",
        scope=Scope.IMAGE,
        closed_world=True,
        findings=tuple(
            LabelledFinding(published, common, listed=published != _NO_FINDING)
            for published, common in _VOCABULARY.items()
        ),
        codes={
            POSITIVE: Code(State.POSITIVE, None),
            NEGATIVE: Code(State.NEGATIVE, ""),
            UNMENTIONED: Code(State.UNMENTIONED, ""),
        },
    ),
)

# Invented: the real patients end at 30,805.
EXAMPLE = Example(
    tables={
        "Data_Entry_2017_v2020.csv": (
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position,"
            "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
            "00090001_000.png,No Finding,1,90001,58,M,PA,2500,2048,0.168,0.168,\n"
            "00090001_001.png,Effusion|Cardiomegaly,0,90001,57,M,AP,2500,2048,0.168,0.168,\n"
            "00090002_000.png,Mass|Cavitation,0,90002,013M,F,PA,2992,2991,0.143,0.143,\n"
            "00090003_000.png,Infiltration|Pleural_Thickening,0,90003,411,F,AP,2500,2048,0.168,0.168,\n"
            "00090003_000.png,Hernia,0,90003,41,F,AP,2500,2048,0.168,0.168,\n"
            "00090004_000.png,Nodule,0,90005,41,F,AP,2500,2048,0.168,0.168,\n"
            "00090006_000.png,Pneumothorax,0,90006,33,M,PA,2500\n"
            "00090007_000.png,Nodule,0,90007,001D,F,PA,2500,2048,0.168,0.168,\n"
        ),
        "BBox_List_2017.csv": (
            "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
            "00090003_000.png,Infiltrate,225.5,547.25,86.75,79.125,,,\n"
            "00090007_000.png,Nodule,686.1,131.5,1085.0,313.4,,,\n"
        ),
        "train_val_list.txt": "00090001_000.png\r\n00090001_001.png\r\n00090002_000.png",
        "test_list.txt": "00090003_000.png\n00090007_000.png",
    },
    files=(
        "images/00090001_000.png",
        "images/00090001_001.png",
        "images/00090002_000.png",
        "images/00090003_000.png",
        "images/00090007_000.png",
    ),
    images=5,
)

_FORMS: Final = {
    "data_entry_2017_v2020.csv": "v2020",
    "data_entry_2017.csv": "2017",
    "sample_labels.csv": "sample",
}
_BESIDE: Final = {
    "boxes": "bbox_list_2017.csv",
    "train_val": "train_val_list.txt",
    "test": "test_list.txt",
}
_TEXT: Final = frozenset({".csv", ".tsv", ".txt", ".gz"})
_NAME = re.compile(r"(([0-9]{8})_([0-9]{3}))\.(?:png|jpe?g)", re.IGNORECASE)
_COLUMNS: Final = (
    Column("Image Index"),
    Column("Finding Labels"),
    Column("Patient ID"),
    Column("Patient Age"),
    Column("Patient Gender", ("Patient Sex",)),
    Column("View Position"),
)
# Where, in the sorted names of all images, the folders 001 to 012 begin: inferred from Kaggle's counts.
_FOLDER_STARTS: Final = (0, *range(4_999, 112_120, 10_000))


def find_tables(paths: Iterable[str]) -> Mapping[str, str]:
    """Choose the entries in the best form there is, and boxes and lists beside them.

    A single path is the user's own choice of entries, whatever its name.

    Raises:
        TableError: there are no entries.
    """
    paths = list(paths)
    named = _find.by_name(paths, {*_FORMS, *_BESIDE.values()})
    beside = {role: named[name] for role, name in _BESIDE.items() if name in named}
    entries = next((named[name] for name in _FORMS if name in named), None)
    if entries is None and len(paths) == 1 and not beside:
        entries = next((path for path in paths if PurePosixPath(path).suffix.lower() in _TEXT), None)
    if entries is None:
        raise TableError(
            "There is no table of the NIH images here.",
            think="It is called Data_Entry_2017_v2020.csv, Data_Entry_2017.csv or, in Kaggle's sample, "
            "sample_labels.csv.",
            next_step=f"Get Data_Entry_2017_v2020.csv from {_BOX} (or Data_Entry_2017.csv from {_KAGGLE}) "
            "and put it beside the images, or name it: --tables FILE.",
        )
    return {"entries": entries, **beside}


def image_id_of(path: str) -> str | None:
    """Return ``00000001_000`` for a PNG or JPEG of that name in any folder, else ``None``."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    return match[1] if match else None


_CORNERS: Final = (Column("Bbox [x", ("x",)), Column("y"), Column("w"), Column("h]", ("h",)))
_BOXES: Final = Boxes(
    columns=(Column("Image Index"), Column("Finding Label"), *_CORNERS),
    vocabulary={**_VOCABULARY, "Infiltrate": "infiltration"},
    labeller="nih_boxes",  # drawn by a radiologist of the NIH, as Wang et al. say
    frame=(1024, 1024),
    image_id_of=image_id_of,
)


def read(published: Published, problems: Problems) -> Iterator[Record]:
    """Yield a record for each image, in table order; the first row of a repeated image counts.

    Raises:
        TableError: the entries, boxes or lists as a whole cannot be read.
    """
    entries = published.tables["entries"]
    lists = {part: published.tables[part] for part in ("train_val", "test") if part in published.tables}
    splits = _lists.read_splits(lists, image_id_of, lambda image_id: image_id[:8], problems)
    boxes = _BOXES.read(published.tables["boxes"], problems) if "boxes" in published.tables else {}
    starts = _folder_starts(entries)
    reading = _Reading(
        published.release, tables.shown(Path(entries.name)), form_of(entries), starts, boxes, splits
    )
    yield from reading.records(tables.read(entries, _COLUMNS, problems), problems)
    if starts:  # a part of the entries lacks most of the images that have boxes
        for image_id in boxes.keys() - reading.seen:
            message = f"{image_id} has boxes, and no row among the entries"
            problems(TableProblem("BBox_List_2017.csv", 0, "unknown_image", message, image_id, dropped=False))


def form_of(entries: Path) -> str:
    """Say which form the entries have, ``v2020``, ``2017`` or ``sample``: by name, else by content.

    Only the sample's ages have units; only from v2020 on does the follow-up number differ from the number in
    the name, which it does in a fifth of the rows. Empty where too few rows are there to tell.

    Raises:
        TableError: the entries cannot be read.
    """
    known = _FORMS.get(entries.name.lower().removesuffix(".gz"))
    if known:
        return known
    columns = (Column("Image Index"), Column("Patient Age"), Column("Follow-up #", required=False))
    rows = [row.cells for row in islice(tables.read(entries, columns, _ignore), 2_000)]
    if any(years[-1:].isalpha() for _, years, _ in rows):
        return "sample"
    numbers = [(match[3], follow_up) for name, _, follow_up in rows if (match := _NAME.fullmatch(name))]
    if any(follow_up and follow_up.zfill(3) != number for number, follow_up in numbers):
        return "v2020"
    return "2017" if len(numbers) >= 200 else ""


@dataclass(slots=True)
class _Reading:
    """Rows to records. Cells repeat a lot (836 label strings, 96 ages): each is interpreted once."""

    release: str
    table: str
    form: str
    starts: Sequence[str]
    boxes: Mapping[str, tuple[Region, ...]]
    splits: Mapping[str, str]
    seen: set[str] = field(default_factory=set)
    labels: ListedLabels = field(default_factory=lambda: ListedLabels(LABELLERS[0], _NO_FINDING))
    people: dict[tuple[str, str, str], "_Person"] = field(default_factory=dict)

    def records(self, rows: Iterable[tables.Row], problems: Problems) -> Iterator[Record]:
        """Yield the records; tell of the rows that give none, and of the faults in those that do."""
        for line, cells in rows:
            match = _NAME.fullmatch(cells[0])
            refused = self._refusal(match, cells[0], cells[2])
            if refused:
                image_id = match[1] if match else ""
                problems(TableProblem(self.table, line, refused.code, refused.message, image_id))
            elif match:
                self.seen.add(match[1])
                yield self._record(match, line, cells, problems)

    def _refusal(self, match: re.Match[str] | None, name: str, patient: str) -> Fault | None:
        if match is None:
            return Fault("bad_image_name", f"{quote(name)} is not the name of an NIH image")
        if match[1] in self.seen:
            return Fault("repeated_image", f"{match[1]} is listed again; its first row counts")
        if patient.strip().zfill(8) != match[2]:
            return Fault("patient_differs", f"{match[1]} is said to be of patient {quote(patient)}")
        return None

    def _record(self, match: re.Match[str], line: int, cells: Sequence[str], problems: Problems) -> Record:
        name, labels, _, years, sex, view = cells
        image_id, patient, number = match.groups()
        said = self.labels[labels]
        person = self.people.get((years, sex, view)) or self._person(years, sex, view)
        path = self._folder(name) + name
        # Set one by one: a call with all of them by name takes five times as long, half of the reading.
        record = Record("nih", self.release, image_id, f"nih_{image_id}_{patient}", path)
        record.patient_id = patient
        record.patient_key = f"{NAMESPACE}:{patient}"
        record.study_id = f"study_{number}"
        record.study_origin = "derived"
        record.view_position = person.view
        record.view_published = view
        record.view_origin = "published" if view else ""
        record.sex = person.sex
        record.age_published = years
        record.age_years = person.years
        record.statements = said.statements
        record.labeller = LABELLERS[0].key if said.statements else ""
        record.regions = self.boxes.get(image_id, ())
        record.official_split = self.splits.get(image_id, "")
        record.table_release = self.form
        if said.faults or person.faults:
            faults = (*said.faults, *person.faults)
            record.issues = tuple(Issue(code, Severity.WARNING, message) for code, message in faults)
            for code, message in faults:
                problems(TableProblem(self.table, line, code, message, image_id, dropped=False))
        return record

    def _folder(self, name: str) -> str:
        return f"images_{bisect_right(self.starts, name):03d}/images/" if self.starts else "images/"

    def _person(self, years: str, sex: str, view: str) -> "_Person":
        found = self.people[years, sex, view] = _person(years, sex, view)
        return found


class _Person(NamedTuple):
    """The three cells about who was examined and how."""

    years: float | None
    sex: str
    view: str
    faults: tuple[Fault, ...]


def _person(years: str, sex: str, view: str) -> _Person:
    faults = []
    parsed = age.parse(years)
    if parsed is not None and not parsed.plausible:
        faults.append(Fault("age_implausible", f"The age {quote(years)} is above {age.OLDEST} years"))
    elif parsed is None and years.strip():
        faults.append(Fault("age_unreadable", f"{quote(years)} is not an age"))
    known_sex, known_view = sex.strip() in ("F", "M", ""), view.strip() in ("PA", "AP", "")
    if not known_sex:
        faults.append(Fault("unknown_sex", f"{quote(sex)} is neither F nor M"))
    if not known_view:
        faults.append(Fault("unknown_view", f"{quote(view)} is neither PA nor AP"))
    return _Person(
        years=parsed.years if parsed else None,
        sex=sex.strip() if known_sex else "",
        view=(view.strip() or view_position.UNKNOWN) if known_view else view_position.UNKNOWN,
        faults=tuple(faults),
    )


def _folder_starts(entries: Path) -> Sequence[str]:
    """Return the first name in each of the twelve folders where the table holds all images, else nothing."""
    status = entries.stat()
    return _starts_in(entries, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _starts_in(entries: Path, size: int, modified: int) -> Sequence[str]:
    """Return the starts in this state of the table: it is read several times in a run."""
    del size, modified
    images, names = RELEASES["chestxray14"].images, set[str]()
    for row in tables.read(entries, _COLUMNS[:1], _ignore):
        names.add(row.cells[0])
        if len(names) > images:
            break
    if len(names) != images:
        return []
    ordered = sorted(names)
    return [ordered[place] for place in _FOLDER_STARTS]


def _ignore(problem: TableProblem) -> None:
    """Take no notice: `read` goes over the same rows and tells."""
