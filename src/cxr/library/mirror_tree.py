"""The published tree: which file of a release lies where, and which of them are no images."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from cxr.datasets import Release
from cxr.library.holdings import ListedFiles
from cxr.library.prepare import Prepared
from cxr.library.zip_holdings import ZipMembers
from cxr.model import Record, Remote

# mimic-cxr-reports.zip has 227,835 texts; who unpacked it has files/p10/p10000001/s50000001.txt.
_REPORTS: Final = "-reports.zip"


@dataclass(frozen=True, slots=True)
class Tree:
    """Where a release's files lie below the destination.

    Attributes:
        root: The release's folder, with a slash at its end; empty where its publisher names none.
        beside: What a host calls a file of another project to its path in that project's tree.
    """

    root: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def roots(self) -> frozenset[str]:
        """The folders that all of it lies in, as `root` is written."""
        return frozenset({self.root, *(f"{'/'.join(path.split('/')[:2])}/" for path in self.beside.values())})

    def image(self, record: Record, remote: Remote) -> str:
        """Return an image's path: as it is published where that tree is known, else as the host has it."""
        return self.root + record.published_path if self.root else remote.path

    def other(self, path: str) -> str:
        """Return the path of a file that is no image, in whichever folder of a copy the trees lie."""
        return self.within(path) or self.beside.get(path, self.root + path)

    def within(self, path: str) -> str:
        """Return what follows where one of the trees begins in a path of a copy; empty where none does."""
        begins = [f"/{path}".find(f"/{root}") for root in self.roots if root]
        return next((path[at:] for at in begins if at >= 0), "")


@dataclass(frozen=True, slots=True)
class Other:
    """A file of the release that is no image.

    Attributes:
        remote: What the host calls it.
        name: Its path below the destination.
        here: The same file on this machine's disk, where it is needed and was fetched before.
    """

    remote: Remote
    name: str
    here: Path | None = None


def tree_of(release: Release) -> Tree:
    """Return the tree of a release.

    What PhysioNet publishes has PhysioNet's paths, whichever host it comes from: mirrors of it and the tools
    for them know those.
    """
    place = release.places.get("physionet")
    return Tree() if place is None else Tree(f"{place.dataset}/", place.files)


def failed_list(tree: Tree, source: str) -> str:
    """Return the path of the list of what could not be had: each dataset has its own below a destination.

    Args:
        tree: The release's.
        source: Key of the dataset.
    """
    return f"{tree.root}failed_images.txt" if tree.root else f"failed_images_{source}.txt"


def others(prepared: Prepared, tree: Tree, *, reports: bool) -> Iterator[Other]:
    """Yield the files of the release that are no images, those of its own project first.

    Args:
        prepared: What the host holds.
        tree: Where they lie.
        reports: Take the archive of all reports, too.

    Raises:
        RequestError: the host does not list them.
    """
    tables = {path.name: path for path in prepared.published.tables.values()}
    own = prepared.request.tables is None and prepared.request.origin is None
    found = []
    for remote in _listed(prepared):
        here = tables.pop(PurePosixPath(remote.path).name, None)
        found.append(Other(remote, tree.other(remote.path), here if own else None))
    # A host of images alone: the tables came from elsewhere.
    found += [
        Other(Remote(name, path.stat().st_size), tree.other(name), path) for name, path in tables.items()
    ]
    ours = failed_list(tree, prepared.request.source)  # a copy may be a mirror
    wanted = [one for one in found if one.name != ours and (reports or not _is_report(one.name))]
    if any(
        tree.within(one.remote.path) for one in wanted
    ):  # a copy from above: what else is there is not ours
        wanted = [one for one in wanted if one.here or tree.within(one.remote.path)]
    yield from sorted(wanted, key=lambda one: (not one.name.startswith(tree.root), one.name))


def _is_report(name: str) -> bool:
    return name.endswith(_REPORTS) or ("/files/" in name and name.endswith(".txt"))


def _listed(prepared: Prepared) -> Iterator[Remote]:
    holdings, host = prepared.holdings, prepared.host
    remotes: Iterable[Remote]
    if isinstance(holdings, ListedFiles):
        remotes = holdings.others.values()
    elif isinstance(holdings, ZipMembers):
        remotes = holdings.directory.remotes()
    else:
        remotes = host.list()
    archives = {archive.remote.path for archive in host.archives}
    for remote in remotes:
        if remote.path not in archives and prepared.dataset.image_id_of(remote.path) is None:
            yield remote
