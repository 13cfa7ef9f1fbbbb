"""Cursors of bodies: OPEN, FETCH, MOVE and CLOSE over the session's portals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.cursors import Walk
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.engine.plpgsql.assigning import assign_expression, put_row
from dotdo_postgres.engine.plpgsql.embedding import plan_sql
from dotdo_postgres.engine.plpgsql.parts import Sql, Target, Variable
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql import nodes as p
    from dotdo_postgres.engine.plpgsql.frame import Frame


def run_open(frame: Frame, one: p.Open) -> None:
    """Run OPEN."""
    if one.cursor.query is not None:
        frame.session.portals.add(open_bound(frame, one.cursor, one.arguments, is_kept=True))
        return
    name = _name(frame, one.cursor)
    if one.query is not None:
        result, text = _raw(frame, one.query), one.query.text
    else:
        from dotdo_postgres.engine.plpgsql.statements import run_dynamic

        assert one.dynamic is not None
        result, text = run_dynamic(frame, one.dynamic, one.using, is_raw=True), one.dynamic.text
    frame.session.portals.add(_portal(frame, name, result, text, one.scroll))


def open_bound(
    frame: Frame, cursor: Variable, arguments: list[tuple[str, Sql]], *, is_kept: bool = False
) -> Portal:
    """Open a bound cursor.

    Raises:
        PostgresError: it is open already (SQLSTATE 42P03).
    """
    name = _name(frame, cursor)
    given = {argument.name: argument for argument in cursor.arguments}
    for label, value in arguments:
        assign_expression(frame, Target(given[label]), value)
    assert cursor.query is not None
    made = _portal(frame, name, _raw(frame, cursor.query), cursor.query.text, cursor.scroll)
    if not is_kept:
        result = made.result
        assert result is not None
        rows = plain_rows(result.columns or (), result.rows)
        made.result = Result(result.columns, rows, result.tag, result.row_count)
    return made


def _raw(frame: Frame, query: Sql) -> Result:
    try:
        embedded = plan_sql(frame, query)
        result = run_step(frame.session, embedded.prepared, embedded.params(frame))
    except PostgresError as failure:
        failure.position = None
        raise
    if result.columns is None:
        raise error("42P11", f"cannot open {result.tag.split()[0]} query as cursor")
    return result


def _name(frame: Frame, cursor: Variable) -> str:
    """Return the name for a cursor's portal, and keep it in the variable."""
    session = frame.session
    found = frame.values[cursor.number]
    if found is not None:
        if found in session.portals.named:
            raise error("42P03", f'cursor "{found}" already in use')
        return str(found)
    session.unnamed_portals += 1
    name = f"<unnamed portal {session.unnamed_portals}>"
    frame.values[cursor.number] = name
    return name


def _portal(frame: Frame, name: str, result: Result, sql: str, scroll: str) -> Portal:
    session = frame.session
    return Portal(
        name, result=result, is_scroll=scroll != "NO SCROLL", is_cursor=True, depth=session.settings.depth, sql=sql,
        made_us=session.facts.statement_us,
    )  # fmt: skip


def _found(frame: Frame, cursor: Variable) -> Portal:
    name = frame.values[cursor.number]
    if name is None:
        raise error("22004", f'cursor variable "{cursor.name}" is null')
    return frame.session.portals.get(str(name))


def run_fetch(frame: Frame, one: p.Fetch) -> None:
    """Run FETCH or MOVE."""
    from dotdo_postgres.engine.plpgsql.evaluating import number

    portal = _found(frame, one.cursor)
    count = one.count
    if isinstance(count, Sql):
        count = number(frame, count, "relative or absolute cursor position")
    result: Any = portal.result
    if one.is_all and not isinstance(one.count, Sql):
        count = (1 << 31) - 1
    rows = Walk(portal, result.rows).go(one.direction, int(count))
    frame.row_count = len(rows)
    frame.set_found(bool(rows))
    if one.into is not None:
        fields = tuple((c.name, c.oid, c.typmod) for c in result.columns)
        plain = plain_rows(result.columns, rows)
        put_row(frame, one.into, fields, plain[0] if plain else None)


def run_close(frame: Frame, one: p.Close) -> None:
    """Run CLOSE."""
    portal = _found(frame, one.cursor)
    frame.session.portals.close(portal.name)
