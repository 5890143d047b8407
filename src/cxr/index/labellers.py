"""The labellers of a library, with their vocabularies and the meaning of their packed statements."""

from collections.abc import Iterable

from cxr.database.connection import Database
from cxr.model import Labeller


def write_labellers(database: Database, labellers: Iterable[Labeller]) -> None:
    """Write labellers, in place of what was written of them before."""
    for one in labellers:
        database.execute(
            """
            INSERT INTO labellers (key, name, version, scope, closed_world) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (key) DO UPDATE SET name = excluded.name, version = excluded.version,
                scope = excluded.scope, closed_world = excluded.closed_world
            """,
            (one.key, one.name, one.version, str(one.scope), int(one.closed_world)),
        )
        database.execute("DELETE FROM labeller_findings WHERE labeller = ?", (one.key,))
        database.execute_many(
            "INSERT INTO labeller_findings (labeller, position, published, common) VALUES (?, ?, ?, ?)",
            (
                (one.key, position, finding.published, finding.common)
                for position, finding in enumerate(one.findings, start=1)
            ),
        )
        database.execute("DELETE FROM labeller_codes WHERE labeller = ?", (one.key,))
        database.execute_many(
            "INSERT INTO labeller_codes (labeller, code, state, published) VALUES (?, ?, ?, ?)",
            ((one.key, code, str(meaning.state), meaning.published) for code, meaning in one.codes.items()),
        )
