"""What the parts of the library ask the index, streamed where it may be long."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from cxr.database.connection import Database
from cxr.model import Issue, Severity, Status

_PAGE = 2000


class Held(NamedTuple):
    """One image of the index, as validation needs it.

    Attributes:
        source: Key of the dataset.
        release: Key of the release.
        image_id: Which.
        stem: Of its file names in the library.
        status: Where it stands.
        image_path: Relative to the base directory, or absolute, or a URL.
        caption_path: Relative to the base directory, or empty.
        size: In bytes as recorded, ``None`` where nothing is.
        sha256: As recorded, empty where nothing is.
        image_quality: What the last validation made of it, empty before the first.
        patient_id: As published.
        study_id: As published or derived.
        view_position: Normalised.
        labeller: Key of the labeller whose states the index shows, empty for none.
        codes: Its packed statements.
    """

    source: str
    release: str
    image_id: str
    stem: str
    status: Status
    image_path: str
    caption_path: str
    size: int | None
    sha256: str
    image_quality: str
    patient_id: str
    study_id: str
    view_position: str
    labeller: str
    codes: str


class FoundIssue(NamedTuple):
    """One issue of one image.

    Attributes:
        source: Key of the dataset.
        image_id: Which image.
        image_path: Where it lies, as the index has it.
        origin: ``table`` or ``validation``.
        issue: What is wrong.
    """

    source: str
    image_id: str
    image_path: str
    origin: str
    issue: Issue


def held(database: Database, source: str | None = None) -> Iterator[Held]:
    """Yield the images of a source, or of all, in the order in which they came, without skipped files.

    They are read a page at a time, so that whoever consumes them may write to the index meanwhile.
    """
    sql = """
        SELECT id, source, release, image_id, stem, status, image_path, caption_path, bytes, sha256,
               image_quality, patient_id, study_id, view_position, labeller, codes
        FROM images WHERE status <> 'skipped' AND (? IS NULL OR source = ?) AND id > ? ORDER BY id LIMIT ?
    """
    last = 0
    while page := list(database.rows(sql, (source, source, last, _PAGE))):
        for row in page:
            last, *values = cast(tuple[Any, ...], row)
            image = Held(*values)
            yield image._replace(status=Status(image.status))


def sources(database: Database) -> list[str]:
    """Return the keys of the datasets of which the index holds images, sorted."""
    # Asks the index for the next key each time, instead of reading every row.
    sql = """
        WITH RECURSIVE found (source) AS (
            SELECT min(source) FROM images
            UNION ALL
            SELECT (SELECT min(source) FROM images WHERE source > found.source) FROM found
            WHERE found.source IS NOT NULL
        )
        SELECT source FROM found WHERE source IS NOT NULL
    """
    return [cast(str, source) for (source,) in database.rows(sql)]


def image_ids(database: Database, source: str) -> Iterator[str]:
    """Yield the id of each image and skipped file of a source, sorted."""
    for (image_id,) in database.rows(
        "SELECT image_id FROM images WHERE source = ? ORDER BY image_id", (source,)
    ):
        yield cast(str, image_id)


def stems_elsewhere(database: Database, source: str) -> dict[str, str]:
    """Return the stem of each image that lies not among the library's own: ``image_id`` to stem."""
    rows = database.rows(
        "SELECT image_id, stem FROM images WHERE source = ? AND status IN ('adopted', 'quarantined')",
        (source,),
    )
    return dict(cast(Iterator[tuple[str, str]], rows))


def releases(database: Database, source: str) -> set[str]:
    """Return the releases of a source of which the index holds images."""
    rows = database.rows("SELECT DISTINCT release FROM images WHERE source = ?", (source,))
    return {cast(str, release) for (release,) in rows}


def places_elsewhere(database: Database, source: str) -> dict[str, str]:
    """Return where images lie that are not among the library's own: adopted, or set aside."""
    rows = database.rows(
        "SELECT image_id, image_path FROM images WHERE source = ? AND status IN ('adopted', 'quarantined')",
        (source,),
    )
    return dict(cast(Iterator[tuple[str, str]], rows))


def out_of_date(database: Database, source: str, reading: str) -> dict[str, str]:
    """Return the images whose row or caption is to be written again: ``image_id`` to image quality.

    They were read from other tables, or by another cxr, than ``reading`` says, or validation found their
    caption to be wrong.
    """
    rows = database.rows(
        """
        SELECT image_id, image_quality FROM images INDEXED BY images_standing
        WHERE source = ? AND reading <> ?
        UNION
        SELECT i.image_id, i.image_quality FROM issues JOIN images i ON i.id = issues.image
        WHERE i.source = ? AND issues.origin = 'validation' AND issues.code LIKE 'caption_%'
        """,
        (source, reading, source),
    )
    return dict(cast(Iterator[tuple[str, str]], rows))


def origins(database: Database, source: str) -> dict[str, str]:
    """Return where each image or skipped file of a source came from: ``image_id`` to ``source_url``."""
    rows = database.rows("SELECT image_id, source_url FROM images WHERE source = ?", (source,))
    return dict(cast(Iterator[tuple[str, str]], rows))


def issues(database: Database, source: str | None = None) -> Iterator[FoundIssue]:
    """Yield the issues of a source, or of all, by image in the order in which images came."""
    sql = """
        SELECT images.source, images.image_id, images.image_path, issues.origin, issues.code, issues.severity,
               issues.message
        FROM issues JOIN images ON images.id = issues.image
        WHERE ? IS NULL OR images.source = ? ORDER BY images.id, issues.id
    """
    for row in database.rows(sql, (source, source)):
        key, image_id, path, origin, code, severity, message = cast(tuple[str, ...], row)
        yield FoundIssue(key, image_id, path, origin, Issue(code, Severity(severity), message))
