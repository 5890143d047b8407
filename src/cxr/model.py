"""The values that pass between the parts: records, statements, remotes, issues.

Names follow DICOM and radiology. Nothing here reads a file or knows a dataset.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a labeller stated about a finding.

    A finding outside the labeller's vocabulary has no state at all: it is *not assessed*.
    """

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"
    UNMENTIONED = "unmentioned"


class Scope(StrEnum):
    """Whether a labeller speaks of one image or of a whole study."""

    IMAGE = "image"
    STUDY = "study"


class Severity(StrEnum):
    """How much an issue matters: only errors fail a validation."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Status(StrEnum):
    """Where an image of the index stands."""

    DOWNLOADED = "downloaded"  # its bytes are in the library
    ADOPTED = "adopted"  # its bytes stay where the user has them
    SKIPPED = "skipped"  # a visible file of a local folder that is not an image
    QUARANTINED = "quarantined"  # failed validation and was set aside


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong with one file, by our checks.

    Attributes:
        code: Stable name, such as ``truncated``.
        severity: Only errors fail a validation.
        message: One sentence for a person, with the numbers measured.
    """

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class LabelledFinding:
    """One finding in a labeller's vocabulary.

    Attributes:
        published: The word the dataset publishes (``Pleural_Thickening``).
        common: Key in `cxr.vocabulary`, or ``None`` where nothing common means the same.
        listed: Whether captions list it; False where it follows from the others (NIH's ``No Finding``).
    """

    published: str
    common: str | None
    listed: bool = True


class Code(NamedTuple):
    """What one character of packed statements stands for.

    Attributes:
        state: The state.
        published: The value as published (``-1.0``); ``None`` means the finding's own name stood in a list.
    """

    state: State
    published: str | None


@dataclass(frozen=True, slots=True)
class Labeller:
    """Who or what stated the labels.

    Attributes:
        key: Unique over all datasets (``nih_text_mining``).
        name: For people (``NIH text mining``).
        version: As its authors call it; empty where they do not say.
        scope: What its statements are about.
        closed_world: It lists only what it found: the rest is negative by the dataset's own convention.
        findings: Its vocabulary, in published order. Position is index + 1.
        codes: The meaning of each character of `PackedStatements.codes`.
    """

    key: str
    name: str
    version: str
    scope: Scope
    closed_world: bool
    findings: tuple[LabelledFinding, ...]
    codes: Mapping[str, Code]

    def expand(self, codes: str) -> Iterator["Statement"]:
        """Yield one statement for each finding that ``codes`` states."""
        for finding, character in zip(self.findings, codes, strict=True):
            code = self.codes[character]
            published = finding.published if code.published is None else code.published
            yield Statement(self.key, finding, code.state, published)


class PackedStatements(NamedTuple):
    """All statements of one labeller about one image or study.

    Attributes:
        labeller: `Labeller.key`.
        codes: One character for each of the labeller's findings, in its order.
    """

    labeller: str
    codes: str


class Statement(NamedTuple):
    """One labeller, one finding, one state."""

    labeller: str
    finding: LabelledFinding
    state: State
    published_value: str


@dataclass(frozen=True, slots=True)
class Region:
    """A box that a labeller drew, in pixels of the original image; x to the right, y down, from its corner.

    Attributes:
        finding: As published.
        common: Key in `cxr.vocabulary`, or ``None``.
        labeller: `Labeller.key`, or another name for who drew it.
        x: Left edge.
        y: Upper edge.
        width: In pixels.
        height: In pixels.
        frame_width: Width of the image whose pixels these are.
        frame_height: Its height.
    """

    finding: str
    common: str | None
    labeller: str
    x: float
    y: float
    width: float
    height: float
    frame_width: int
    frame_height: int


@dataclass(frozen=True, slots=True)
class Report:
    """A radiology report as published.

    Attributes:
        text: The whole text.
        findings: The findings section, empty where there is none.
        impression: The impression section, empty where there is none.
        language: ISO 639-1 code.
        form: ``full`` as written, or what was done to it (PadChest: ``stemmed``).
    """

    text: str
    findings: str
    impression: str
    language: str = "en"
    form: str = "full"


@dataclass(slots=True)
class Record:
    """One image as published: what the dataset's authors say about it, before any byte of it is read.

    Attributes:
        source: Key of the dataset.
        release: Key of the release.
        image_id: Published name without folder and extension.
        stem: File name in the library, without extension.
        patient_id: As published; empty where nothing is.
        patient_key: ``{namespace}:{patient_id}``, what splits use; empty with `patient_id`.
        study_id: As published or derived (`study_origin`).
        study_origin: ``published`` or ``derived``.
        view_position: Normalised (`cxr.view_position`), ``UNKNOWN`` where nothing is known.
        view_published: The published word.
        view_origin: Where the view comes from: ``published``, ``dicom``, empty.
        sex: ``F``, ``M`` or empty.
        age_published: As published (``013M``).
        age_years: In years, ``None`` where unknown or implausible.
        study_date: ``YYYY-MM-DD`` or empty.
        study_time: ``HH:MM:SS`` or empty.
        published_path: Path in the published tree.
        statements: By each labeller that looked at it.
        labeller: Key of the labeller whose states the index shows; empty for none.
        regions: Boxes, in the original's pixel frame.
        report: Free text, where there is one.
        official_split: The published word, or empty.
        table_release: Which form of the table it was read from.
        attribution: Whom to credit, where that differs by image; else the dataset's.
        issues: What was wrong with its row.
    """

    source: str
    release: str
    image_id: str
    stem: str
    published_path: str
    patient_id: str = ""
    patient_key: str = ""
    study_id: str = ""
    study_origin: str = "published"
    view_position: str = "UNKNOWN"
    view_published: str = ""
    view_origin: str = ""
    sex: str = ""
    age_published: str = ""
    age_years: float | None = None
    study_date: str = ""
    study_time: str = ""
    statements: tuple[PackedStatements, ...] = ()
    labeller: str = ""
    regions: tuple[Region, ...] = ()
    report: Report | None = None
    official_split: str = ""
    table_release: str = ""
    attribution: str = ""
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Remote:
    """One file, or archive member, at a host.

    Attributes:
        path: As the host names it, with ``/``.
        size: In bytes; ``None`` where the host does not say.
        checksum: ``sha256:<hex>``, ``md5:<hex>`` or ``crc32:<hex>``; empty where the host publishes none.
    """

    path: str
    size: int | None = None
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What a host holds of one release, and where the host is.

    Attributes:
        dataset: What the host calls the release, such as ``nih-chest-xrays/data``.
        files: Name to what the host calls that file, for hosts that list nothing.
        checksums: Name to ``md5:<hex>``, as far as anybody lists them.
        addresses: Name to base URL, where they differ from those in the host's module.
        credentials: Whether the user's credentials for the host may go there.
    """

    dataset: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    credentials: bool = True


class Transfer(StrEnum):
    """How an image came into the library."""

    LINKED = "linked"  # hard link to the user's own copy
    COPIED = "copied"  # from a disk of this machine
    RECEIVED = "received"  # from a host
    FOUND = "found"  # lay in the library without a ledger row, and was verified


@dataclass(frozen=True, slots=True)
class Original:
    """A file as its host has it, of which a smaller one was made on the way.

    Attributes:
        size: In bytes.
        sha256: Hex digest.
        width: In pixels.
        height: In pixels.
        bit_depth: Bits a sample.
        scaled_width: What the whole image was scaled to, in pixels.
        scaled_height: Likewise.
        left: Where the scaled image lies in the one that was made, in pixels; below 0 where it is cut off.
        top: Likewise.
        processing: What was done to the pixels, for people.
    """

    size: int
    sha256: str
    width: int
    height: int
    bit_depth: int
    scaled_width: int
    scaled_height: int
    left: int
    top: int
    processing: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image whose bytes are in place, complete and verified.

    Attributes:
        name: File name under the images folder.
        size: In bytes.
        sha256: Hex digest of the bytes in the library.
        url: Where they came from, without signature or password.
        how: The way they came.
        seconds: Wall time spent on it.
        width: In pixels; ``None`` where the header was not read.
        height: In pixels.
        bit_depth: Bits a sample.
        original: What the host has, where that is not what is in place; ``None`` where it is.
    """

    name: str
    size: int
    sha256: str
    url: str
    how: Transfer
    seconds: float
    width: int | None = None
    height: int | None = None
    bit_depth: int | None = None
    original: Original | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one image could not be had.

    Attributes:
        image_id: Which.
        code: Stable name, such as ``size_differs``.
        reason: One sentence with the file and host.
        url: Where it was looked for, without signature or password.
    """

    image_id: str
    code: str
    reason: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class TableProblem:
    """A row or cell of a published table that could not be used as it stands.

    Attributes:
        table: File name.
        line: Line in the file, from 1; 0 where it concerns the whole table.
        code: Stable name, such as ``repeated_image``.
        message: One sentence that quotes the cell.
        image_id: The image concerned, where the row names one.
        dropped: The row gives no record.
    """

    table: str
    line: int
    code: str
    message: str
    image_id: str = ""
    dropped: bool = True


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over one dataset: what ``datasets show`` and ``stats`` print.

    Attributes:
        images: Rows.
        patients: Distinct patient keys.
        views: Images by view.
        sexes: Images by sex.
        ages: ``min``, ``median``, ``max`` in years and ``implausible``: image ids.
        table_release: Form of the table, ``""`` where there is none.
        findings: By published finding, images in each state.
        official_split: Images by published part, or ``None``.
        extra: What else is known of a library's images: bytes, splits, how they came; empty for tables.
    """

    images: int
    patients: int
    views: Mapping[str, int]
    sexes: Mapping[str, int]
    ages: Mapping[str, object]
    table_release: str
    findings: Mapping[str, Mapping[str, int]]
    official_split: Mapping[str, int] | None
    extra: Mapping[str, object] = field(default_factory=dict)
