"""How fast each host gave in earlier runs, for the plan of the next."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from cxr.database.connection import Database

_ENOUGH = 20_000_000
"""Bytes below which a run says little about a host's speed."""


def measured_rates(database: Database) -> Mapping[str, float]:
    """Return bytes a second over all connections, by host, from the runs that brought enough to tell."""
    sizes: defaultdict[str, int] = defaultdict(int)
    seconds: defaultdict[str, float] = defaultdict(float)
    rows = database.rows(
        "SELECT ledger.host, SUM(ledger.bytes), runs.started_at, runs.finished_at FROM ledger "
        "JOIN runs ON runs.id = ledger.run "
        "WHERE ledger.outcome = 'downloaded' AND ledger.how = 'received' AND runs.finished_at <> '' "
        "GROUP BY ledger.run, ledger.host"
    )
    for host, size, began, ended in rows:
        took = (
            datetime.fromisoformat(cast(str, ended)) - datetime.fromisoformat(cast(str, began))
        ).total_seconds()
        if cast(int, size) >= _ENOUGH and took > 0:  # a clock may have been set back
            sizes[cast(str, host)] += cast(int, size)
            seconds[cast(str, host)] += took
    return {host: sizes[host] / seconds[host] for host in sizes}
