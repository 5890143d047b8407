"""A download request as JSON, so that ``--resume`` and ``--repair`` can take it up again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxr.images.formats import Format
from cxr.images.placement import Fit, Shrink
from cxr.ledger.runs import latest_run
from cxr.library.open import Library
from cxr.library.request import DownloadRequest
from cxr.library.selection import Selection
from cxr.stores.origins import Origin, origin_of


def to_json(request: DownloadRequest) -> dict[str, Any]:
    """Return a request ready for JSON; it holds paths and numbers, never a secret."""
    return {
        "source": request.source,
        "release": request.release,
        "host": request.host,
        "origin": None if request.origin is None else _of_origin(request.origin),
        "tables": None if request.tables is None else str(request.tables.absolute()),
        "selection": request.selection.to_json(),
        "options": dict(request.options),
        "shrink": None if request.shrink is None else _of_shrink(request.shrink),
    }


def from_json(data: Mapping[str, Any]) -> DownloadRequest:
    """Return the request that `to_json` wrote."""
    return DownloadRequest(
        source=data["source"],
        release=data["release"],
        host=data["host"],
        origin=None if data["origin"] is None else origin_of(data["origin"]),
        tables=None if data["tables"] is None else Path(data["tables"]),
        selection=Selection.from_json(data["selection"]),
        options=data["options"],
        shrink=_shrink(data.get("shrink")),  # runs of the first versions say nothing of it
    )


def last_request(library: Library, source: str) -> DownloadRequest | None:
    """Return what the newest download of a dataset into this library was asked for."""
    run = latest_run(library.database, "download", source)
    return None if run is None else from_json(run.request)


def _of_shrink(shrink: Shrink) -> dict[str, Any]:
    return {
        "size": shrink.size,
        "fit": str(shrink.fit),
        "format": None if shrink.format is None else shrink.format.name,
    }


def _shrink(data: Mapping[str, Any] | None) -> Shrink | None:
    if data is None:
        return None
    return Shrink(data["size"], Fit(data["fit"]), Format[data["format"]] if data["format"] else None)


def _of_origin(origin: Origin) -> str:
    return str(origin.absolute() if isinstance(origin, Path) else origin)
