"""A library that is downloaded from the lab, and what must be true of it."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from support.agreement import check_agreement, sha256
from support.program import cxr

IMPATIENT = {
    "CXR_DOWNLOAD__RETRY_DELAY": "0.05",
    "CXR_DOWNLOAD__STALL_TIMEOUT": "1",
    "CXR_DOWNLOAD__TIMEOUT": "5",
}
"""Settings with which a host's failures are over soon."""


def arguments(library: Path, host: str, lab: Any) -> list[object]:
    """Return a command that downloads all of the lab's NIH images from one of its hosts."""
    tables = ["--tables", lab.tables] if host == "box" else []
    return ["download", "--source", "nih", "--host", host, *tables, "--base-dir", library, "--yes"]


def variables(lab: Any) -> Mapping[str, str]:
    """Return the environment of such a command."""
    return {**lab.environment, **IMPATIENT}


def download(home: Path, library: Path, host: str, lab: Any, *more: object, expect: int | None = 0) -> Any:
    """Carry that command out."""
    return cxr(home, *arguments(library, host, lab), *more, expect=expect, variables=variables(lab))


def check_complete(library: Path, lab: Any) -> None:
    """Every image of the lab is there once, byte-identical, and everything written about them agrees."""
    check_agreement(library, "nih", {PurePosixPath(path).stem: digest for path, digest in lab.images.items()})


def failed(library: Path) -> dict[str, str]:
    """Return the code of each failed image, by id, as ``failed_images.txt`` has it."""
    lines = (library / "metadata" / "failed_images.txt").read_text("utf-8").splitlines()[1:]
    return {line.split("\t")[1]: line.split("\t")[2] for line in lines}


def present(library: Path) -> dict[str, str]:
    """Return the SHA-256 of each image that is there, by id."""
    return {path.stem.removeprefix("nih_")[:12]: sha256(path) for path in (library / "Images").iterdir()}
