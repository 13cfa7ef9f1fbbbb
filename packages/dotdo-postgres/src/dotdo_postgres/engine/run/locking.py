"""SELECT ... FOR UPDATE and its kin: rows are read, locked, and read again if they had to be waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo.errors import LockTimeout
from dotdo.storage import Blocked, Mode
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import Entry, Locking, Query, Select
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

MODES = {
    "update": Mode.UPDATE,
    "no key update": Mode.NO_KEY_UPDATE,
    "share": Mode.SHARE,
    "key share": Mode.KEY_SHARE,
}


def add_row_ids(compiler: Compiler, node: Any, query: Query) -> list[tuple[str, Mode, bool | str]]:
    """Append the row ids of locked tables to a compiled select; return table, mode and waiting of each."""
    assert isinstance(query, Select)
    if query.distinct_on is not None or query.is_distinct or query.has_groups:
        raise not_supported("locking rows of a grouped query")
    found: list[tuple[str, Mode, bool | str]] = []
    for locking in query.locking:
        found.extend(_row_id(compiler, node, entry, locking) for entry in locking.entries)
    return found


def _row_id(
    compiler: Compiler, node: Any, entry: Entry, locking: Locking
) -> tuple[str, Mode, bool | str]:
    assert entry.relation is not None
    column: Any = compiler.columns[id(entry), 0].node
    while not isinstance(column, exp.Column):
        column = column.expressions[0]
    noun = entry.relation.noun
    node.append("expressions", n.column(column.table, noun.rowid))
    return noun.table, MODES[locking.mode], locking.wait


def run_locking(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a locking query: outside a transaction it locks for itself only."""
    _locks, _limit = prepared.detail
    if prepared.session_values:
        params = session.with_values(prepared, params)
    params = params[: prepared.parameters]
    if session.is_idle and not session.kernel.is_running:
        session.kernel.begin()
        try:
            rows = _locked_rows(session, prepared, params, wait)
        finally:
            session.kernel.rollback()
    else:
        rows = _locked_rows(session, prepared, params, wait)
    width = len(prepared.columns or ())
    return Result(prepared.columns, [row[:width] for row in rows], f"SELECT {len(rows)}", len(rows))


def _locked_rows(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> list[Any]:
    locks, _limit = prepared.detail
    kernel = session.kernel
    width = len(prepared.columns or ())
    while True:
        rows: list[Any] = kernel.read(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
        skipping = any(how == "skip" for _, _, how in locks)
        if skipping:
            kept = _take_free(session, prepared, rows, width)
            now = kernel.read(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
            if not kept or set(kept) <= set(now):
                return kept
            continue  # one was changed between the reading and the locking of it
        for at, (table, mode, how) in enumerate(locks):
            noun = kernel.catalog.by_table[table]
            ids = [int(row[width + at]) for row in rows if row[width + at] is not None]
            _lock(session, noun, ids, mode, how, wait)
        again = kernel.read(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
        if [row[width:] for row in again] == [row[width:] for row in rows]:
            return again


def _lock(  # noqa: PLR0917 one step for each form of the grammar
    session: Session, noun: Any, ids: list[int], mode: Mode, how: bool | str, wait: bool
) -> None:
    if how is True:
        session.kernel.lock_rows(noun, ids, mode, wait=wait)
        return
    try:
        session.kernel.lock_rows(noun, ids, mode, wait=False)
    except (Blocked, LockTimeout):
        raise error("55P03", f'could not obtain lock on row in relation "{noun.name}"') from None


def _take_free(session: Session, prepared: Prepared, rows: list[Any], width: int) -> list[Any]:
    locks, limit = prepared.detail
    kept: list[Any] = []
    for row in rows:
        if limit is not None and len(kept) >= limit:
            break
        if all(
            _is_free(session, table, mode, row[width + at])
            for at, (table, mode, _) in enumerate(locks)
        ):
            kept.append(row)
    return kept


def _is_free(session: Session, table: str, mode: Mode, row_id: Any) -> bool:
    if row_id is None:
        return True
    noun = session.kernel.catalog.by_table[table]
    return bool(session.kernel.lock_rows(noun, [int(row_id)], mode, skip_locked=True))


def constant_limit(query: Query) -> int | None:
    """Return the constant LIMIT of a query that skips locked rows, which is applied after locking.

    Raises:
        PostgresError: the limit is no constant, or there is an offset (SQLSTATE 0A000).
    """
    if query.offset is not None or (
        query.limit is not None and not isinstance(query.limit, ir.Const)
    ):
        raise not_supported("SKIP LOCKED with OFFSET or a LIMIT that is no constant")
    return None if query.limit is None else query.limit.value
