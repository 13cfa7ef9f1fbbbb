"""psycopg's automatic prepared statements for what goes the short way: counted as there, kept under the same names in the session."""

from typing import TYPE_CHECKING

from dotdo_postgres.client import native, seam
from dotdo_postgres.engine.named import Statement, types_of

if TYPE_CHECKING:
    from dotdo_postgres.engine.plan import Result
    from dotdo_postgres.engine.session import Session

DISCARDING = ("DROP", "ALTER", "ROLLBACK", "DISCARD ALL", "DEALLOCATE ALL")


def count(counts: seam.StatementCounts, session: "Session", bound: native.Bound) -> None:
    """Count an execution; the one above psycopg's threshold prepares the statement.

    Args:
        counts: the connection's.
        session: the engine's, which keeps what is prepared.
        bound: the statement.

    Raises:
        PostgresError: it cannot be prepared.
    """
    sql, oids = bound[1], bound[2]
    name = counts.count(sql.encode(), oids, bound[4])
    if name is not None:
        found = session.prepare(sql, oids)
        session.statements[name] = Statement(
            sql, oids, found.columns, session.facts.clock(), param_types=types_of(found)
        )
        forget(counts, session)


def forget(counts: seam.StatementCounts, session: "Session") -> None:
    """Deallocate the statements that were used longest ago, or all."""
    for name in counts.take_forgotten():
        if name is None:
            session.statements.clear()
        else:
            session.statements.pop(name, None)


def follow(counts: seam.StatementCounts, session: "Session", result: "Result") -> None:
    """Forget all statements after one that may have changed what they mean."""
    if counts.has_prepared and result.tag.startswith(DISCARDING):
        counts.clear()
        forget(counts, session)
