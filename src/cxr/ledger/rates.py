"""How fast each host gave in earlier runs, for the plan of the next."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import cast

from cxr.database.connection import Database

_ENOUGH = 20_000_000
"""Bytes below which a run says little about a host's speed."""
_RUNS = 50
"""How far back is looked: hosts and networks change."""


def measured_rates(database: Database) -> Mapping[str, float]:
    """Return bytes a second over all connections, by host, from late runs that received enough to tell.

    What a host sent counts, not what was kept of it: the plan asks how long reading takes.
    """
    sizes: defaultdict[str, int] = defaultdict(int)
    seconds: defaultdict[str, float] = defaultdict(float)
    rows = database.rows(
        "SELECT counts FROM runs WHERE verb = 'download' AND finished_at <> '' ORDER BY id DESC LIMIT ?",
        (_RUNS,),
    )
    for (counts,) in rows:
        said = json.loads(cast(str, counts))
        host, received, took = said.get("host"), said.get("received", 0), said.get("seconds", 0)
        if host and received >= _ENOUGH and took > 0:
            sizes[host] += received
            seconds[host] += took
    return {host: sizes[host] / seconds[host] for host in sizes}
