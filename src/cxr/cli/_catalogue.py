"""What the command line says of a dataset before anything is downloaded."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxr.datasets import Dataset, Release


_MAKERS = frozenset({"phantoms"})  # hosts that make what they are asked for


def is_made(release: "Release") -> bool:
    """Say whether the images are made here, as many as one likes."""
    return not _MAKERS.isdisjoint(release.hosts)


def needs_copy(release: "Release") -> bool:
    """Say whether this version can have the images only from a copy that the user names."""
    return not is_made(release) and not any(host != "folder" for host in working_hosts(release))


def working_hosts(release: "Release") -> tuple[str, ...]:
    """Return the release's hosts that this version can reach."""
    from cxr import hosts

    return tuple(host for host in release.hosts if host in hosts.keys())  # noqa: SIM118  a function


def facts(key: str, dataset: "Dataset") -> dict[str, Any]:
    """Return one dataset's facts, ready for JSON."""
    from cxr.datasets import default_release

    release = default_release(dataset)
    return {
        "key": key,
        "title": dataset.TITLE,
        "images": release.images or None,
        "patients": release.patients or None,
        "access": dataset.TERMS.access,
        "licence": dataset.TERMS.licence,
        "hosts": list(release.hosts),
        "hosts_in_this_version": list(working_hosts(release)),
        "made_here": is_made(release),
        "in_all": dataset.TERMS.in_all,
        "releases": list(dataset.RELEASES),
    }


def how_to_have(key: str, dataset: "Dataset") -> str:
    """Return in a few words how this version gets the images."""
    from cxr.datasets import default_release

    release = default_release(dataset)
    if is_made(release):
        return "made here"
    hosts = [host for host in working_hosts(release) if host != "folder"]
    copy = ["a copy of yours: --from PATH"] if "folder" in release.hosts else []
    return ", ".join(hosts + copy) or f"not yet; see `cxr access {key}`"
