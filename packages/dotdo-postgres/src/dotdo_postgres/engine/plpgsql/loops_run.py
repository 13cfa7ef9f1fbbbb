"""LOOP, WHILE, FOR and FOREACH, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plpgsql import cursors, statements
from dotdo_postgres.engine.plpgsql.assigning import assign_value, put_row
from dotdo_postgres.engine.plpgsql.evaluating import evaluate, is_true, number
from dotdo_postgres.engine.udf.running import check_time
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo_postgres.engine.plpgsql import nodes as p
    from dotdo_postgres.engine.plpgsql.frame import Frame, Signal

CHECKED = 256


def _turn(frame: Frame, label: str, body: list[p.Statement]) -> tuple[bool, Signal | None]:
    """Run a body once; tell whether the loop is over, and why what is around it is left."""
    signal = frame.run(frame, body)
    if signal is None:
        return False, None
    is_own = signal.kind != "return" and (not signal.label or signal.label == label)
    if is_own:
        return signal.kind == "exit", None
    return True, signal


def run_loop(frame: Frame, loop: p.Loop) -> Signal | None:
    """Run LOOP or WHILE."""
    turns = 0
    while loop.condition is None or is_true(frame, loop.condition):
        turns += 1
        if not turns % CHECKED:
            check_time(frame.session)
        is_over, signal = _turn(frame, loop.label, loop.body)
        if is_over:
            return signal
        frame.line, frame.doing = loop.line, "at WHILE" if loop.condition is not None else "at LOOP"
    return None


def run_for_integer(frame: Frame, loop: p.ForInteger) -> Signal | None:
    """Run FOR over whole numbers."""
    at = number(frame, loop.lower, "lower bound of FOR loop")
    end = number(frame, loop.upper, "upper bound of FOR loop")
    step = 1 if loop.step is None else number(frame, loop.step, "BY value of FOR loop")
    if step <= 0:
        raise error("22023", "BY value of FOR loop must be greater than zero")
    found, turns = False, 0
    signal: Signal | None = None
    while at >= end if loop.is_reverse else at <= end:
        found = True
        turns += 1
        if not turns % CHECKED:
            check_time(frame.session)
        frame.values[loop.variable.number] = at
        is_over, signal = _turn(frame, loop.label, loop.body)
        if is_over:
            break
        at += -step if loop.is_reverse else step
        if not -(1 << 31) <= at < 1 << 31:
            break
    frame.set_found(found)
    return signal


def _over(frame: Frame, loop: p.ForRows, fields: Any, rows: Iterable[Any]) -> Signal | None:
    found = False
    signal: Signal | None = None
    for turns, row in enumerate(rows):
        found = True
        if not turns % CHECKED:
            check_time(frame.session)
        put_row(frame, loop.into, fields, row)
        is_over, signal = _turn(frame, loop.label, loop.body)
        if is_over:
            break
    if not found:
        put_row(frame, loop.into, fields, None)
    frame.set_found(found)
    return signal


def run_for_rows(frame: Frame, loop: p.ForRows) -> Signal | None:
    """Run FOR over the rows of a query, EXECUTE or a cursor."""
    if loop.cursor is not None:
        return _over_cursor(frame, loop)
    if loop.query is not None:
        result = statements.run_query(frame, loop.query)
    else:
        assert loop.dynamic is not None
        result = statements.run_dynamic(frame, loop.dynamic, loop.using)
    fields = tuple((c.name, c.oid, c.typmod) for c in result.columns or ())
    return _over(frame, loop, fields, result.rows)


def _over_cursor(frame: Frame, loop: p.ForRows) -> Signal | None:
    assert loop.cursor is not None
    portal = cursors.open_bound(frame, loop.cursor, loop.arguments)
    try:
        result = portal.result
        assert result is not None  # it has just run
        fields = tuple((c.name, c.oid, c.typmod) for c in result.columns or ())

        def rows() -> Iterable[Any]:
            while portal.position < len(result.rows):
                portal.position += 1
                yield result.rows[portal.position - 1]

        return _over(frame, loop, fields, rows())
    finally:
        frame.session.portals.close(portal.name)


def run_foreach(frame: Frame, loop: p.Foreach) -> Signal | None:
    """Run FOREACH over the elements of an array, or over its parts."""
    value, oid = evaluate(frame, loop.array)
    if value is None:
        raise error("22004", "FOREACH expression must not be null")
    found = t.BY_OID[oid]
    if found.category != "A":
        raise error(
            "42804", f"FOREACH expression must yield an array, not type {t.format_type(oid)}"
        )
    items = arrays.unpack(value)
    depth = len(arrays.dimensions(items))
    if loop.slice < 0 or loop.slice > depth:
        raise error("2202E", f"slice dimension ({loop.slice}) is out of the valid range 0..{depth}")
    variable = loop.into.targets[0].variable
    is_array = not variable.is_record and t.BY_OID[variable.type].category == "A"
    if loop.slice and not is_array:
        raise error("42804", "FOREACH ... SLICE loop variable must be of an array type")
    if (
        not loop.slice
        and is_array
        and len(loop.into.targets) == 1
        and not loop.into.targets[0].fields
    ):
        raise error("42804", "FOREACH loop variable must not be of an array type")
    parts = list(_parts(items, depth - loop.slice)) if items else []
    element = oid if loop.slice else found.element
    anything, signal = False, None
    for turns, part in enumerate(parts):
        anything = True
        if not turns % CHECKED:
            check_time(frame.session)
        stored = arrays.pack(part) if loop.slice else part
        assign_value(frame, loop.into.targets[0], stored, element)
        is_over, signal = _turn(frame, loop.label, loop.body)
        if is_over:
            break
    frame.set_found(anything)
    return signal


def _parts(items: list[Any], depth: int) -> Iterable[Any]:
    if depth <= 0:
        yield items
    elif depth == 1:
        yield from items
    else:
        for item in items:
            yield from _parts(item, depth - 1)
