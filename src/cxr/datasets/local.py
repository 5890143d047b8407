r"""A folder of your own: any images, no tables, nothing stated about them.

Every visible file gets a record; whether it is an image is found out later, from its bytes. Hidden are names
that begin with a dot, and what systems leave behind: ``__MACOSX``, ``Thumbs.db``, ``desktop.ini``.

Identifiers:
    image: the path below the folder without extension. Where two files differ by their extension only
    (``a.jpg``, ``a.png``), the first in alphabetical order has it, the next ``a_2``, and so on: the same
    files always have the same ids. An extension has up to eight letters and digits, one of them a letter, so
    that a DICOM UID keeps its last number. Characters that no terminal or caption could show (controls, line
    breaks, bytes that are no UTF-8) are written ``\x0a``; such a record has the note ``name_escaped``.
    patient, study: nobody states them. Splits ask for ``--patients FILE`` first.
    stem: ``local_`` and the image id, ``/`` as ``__``, what some file systems refuse as ``_``, emoji kept;
    at most 200 bytes, the end of a longer one replaced by a hash. Stems differ even where letter case does
    not count.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from cxr.datasets import Example, Problems, Published, Release, Terms
from cxr.model import Issue, Record, Severity

TITLE = "Local images"
NAMESPACE = "local"
TERMS = Terms(
    licence="your own",
    summary="What may be done with these images is between you and whoever gave them to you: cxr does not "
    "know, and forbids nothing.",
    access="open",
    in_all=False,
    shareable=True,
    steps=("Name the folder: cxr index --source local --at FOLDER",),
)
ATTRIBUTION = "the user's own images"
CITATION = """\
@misc{local_images,
  title = {A local collection of radiographs},
  note  = {Cite where these images come from}
}
"""
RELEASES = {
    "files": Release(
        key="files", hosts=("folder",), images=0, patients=0, pixel_processing="unknown", average_bytes=0
    )
}
LABELLERS = ()
EXAMPLE = Example(
    tables={},
    files=(
        "ward 3/frontal.png",
        "ward 3/frontal.jpg",
        "ward 3/frontal_2.png",
        "ward_3/frontal.png",
        "1.2.840.99999.1",
        "notes.txt",
        "\N{LUNGS}.png",
        ".hidden.png",
        "__MACOSX/ward 3/frontal.png",
        "ward 3/Thumbs.db",
    ),
    images=7,
)

_EXTENSION = re.compile(r"\.(?=[0-9]*[a-z])[a-z0-9]{1,8}", re.IGNORECASE)
_LITTER: Final = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"})
_UNSHOWN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # these reorder a line
_REFUSED = re.compile(r'[<>:"\\|?*]')  # by NTFS, exFAT and SMB shares
_LONGEST: Final = 200  # bytes; 255 is what file systems allow, extension and ``.part`` included


def find_tables(paths: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG001  the protocol's argument
    """Return no tables: whatever lies in the folder is a file like the others."""
    return {}


def read(published: Published, problems: Problems) -> Iterator[Record]:  # noqa: ARG001  nothing to tell
    """Yield a record for each visible file, sorted by path; ``published_path`` is the path as listed."""
    paths = sorted(remote.path for remote in published.files if image_id_of(remote.path) is not None)
    ids = _distinct(_plain_id(path) for path in paths)
    stems = _distinct((_stem(image_id) for image_id in ids), fold=True)
    for path, image_id, stem in zip(paths, ids, stems, strict=True):
        yield Record(
            source="local",
            release=published.release,
            image_id=image_id,
            stem=stem,
            published_path=path,
            issues=_issues(path),
        )


def image_id_of(path: str) -> str | None:
    """Return the id of a file, but for the number that tells it from others; ``None`` for a hidden one."""
    parts = path.split("/")
    if any(not part or part.startswith(".") or part.lower() in _LITTER for part in parts):
        return None
    return _plain_id(path)


def _plain_id(path: str) -> str:
    suffix = PurePosixPath(path).suffix
    return _escaped(path[: -len(suffix)] if suffix and _EXTENSION.fullmatch(suffix) else path)


def _escaped(text: str) -> str:
    if text.isprintable() and text.isascii():
        return text
    return "".join(_escape(character) if _is_unshown(character) else character for character in text)


def _is_unshown(character: str) -> bool:
    return unicodedata.category(character) in _UNSHOWN or character in _TURNING


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _stem(image_id: str) -> str:
    name = _REFUSED.sub("_", image_id.replace("/", "__").replace("..", "__"))
    stem = f"local_{name}"
    if len(stem.encode()) <= _LONGEST:
        return stem
    digest = hashlib.sha256(image_id.encode()).hexdigest()[:16]
    return f"{stem.encode()[: _LONGEST - 17].decode(errors='ignore')}_{digest}"


def _distinct(names: Iterable[str], *, fold: bool = False) -> list[str]:
    """Return the names, the second and later ones of a kind with a number that no other has.

    Args:
        names: In a fixed order.
        fold: Take names for equal that differ in letter case or in how accents are composed only.
    """
    names = list(names)
    taken = {_folded(name) if fold else name for name in names}
    met: set[str] = set()
    numbers: dict[str, int] = {}
    distinct = []
    for name in names:
        found = key = _folded(name) if fold else name
        if key in met:
            number = numbers.get(key, 2)
            while (found := f"{key}_{number}") in taken:
                number += 1
            numbers[key] = number + 1
            taken.add(found)
            name = f"{name}_{number}"  # noqa: PLW2901  the name with its number takes the name's place
        met.add(found)
        distinct.append(name)
    return distinct


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _issues(path: str) -> tuple[Issue, ...]:
    if not any(_is_unshown(character) for character in path):
        return ()
    message = "The file's name has characters that cannot be shown; they are escaped in its id"
    return (Issue("name_escaped", Severity.NOTE, message),)
