"""Runs statements on an engine session and makes results of what it gives; raises the engine's errors."""

import re
from collections.abc import Sequence
from typing import Any

from psycopg.pq import ExecStatus, Format, TransactionStatus

from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError, error

COMMAND_OK, TUPLES_OK = int(ExecStatus.COMMAND_OK), int(ExecStatus.TUPLES_OK)
EMPTY_QUERY = int(ExecStatus.EMPTY_QUERY)
IDLE = int(TransactionStatus.IDLE)
TEXT = Format.TEXT
_BLANK = " \t\r\n\f\v;"
_DEALLOCATE = re.compile(
    r'\s*deallocate\s+(?:prepare\s+)?(?:(?P<all>all)|"(?P<quoted>[^"]+)"|(?P<name>\w+))\s*;?\s*',
    re.IGNORECASE,
)


def result_of(result: Result, result_format: int = 0) -> PGresult:
    """Wrap what the engine gave."""
    columns = result.columns
    if columns is None:
        status = COMMAND_OK if result.tag else EMPTY_QUERY
        return PGresult(status, (), (), result.tag, result.row_count)
    return PGresult(
        TUPLES_OK, columns, result.rows, result.tag, result.row_count, format=result_format
    )


def run(
    session: Session,
    prepared: Prepared,
    params: Sequence[Any],
    *,
    wait: bool,
    result_format: int = 0,
) -> PGresult:
    """Run a prepared statement.

    Raises:
        PostgresError: it failed.
        Blocked: it must wait, and `wait` is false.
    """
    return result_of(session.run(prepared, params, wait=wait), result_format)


def simple(session: Session, sql: str, *, wait: bool) -> list[PGresult]:
    """Run what the simple protocol is given: nothing, one statement, or several in one implicit transaction.

    Returns:
        A result for each statement, the last one of a failure if there was any.

    Raises:
        PostgresError: the one statement failed.
        Blocked: the one statement must wait, and `wait` is false.
    """
    body = sql.strip(_BLANK)
    if not body:
        return [PGresult(EMPTY_QUERY)]
    if ";" not in body:
        return [run(session, session.prepare(sql), (), wait=wait)]
    return script(session, sql)


def script(session: Session, sql: str) -> list[PGresult]:
    """Run several statements; what they wait for is waited for in this thread."""
    results: list[PGresult] = []
    try:
        results.extend(result_of(result) for result in session.simple(sql))
    except PostgresError as failure:
        results.append(PGresult.failure(failure, sql))
    return results or [PGresult(EMPTY_QUERY)]


def deallocated(sql: str, prepared: dict[bytes, Any]) -> PGresult | None:
    """Forget prepared statements of the protocol that a DEALLOCATE names; None when it is none of these.

    Raises:
        PostgresError: no statement has that name (26000).
    """
    match = _DEALLOCATE.fullmatch(sql) if sql[:20].lstrip()[:1] in {"d", "D"} else None
    if match is None:
        return None
    if match["all"]:
        prepared.clear()
        return PGresult(COMMAND_OK, tag="DEALLOCATE ALL")
    name = match["quoted"] or match["name"].lower()
    if name.encode() not in prepared:
        raise error("26000", f'prepared statement "{name}" does not exist')
    del prepared[name.encode()]
    return PGresult(COMMAND_OK, tag="DEALLOCATE")
