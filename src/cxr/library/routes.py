"""The ways in which a release's images can come, and which is the best: bytes to read, hours, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cxr.config import Config
from cxr.errors import CxrError
from cxr.hosts import Format, Host
from cxr.http import RequestError
from cxr.library.connecting import connected, reachable
from cxr.library.prepare import Prepared

_PATIENCE = 10.0
"""Seconds that a host which nobody chose may take to answer."""
_MUCH_FASTER = 1.5
"""So many times faster another host has to be, to be worth changing to."""


@dataclass(frozen=True, slots=True)
class Route:
    """One host that the images could come from.

    Attributes:
        host: Its key.
        bytes_to_read: What would come over the network.
        hours: How long that takes; ``None`` where nobody can say.
        rate: Bytes a second that the hours are reckoned with, and who says so, for people.
        ready: Whether the host lets us in; ``None`` where it was not asked.
        missing: The step that is missing.
    """

    host: str
    bytes_to_read: int
    hours: float | None
    rate: str
    ready: bool | None = None
    missing: str = ""


def route_of(prepared: Prepared, measured: Mapping[str, float], connections: int) -> Route:
    """Return the way that a request takes.

    Args:
        prepared: The request.
        measured: Bytes a second by host, from earlier runs.
        connections: Used at once, at most.
    """
    reading = prepared.holdings.bytes_to_read(prepared.wanted, prepared.size - prepared.size_already)
    return _route(prepared.host, reading, measured, connections)


def other_routes(
    prepared: Prepared, config: Config, measured: Mapping[str, float], connections: int
) -> Sequence[Route]:
    """Return the ways by the release's other hosts, each asked whether it lets us in.

    Nobody is asked where nothing is to come, or where it comes from a copy of the user's.
    """
    routes = []
    source, release = prepared.request.source, prepared.release
    if prepared.request.origin is not None or prepared.already == prepared.counts.selected:
        return ()
    for key in reachable(release):
        if key == prepared.host.key:
            continue
        try:
            host = connected(source, release, key, config, patience=_PATIENCE)
            access = host.check_access()
        except (CxrError, RequestError) as error:
            told = error.happened if isinstance(error, CxrError) else error.reason
            routes.append(Route(key, 0, None, "", ready=False, missing=told))
            continue
        host.close()  # it was only asked
        route = _route(host, _estimate(prepared, host), measured, connections)
        routes.append(replace(route, ready=access.ready, missing=access.missing))
    return routes


def recommendation(chosen: Route, others: Sequence[Route]) -> tuple[str, str]:
    """Return the host to take, and why, as a sentence."""
    ready = [one for one in others if one.ready and one.hours is not None]
    best = min(ready, key=lambda one: one.hours or 0.0, default=None)
    if best is not None and (best.hours or 0) * _MUCH_FASTER < (chosen.hours or 0):
        less = best.bytes_to_read < chosen.bytes_to_read
        return best.host, "It has less to read for these images." if less else "It is the faster one."
    if not ready:
        return chosen.host, "It is the one host that is ready."
    if min(one.bytes_to_read for one in ready) >= chosen.bytes_to_read:
        return chosen.host, "No other host has less to read for these images."
    return chosen.host, "No other host is much faster."


def _route(host: Host, reading: int, measured: Mapping[str, float], connections: int) -> Route:
    if host.key in measured:
        rate, source = measured[host.key], "measured in this library's earlier runs"
    elif host.speed is not None:
        rate = min(host.speed.whole, host.speed.connection * min(connections, host.ceiling))
        source = host.speed.source
    else:
        return Route(host.key, 0, None, "")
    return Route(host.key, reading, reading / rate / 3600, f"{rate / 1e6:.1f} MB/s, {source}")


def _estimate(prepared: Prepared, host: Host) -> int:
    """Return what would come from a host that was not looked into, by the averages of the release."""
    wanted = prepared.size - prepared.size_already
    if any(archive.format is Format.TAR_GZ for archive in host.archives):
        whole = prepared.release.average_bytes * max(prepared.release.images, prepared.total)
        touched = sum(bool(prepared.wanted.in_folder(archive.prefix)) for archive in host.archives)
        return max(wanted, whole * (touched or len(host.archives)) // len(host.archives))
    return wanted
