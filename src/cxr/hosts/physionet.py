"""PhysioNet: the files of a project one by one, for those who may read it.

What a project holds is told by its own lists, never by crawling its folders. Files of a second project, for
which another agreement is asked, may be had beside them under the names that `Place.files` gives.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cxr.credentials import Found, find
from cxr.errors import HostError, UsageError
from cxr.hosts import Access, Place, Speed
from cxr.hosts._physionet_lists import NAMES, SUMS, among, checksums, filenames, is_path, merged
from cxr.hosts._physionet_refusals import SITE, missing
from cxr.hosts._physionet_sign_in import authorization, named, unusable
from cxr.hosts._physionet_way import FIRST_BYTE, Way
from cxr.hosts._ranges import Opener, Part, WebContent, open_part
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.http.status import error_for
from cxr.model import Remote

ADDRESSES: Final[Mapping[str, str]] = {"files": f"{SITE}/files"}
_PROJECT: Final = re.compile(r"[a-z0-9][a-z0-9-]*/[0-9A-Za-z][0-9A-Za-z.]*")
_EDGE: Final = (
    64 << 10
)  # bytes; of a sorted list of all files, those in no folder stand in its first and last


def connect(place: Place, settings: HttpSettings) -> "PhysioNet":
    """Return the connection to a project; nothing is asked yet.

    Args:
        place: ``dataset`` is the project and its version, ``mimic-cxr-jpg/2.1.0``; ``files`` is name to path
            below the address ``files``, for files of other projects.
        settings: Of every request.

    Raises:
        UsageError: that is no project of PhysioNet's.
        ConfigError: ``.env``, where credentials may lie, cannot be read.
    """
    for project in (place.dataset, *map(project_of, place.files.values())):
        if _PROJECT.fullmatch(project) is None:
            raise UsageError(
                f"{project!r} is no project at PhysioNet.",
                next_step="Give it with its version, as its address ends: mimic-cxr-jpg/2.1.0.",
            )
    return PhysioNet(place, named(settings), find("physionet") if place.credentials else None)


class PhysioNet:
    """One project at PhysioNet, and single files of others."""

    key = "physionet"
    # It publishes no limit. Three jobs of eight connections each were refused new ones.
    ceiling = 4
    speed: Speed | None = Speed(
        45e3, 4 * 45e3, "measured by users: 40 to 50 kB/s a connection (MIMIC_IV_MEDS, pull request 49)"
    )
    archives = ()

    def __init__(self, place: Place, settings: HttpSettings, found: Found | None) -> None:
        self._base = {**ADDRESSES, **place.addresses}["files"].rstrip("/")
        self._project = place.dataset
        self._files = dict(place.files)
        self._where = found.where if found is not None else ""
        self._wrong = unusable(found)
        self._way = Way(self._address(f"{place.dataset}/{SUMS}"), settings, authorization(found))
        self._allowed: set[str] = set()

    def check_access(self) -> Access:
        """Ask for one byte of each project, and before that whether a password would count.

        Raises:
            RequestError: it could not be asked.
        """
        if self._wrong:
            return Access(ready=False, missing=self._wrong)
        refused: dict[str, RefusedError] = {}
        try:
            opener = self._way.opener()
            for project in (self._project, *self._others()):
                self._ask(opener, project, refused)
        except RefusedError as error:
            if error.is_on_the_way:
                raise
            return Access(ready=False, missing=error.reason)
        step = missing(refused, self._allowed, self._where) if refused else ""
        if self._project in refused:
            return Access(ready=False, missing=step)
        return Access(ready=True, lacking=step)

    def list(self) -> Iterator[Remote]:
        """Yield the project's files and those of `Place.files`, sorted by path; nobody tells their sizes.

        Raises:
            HostError: what came is no list.
            RequestError: the list is refused, or cannot be had now.
        """
        named = filenames(self._images(), self._what(NAMES))
        summed = checksums(self._read(f"{self._project}/{SUMS}"), self._what(SUMS))
        yield from merged(self._single_files(), summed, named, [Remote(SUMS)])

    @contextmanager
    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> Iterator[WebContent]:
        """Open a file; see `cxr.hosts.Host.open`.

        Raises:
            TransientError: trying again may help.
            RefusedError: trying again cannot help.
        """
        path = self._files.get(remote.path, f"{self._project}/{remote.path}")
        with self._open(path, Part(start, end, validator), remote.path) as content:
            yield content

    def url(self, remote: Remote) -> str:
        """Return where it can be had with an account."""
        return self._address(self._files.get(remote.path, f"{self._project}/{remote.path}"))

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Cut every open connection."""
        self._way.close()

    def _address(self, path: str) -> str:
        return f"{self._base}/{quote(path, errors='surrogateescape')}"

    @contextmanager
    def _open(self, path: str, part: Part, name: str) -> Iterator[WebContent]:
        what = self._what(name)
        if self._wrong:
            raise RefusedError("credentials", f"{what}: {self._wrong}")
        if not is_path(path):
            raise RefusedError("http_404", f"PhysioNet: {name!r} is no path of a file.")
        project = project_of(path)
        with ExitStack() as stack:
            try:
                opener = self._way.opener()
                content = stack.enter_context(open_part(opener, self._address(path), part, what=what))
            except RefusedError as error:
                raise self._explained(error, what, project) from error
            _refuse_page(content, path, f"{what}: a web page came in its place: {self._address(path)}")
            self._allowed.add(project)
            yield content

    def _ask(self, opener: Opener, project: str, refused: dict[str, RefusedError]) -> None:
        """Ask for a byte that everybody may read who has signed the project's agreement."""
        address = self._address(f"{project}/{SUMS}")
        with opener.open(address, headers=FIRST_BYTE) as answer:
            if answer.status < 400 or answer.status == 416:
                self._allowed.add(project)
                return
            error = error_for(answer, f"PhysioNet, {project}")
        if not isinstance(error, RefusedError):
            raise error
        refused[project] = error

    def _explained(self, error: RefusedError, what: str, project: str) -> RefusedError:
        """Return a refusal with what it means; a file that is not there stays one."""
        if error.code not in {"http_401", "http_403"}:
            return error
        step = missing({project: error}, self._allowed - {project}, self._where)
        return RefusedError(error.code, f"{what}: {step}", status=error.status)

    def _read(self, path: str) -> Iterator[bytes]:
        """Yield a list's bytes. Where the connection breaks on the way, the list goes on from there."""
        have, validator = 0, ""
        while True:
            begun = have
            try:
                with self._open(path, Part(have, None, validator), path) as content:
                    if content.start != have:
                        raise HostError(
                            f"{self._what(path)} changed while it was read.", next_step="Try again later."
                        )
                    validator = content.validator
                    for block in content:
                        have += len(block)
                        yield block
            except TransientError:
                if have == begun:
                    raise
            else:
                return

    def _images(self) -> Iterator[bytes]:
        """Yield the list of images; nothing where the project has none."""
        try:
            yield from self._read(f"{self._project}/{NAMES}")
        except RefusedError as error:
            if error.status != 404:
                raise

    def _others(self) -> Sequence[str]:
        """Return the projects that single files are of."""
        return sorted({project_of(path) for path in self._files.values()} - {self._project})

    def _single_files(self) -> Sequence[Remote]:
        """Return the files of other projects, with a checksum where their project tells it to us."""
        found: dict[str, str] = {}
        for project in self._others():
            wanted = {path for path in self._files.values() if project_of(path) == project}
            with suppress(RefusedError):  # whoever opens them is told which agreement is missing
                found |= self._checksums_in(project, wanted)
        return [Remote(name, None, found.get(self._files[name], "")) for name in sorted(self._files)]

    def _checksums_in(self, project: str, wanted: Collection[str]) -> Mapping[str, str]:
        """Return the checksums of some files of a project.

        Those in no folder stand at the list's ends, since it is sorted: the whole has 604,950 lines.
        """
        path = f"{project}/{SUMS}"
        with self._open(path, Part(0, _EDGE), path) as content:
            size = content.size
            found = among(content, project, wanted)
        if size is not None and size > _EDGE and found.keys() != set(wanted):
            with self._open(path, Part(size - _EDGE), path) as content:
                found |= among(content, project, wanted)
        if found.keys() != set(wanted):
            found = among(self._read(path), project, wanted)
        return found

    def _what(self, name: str) -> str:
        return f"PhysioNet, {name}"


def project_of(path: str) -> str:
    """Return the project, with its version, that a path below the address of all projects is of."""
    return "/".join(path.split("/")[:2])


def _refuse_page(content: WebContent, path: str, reason: str) -> None:
    """Tell a page, such as that of a folder, from a file. nginx sends one with 416, too, where nothing is."""
    is_nothing = content.start > 0 or content.size == 0
    if content.media_type == "text/html" and not is_nothing and not path.endswith((".html", ".htm")):
        raise RefusedError("web_page", reason)
