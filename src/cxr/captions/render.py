"""The caption of one image, from its record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cxr import age
from cxr.captions.form import (
    GENERATED,
    HEADER,
    METADATA,
    NO_REPORT,
    SECTIONS,
    TERMS,
    UNKNOWN,
    block,
    codes_of,
    header_values,
    label_lines,
    labeller_value,
    one_line,
    section,
)
from cxr.captions.prose import NOTHING_STATED, Prose, from_labels
from cxr.datasets import Dataset, Release
from cxr.model import Labeller, Record

_NO_SECTION = "The report has no such section."
_IMAGE_QUALITY = "Image Quality: "


@dataclass(frozen=True, slots=True)
class About:
    """What all captions of one release share.

    Attributes:
        title: The dataset's name for people; also what ``SOURCE`` says.
        images: How many the release holds, as published; 0 where that is the user's choice.
        patients: Likewise.
        terms: What the reader of the caption has agreed to; empty for open data.
        labellers: By key.
        reports: Whether there is a report of every study, so that a caption without one says so.
    """

    title: str
    images: int = 0
    patients: int = 0
    terms: str = ""
    labellers: Mapping[str, Labeller] = field(default_factory=dict)
    reports: bool = False

    @classmethod
    def of(cls, dataset: Dataset, release: Release) -> "About":
        """Return what the captions of this release share."""
        terms = dataset.TERMS
        shared = "may be shared" if terms.shareable else "not to be shared"
        return cls(
            title=dataset.TITLE,
            images=release.images,
            patients=release.patients,
            terms="" if terms.access == "open" else f"{terms.licence}; {terms.access} access, {shared}",
            labellers={labeller.key: labeller for labeller in dataset.LABELLERS},
            reports=release.reports,
        )


def render(record: Record, about: About, *, image_quality: str = UNKNOWN) -> str:
    r"""Return the caption of one image, as it is written: UTF-8, ``\n``, one newline at its end.

    Values are printed as published, each on one line; a report is used as it is. Where nothing was stated
    about an image the caption says that, and guesses nothing.

    Args:
        record: The image as published.
        about: What all captions of its release share.
        image_quality: ``good``, the codes of warnings, or ``unreadable`` once it was validated.

    Raises:
        KeyError: `Record.labeller` is none of the release's.
        ValueError: the record's statements do not fit their labeller.
    """
    codes = codes_of(record)
    labeller = about.labellers[record.labeller] if codes else None
    labels = "\n".join(label_lines(labeller, codes))
    prose, origin = _text(record, labeller, codes)
    if about.reports and record.report is None:
        origin += f" ({NO_REPORT})"
    header = header_values(
        about.title, record.patient_id, record.study_id, record.view_position, record.image_id
    )
    metadata = (
        _age(record),
        record.sex,
        record.study_date,
        image_quality,
        _dataset(about),
        origin,
        labeller_value(labeller),
    )
    last = _pairs(METADATA, metadata)
    if about.terms:
        last += f"\n{TERMS}: {one_line(about.terms)}"
    bodies = (prose.findings, prose.impression, labels, last)
    parts = [f"{section(name)}\n{body}" for name, body in zip(SECTIONS, bodies, strict=True)]
    return "\n\n".join([_pairs(HEADER, header), *parts]) + "\n"


def with_image_quality(text: str, quality: str) -> str | None:
    """Return a caption with another ``Image Quality``, every other character as it was.

    Returns:
        The caption, or ``None`` where ``text`` has no such line of ours, or more than one.
    """
    lines = text.split("\n")
    sections = [number for number, line in enumerate(lines) if line == section(SECTIONS[-1])]
    if len(sections) != 1:
        return None
    found = [n for n in range(sections[0] + 1, len(lines)) if lines[n].startswith(_IMAGE_QUALITY)]
    if len(found) != 1:
        return None
    lines[found[0]] = _IMAGE_QUALITY + one_line(quality)
    return "\n".join(lines)


def _text(record: Record, labeller: Labeller | None, codes: str) -> tuple[Prose, str]:
    """Return the two texts and where they come from."""
    report = record.report
    if report is not None:
        findings, impression = block(report.findings), block(report.impression)
        if not findings and not impression:
            findings = block(report.text)  # a report without sections is told whole
        if findings or impression:
            prose = Prose(findings or _NO_SECTION, impression or _NO_SECTION)
            return prose, f"report ({one_line(report.language)}, {one_line(report.form)})"
    if labeller is not None:
        return from_labels(labeller, codes), GENERATED
    return Prose(NOTHING_STATED, NOTHING_STATED), "none"


def _dataset(about: About) -> str:
    if not about.images:
        return about.title
    patients = f" from {about.patients:,} patients" if about.patients else ""
    return f"{about.title} ({about.images:,} images{patients})"


def _pairs(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return "\n".join(f"{name}: {one_line(value)}" for name, value in zip(names, values, strict=True))


def _age(record: Record) -> str:
    """Return the age as published where it reads as one, else from the number; years, months below two."""
    if record.age_years is None:
        return UNKNOWN
    published = age.parse(record.age_published)
    if published is not None:
        return published.caption
    if record.age_years >= 2:
        return str(int(record.age_years))
    months = int(record.age_years * 12)
    return "1 month" if months == 1 else f"{months} months"
