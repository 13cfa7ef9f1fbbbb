"""Assignment to elements and parts of arrays, and to keys of jsonb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsonchanges import assigned as assigned_in_jsonb
from dotdo_postgres.engine.routines import array_checks
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.plpgsql.parts import Sql
    from dotdo_postgres.mapping.codecs import StorageValue

Subscripts = tuple[tuple["Sql | None", "Sql | None", bool], ...]


def put_element(
    frame: Frame, before: Any, oid: int, subscripts: Subscripts, sql: Sql
) -> StorageValue:
    """Return an array or jsonb with a part replaced.

    Raises:
        PostgresError: the type has no parts (42804), a subscript is NULL (22004).
    """
    from dotdo_postgres.engine.plpgsql.evaluating import evaluate, number

    if oid == t.JSONB:
        steps = []
        for first, _, _ in subscripts:
            assert first is not None  # the parser gives it
            step, kind = evaluate(frame, first)
            steps.append(step if kind in t.INTEGERS else str(step))
        value, _ = evaluate(frame, sql, (t.JSONB, -1, 0))
        return assigned_in_jsonb(before, "null" if value is None else value, *steps)
    found = t.BY_OID[oid]
    if found.category != "A":
        shown = t.format_type(oid)
        raise error(
            "42804", f"cannot subscript type {shown} because it does not support subscripting"
        )
    if any(is_slice for _, _, is_slice in subscripts):
        return _put_slice(frame, before, oid, subscripts, sql)
    places = [
        number(frame, first, "array subscript in assignment") for first, _, _ in subscripts if first
    ]
    value, _ = evaluate(frame, sql, (found.element, -1, 0))
    routine = array_checks.put_element(len(places))
    assert routine.body is not None  # it is Python
    result: StorageValue = routine.body(before, arrays.pack([value]), *places)
    return result


def _put_slice(
    frame: Frame, before: Any, oid: int, subscripts: Subscripts, sql: Sql
) -> StorageValue:
    from dotdo_postgres.engine.plpgsql.evaluating import evaluate, number

    if len(subscripts) > 1:
        raise not_supported("assignment to a part of an array of several dimensions")
    first, last, _ = subscripts[0]
    items = arrays.unpack(before) if before is not None else []
    low = 1 if first is None else number(frame, first, "array subscript in assignment")
    high = len(items) if last is None else number(frame, last, "array subscript in assignment")
    value, _ = evaluate(frame, sql, (oid, -1, 0))
    if value is None:
        return before if isinstance(before, str) else None
    given = arrays.unpack(value)
    if high - low + 1 > len(given):
        raise error("2202E", "source array too small")
    if low < 1:
        raise not_supported("an array with bounds of its own")
    items += [None] * (high - len(items))
    items[low - 1 : high] = given[: high - low + 1]
    return arrays.pack(items)
