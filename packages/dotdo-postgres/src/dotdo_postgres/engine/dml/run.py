"""Running statements that change rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.dml.rerun import write_again
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.run.probe import run_probe
from dotdo_postgres.engine.run.values import session_values
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


def run_write(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a statement that SQLite does at once."""
    if "upsert" in prepared.detail:
        _refuse_twice(session, prepared, params)
    if prepared.session_values:
        params = session.with_values(prepared, params)
    if "rechecked" in prepared.detail:
        rows = write_again(session, prepared, params, wait)
    else:
        if prepared.parameters < len(params):
            params = params[: prepared.parameters]
        rows = session.kernel.write(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
    changes = session.kernel.changes
    if prepared.columns is None:
        return Result(None, [], f"{prepared.detail['tag']} {changes}", changes)
    return Result(prepared.columns, rows, f"{prepared.detail['tag']} {len(rows)}", len(rows))


def _refuse_twice(session: Session, prepared: Prepared, params: Sequence[StorageValue]) -> None:
    """Refuse ON CONFLICT DO UPDATE of rows with the same key.

    Raises:
        PostgresError: two rows have one key (SQLSTATE 21000).
    """
    probe = prepared.detail["probe"]()
    names = [column.physical for column in probe.columns]
    wanted = [names.index(name) for name in prepared.detail["upsert"] if name in names]
    uneven = {
        at
        for at, column in enumerate(probe.columns)
        if column.type == t.NUMERIC and column.scale is None
    }
    seen = set()
    for row in run_probe(session, probe, params):
        values = ((at, row[at]) for at in wanted)
        key = tuple(
            numeric.key(value) if at in uneven and isinstance(value, bytes) else value
            for at, value in values
        )
        if None in key or not key:
            continue
        if key in seen:
            hint = "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
            raise error(
                "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time", hint=hint
            )
        seen.add(key)


def run_insert_query(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run INSERT ... SELECT; numbers that rows need are drawn after counting them."""
    if "upsert" in prepared.detail:
        _refuse_twice(session, prepared, params)
    bases = [key for key in prepared.session_values if key[0].endswith("_base")]
    if not bases:
        return run_write(session, prepared, params, wait)
    kernel = session.kernel
    ((count,),) = run_probe(session, prepared.detail["count"], params)
    plain = [key for key in prepared.session_values if not key[0].endswith("_base")]
    session.begin_statement()
    known = dict(zip(plain, session_values(session, plain), strict=True))
    drawn: list[Any] = []
    for key in prepared.session_values:
        kind, argument = key
        if kind == "rowid_base":
            drawn.append(
                kernel.allocate(kernel.catalog.by_table[argument], max(int(str(count)), 1))
            )
        elif kind == "nextval_base":
            drawn.append(session.sequences.next(argument, int(str(count))) if count else 0)
        else:
            drawn.append(known[key])
    params = [*params, *drawn][: prepared.parameters]
    rows = kernel.write(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
    changes = kernel.changes
    if prepared.columns is None:
        return Result(None, [], f"INSERT 0 {changes}", changes)
    return Result(prepared.columns, rows, f"INSERT 0 {len(rows)}", len(rows))
