"""The datasets' terms as they travel: what was accepted, what lies beside derived things, what is refused.

What each dataset's terms are is declared in its own module; here they are plain values.
"""

import contextlib
import getpass
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from cxr.errors import StorageError, TermsError

NOTE = "TERMS.json"
ACCEPTED = "terms_accepted.json"
_LARGEST = 10_000_000  # bytes


@dataclass(frozen=True, slots=True)
class DatasetTerms:
    """The terms of one dataset, as they go with everything made from it.

    Attributes:
        dataset: Its key.
        licence: Name of the licence or agreement.
        restrictions: What it forbids and demands, in our words.
        shareable: Whether what is made from it may go where others read it.
        citation: Whom to credit.
    """

    dataset: str
    licence: str
    restrictions: str
    shareable: bool
    citation: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That somebody accepted a dataset's terms.

    Attributes:
        dataset: Its key.
        licence: The licence as it was called then; another one has to be accepted anew.
        who: The user of the operating system.
        when: UTC, ISO 8601.
        how: What the user typed, such as ``--accept-terms mimic``.
    """

    dataset: str
    licence: str
    who: str
    when: str
    how: str


def accept(metadata: Path, terms: DatasetTerms, how: str) -> Acceptance:
    """Record that the user accepted these terms, as one more line of ``terms_accepted.json``.

    Args:
        metadata: The library's metadata folder.
        terms: What was accepted.
        how: What the user typed.

    Raises:
        StorageError: it could not be recorded, so it does not count.
    """
    acceptance = Acceptance(terms.dataset, terms.licence, _user(), _now(), how)
    path = metadata / ACCEPTED
    line = json.dumps(asdict(acceptance), ensure_ascii=False) + "\n"
    try:
        metadata.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            # A run that was killed while writing may have left half a line.
            torn = stream.tell() > 0 and not _ends_a_line(path)
            stream.write((b"\n" if torn else b"") + line.encode("utf-8", "backslashreplace"))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise _storage(path, "written", error) from error
    return acceptance


def acceptances(metadata: Path) -> tuple[Acceptance, ...]:
    """Return everything that was accepted in a library, the oldest first; damaged lines do not count.

    Raises:
        StorageError: the file is there and cannot be read.
    """
    found = (_object(line) for line in _read(metadata / ACCEPTED).split("\n"))
    names = [one.name for one in fields(Acceptance)]
    return tuple(
        Acceptance(**{name: str(entry[name]) for name in names})
        for entry in found
        if entry is not None and all(isinstance(entry.get(name), str) for name in names)
    )


def is_accepted(accepted: Iterable[Acceptance], terms: DatasetTerms) -> bool:
    """Say whether these very terms are among what was accepted."""
    return any(one.dataset == terms.dataset and one.licence == terms.licence for one in accepted)


def require_acceptance(metadata: Path, terms: DatasetTerms) -> None:
    """Go on only where these terms were accepted in this library.

    Raises:
        TermsError: they were not; it says what they are and how to accept them.
    """
    if not is_accepted(acceptances(metadata), terms):
        raise TermsError(
            f"The terms of {terms.dataset} ({terms.licence}) were not accepted in this library.",
            think=terms.restrictions,
            next_step=f"Read them (`cxr access {terms.dataset}`), then add `--accept-terms {terms.dataset}`.",
        )


def refuse_sharing(terms: Iterable[DatasetTerms], what: str) -> None:
    """Go on only where every dataset's terms allow others to read what is made from it.

    Args:
        terms: Of all datasets that went into it.
        what: What would be shared, as a noun: ``The export to exports/webdataset``.

    Raises:
        TermsError: some do not; it names each dataset with its clause.
    """
    barred = [one for one in terms if not one.shareable]
    if not barred:
        return
    named = " and ".join(one.dataset for one in barred)
    raise TermsError(
        f"{what} would let others read {named}, which its terms forbid.",
        think="\n".join(f"{one.dataset}, {one.licence}: {one.restrictions}" for one in barred),
        next_step=f"Keep it on your own disk or in your own private bucket, or leave {named} out.",
    )


def write_note(folder: Path, terms: Iterable[DatasetTerms], *, replace: bool = False) -> None:
    """Write ``TERMS.json`` beside something derived; what an earlier one there says stays in force.

    A dataset that is named twice is shareable only where both say so.

    Args:
        folder: Where.
        terms: Of all datasets that went into what lies there.
        replace: These are all that lie there: what an earlier note says of others no longer holds.

    Raises:
        StorageError: it could not be written.
        TermsError: there is one already, and it cannot be read.
    """
    merged: dict[str, DatasetTerms] = {}
    earlier = () if replace else read_note(folder) or ()
    for one in (*earlier, *terms):
        before = merged.get(one.dataset)
        barred = before is not None and not before.shareable
        merged[one.dataset] = before if before is not None and barred and one.shareable else one
    content = {
        "datasets": [asdict(merged[key]) for key in sorted(merged)],
        "shareable": all(one.shareable for one in merged.values()),
        "written_at": _now(),
    }
    _write(folder / NOTE, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def read_note(folder: Path) -> tuple[DatasetTerms, ...] | None:
    """Return the terms that lie beside something derived, or ``None`` where there are none.

    Raises:
        StorageError: the file is there and cannot be read.
        TermsError: it is damaged, so nobody knows what may be done with what lies beside it.
    """
    path = folder / NOTE
    if not os.path.lexists(path):
        return None
    content = _object(_read(path))
    listed = content.get("datasets") if content is not None else None
    terms = [_terms(one) for one in listed] if isinstance(listed, list) else [None]
    if None in terms:
        raise TermsError(
            f"{path} is damaged, so what may be done with the files beside it is not known.",
            next_step="Make those files again, or restore the file from where they came from.",
        )
    return tuple(one for one in terms if one is not None)


def _terms(entry: object) -> DatasetTerms | None:
    kinds = {"dataset": str, "licence": str, "restrictions": str, "shareable": bool, "citation": str}
    if not isinstance(entry, dict):
        return None
    if not all(isinstance(entry.get(name), kind) for name, kind in kinds.items()):
        return None
    return DatasetTerms(**{name: entry[name] for name in kinds})


def _object(text: str) -> dict[str, object] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _storage(path, "read", error) from error


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise _storage(path, "written", error) from error


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _storage(path: Path, done: str, error: OSError) -> StorageError:
    return StorageError(
        f"{path} cannot be {done}: {error.strerror}.",
        next_step="Free space or make the folder writable, then run the same command again.",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


__all__: Sequence[str] = (
    "Acceptance",
    "DatasetTerms",
    "accept",
    "acceptances",
    "is_accepted",
    "read_note",
    "refuse_sharing",
    "require_acceptance",
    "write_note",
)
