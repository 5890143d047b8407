"""Both MIMIC-CXR projects as the lab's PhysioNet serves them; images of noise are made when asked for."""

import hashlib
import json
import shutil
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import ZipFile

from cxr.lab.archives import one_at_a_time
from cxr.lab.exchange import FilePart
from cxr.lab.mimic import MimicContents
from cxr.lab.mimic_build import JPG, REPORTS_ZIP, SUMS, TEXTS, Made, build
from cxr.lab.mimic_pixels import noise
from cxr.progress import Progress, Silence
from cxr.stores.atomic import write_text

_FINISHED = "set.json"


@dataclass(frozen=True, slots=True)
class Project:
    """The files of one project.

    Attributes:
        contents: What they were made from.
        folder: Where those lie that are on disk.
        paths: Of every file, sorted by bytes.
        images: By path.
    """

    contents: MimicContents
    folder: Path
    paths: Sequence[str]
    images: Mapping[str, Made]

    def __contains__(self, path: str) -> bool:
        """Say whether there is such a file."""
        place = bisect_left(self.paths, path)
        return place < len(self.paths) and self.paths[place] == path

    def body(self, path: str) -> bytes | FilePart:
        """Return a file's bytes, or where they lie.

        Raises:
            KeyError: there is no such file.
        """
        if path not in self:
            raise KeyError(path)
        if path in self.images and self.contents.pixels == "noise":
            dicom_id = path.rpartition("/")[2].removesuffix(".jpg")
            return noise(self.contents.seed, self.images[path][:2], dicom_id)
        if path.endswith(".txt") and "/" in path:  # each report is a file of its own, too
            with ZipFile(self.folder / REPORTS_ZIP) as archive:
                return archive.read(path)
        file = self.folder / path
        return FilePart(file, 0, file.stat().st_size)

    def size_of(self, path: str) -> int:
        """Return a file's bytes.

        Raises:
            KeyError: there is no such file.
        """
        if path in self.images:
            return self.images[path].size
        body = self.body(path)
        return len(body) if isinstance(body, bytes) else body.end

    @property
    def size(self) -> int:
        """Bytes of the images, and of what lies beside their folder."""
        beside = (path for path in self.below("") if not path.endswith("/"))
        return sum(map(self.size_of, beside)) + sum(image.size for image in self.images.values())

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            KeyError: there is no such file.
        """
        body = self.body(path)
        return body if isinstance(body, bytes) else body.path.read_bytes()

    def below(self, prefix: str) -> Iterator[str]:
        """Yield what lies in a folder: names of files, and of folders with a slash.

        Args:
            prefix: The folder's path with a slash at the end; empty for the whole project.
        """
        place = bisect_left(self.paths, prefix)
        while place < len(self.paths) and self.paths[place].startswith(prefix):
            name, slash, _ = self.paths[place].removeprefix(prefix).partition("/")
            yield name + slash
            # Past the whole of a folder at once: 0 is the character after the slash.
            place = bisect_left(self.paths, f"{prefix}{name}0", place) if slash else place + 1


@dataclass(frozen=True, slots=True)
class MimicShelf:
    """What the lab's PhysioNet holds.

    Attributes:
        projects: ``mimic-cxr-jpg/2.1.0`` and ``mimic-cxr/2.1.0`` to their files.
    """

    projects: Mapping[str, Project]

    @property
    def images(self) -> Sequence[str]:
        """Path of every image below its project, sorted."""
        return list(self.projects[JPG].images)

    def checksums(self, project: str) -> Mapping[str, str]:
        """Return path to SHA-256 of a project's files, as its list states them."""
        lines = self.projects[project].read(SUMS).decode().splitlines()
        return {path: digest for digest, _, path in (line.partition(" ") for line in lines)}


def mimic_shelf(root: Path, contents: MimicContents, progress: Progress | None = None) -> MimicShelf:
    """Return both projects below ``root``, built if they are not there yet.

    Processes that ask at the same time wait for the one that builds.

    Raises:
        OSError: they cannot be written.
    """
    # What is made when asked for must be what was hashed: another encoder gives another folder.
    facts = json.dumps(asdict(contents), sort_keys=True).encode() + noise(contents.seed, (24, 20), "probe")
    name = f"mimic-{contents.images}-{hashlib.sha256(facts).hexdigest()[:12]}"
    folder = root / name
    with one_at_a_time(root / f"{name}.lock"):
        if not (folder / _FINISHED).exists():
            shutil.rmtree(folder, ignore_errors=True)
            made = build(folder, contents, progress or Silence())
            write_text(folder / _FINISHED, json.dumps(made))
    saved = json.loads((folder / _FINISHED).read_text("utf-8"))
    images = {path: Made(*facts) for path, facts in saved.items()}
    return MimicShelf(
        {key: _project(folder / key, contents, images if key == JPG else {}) for key in (JPG, TEXTS)}
    )


def _project(folder: Path, contents: MimicContents, images: Mapping[str, Made]) -> Project:
    lines = (folder / SUMS).read_text("utf-8").splitlines()
    listed = (line.partition(" ")[2] for line in lines)
    return Project(contents, folder, sorted([*listed, SUMS]), images)
