"""Assignments to a part of a column: an element of an array, a field of jsonb."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.coercion import can_coerce, is_array
from dotdo_postgres.engine.dml.assign import assign
from dotdo_postgres.engine.functions.jsonchanges import assigned
from dotdo_postgres.engine.relations import RelationColumn
from dotdo_postgres.engine.routines import array_checks
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.engine.routines.records import put_field
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope

Node = dict[str, Any]


def assign_part(  # noqa: PLR0917 -- where, what and of which
    binder: Binder,
    whole: ir.Expr,
    indirection: list[Node],
    value: Node,
    scope: Scope,
    column: RelationColumn,
) -> ir.Expr:
    """Return what a column becomes when a part of it is assigned.

    Raises:
        PostgresError: the type has no parts (42804), parts that cannot be assigned here (0A000).
    """
    if "String" in indirection[0]:
        return _in_row(binder, whole, indirection, value, scope)
    parts = [item.get("A_Indices") for item in indirection]
    if None in parts or any(part.get("is_slice") for part in parts if part):
        raise not_supported("assignment to this part of a column")
    if "SetToDefault" in value:
        message = "cannot set an array element to DEFAULT"
        raise error("0A000", message, position=value["SetToDefault"].get("location"))
    new = binder.expression(value, scope)
    indexes = [binder.expression(part["uidx"], scope) for part in parts if part]
    if column.type == t.JSONB:
        return _in_jsonb(binder, whole, new, indexes)
    if not is_array(column.type):
        shown = t.format_type(column.type)
        message = f"cannot subscript type {shown} because it does not support subscripting"
        raise error("42804", message, position=new.location)
    element = t.BY_OID[column.type].element
    if not can_coerce(new.type, element, "assignment"):
        message = (
            f'subscripted assignment to "{column.name}" requires type {t.format_type(element)}'
            f" but expression is of type {t.format_type(new.type)}"
        )
        hint = "You will need to rewrite or cast the expression."
        raise error("42804", message, hint=hint, position=new.location)
    item = ir.ArrayOf(
        column.type, -1, -1, [binder.coercer.coerce(new, element, column.typmod, "assignment")]
    )
    places = [binder.coercer.coerce(index, t.INT4, -1, "assignment") for index in indexes]
    routine = array_checks.put_element(len(places))
    return ir.Call(column.type, column.typmod, -1, routine, [whole, item, *places])


def _in_row(
    binder: Binder, whole: ir.Expr, indirection: list[Node], value: Node, scope: Scope
) -> ir.Expr:
    """Return what a row becomes when a field of it, or a part of that, is assigned.

    Raises:
        PostgresError: the type has no fields (42804), or not this one (42703).
    """
    pg_type, name = t.BY_OID[whole.type], indirection[0]["String"]["sval"]
    if pg_type.kind != "c":
        shown = t.format_type(whole.type)
        message = f'cannot assign to field "{name}" of column because its type {shown} is not a composite type'
        raise error("42804", message)
    at = next((at for at, field in enumerate(pg_type.fields) if field[0] == name), None)
    if at is None:
        shown = t.format_type(whole.type)
        message = f'cannot assign to field "{name}" of column because there is no such column in data type {shown}'
        raise error("42703", message)
    if "SetToDefault" in value:
        message = "cannot set a subfield to DEFAULT"
        raise error("0A000", message, position=value["SetToDefault"].get("location"))
    _, oid, typmod = pg_type.fields[at]
    base = t.BY_OID[oid]
    kind, mod = (base.base, base.base_typmod) if base.kind == "d" else (oid, typmod)
    field = RelationColumn(
        name, name, kind, mod, at + 1, True, domain=oid if base.kind == "d" else 0
    )
    if len(indirection) > 1:
        inner = ir.FieldOf(kind, mod, -1, whole, at)
        new = assign_part(binder, inner, indirection[1:], value, scope, field)
    else:
        new = assign(binder, binder.expression(value, scope), field)
    item = ir.Row(whole.type, -1, -1, [new])
    return ir.Call(whole.type, whole.typmod, -1, put_field(whole.type, at), [whole, item])


def _in_jsonb(binder: Binder, whole: ir.Expr, new: ir.Expr, indexes: list[ir.Expr]) -> ir.Expr:
    value = binder.coercer.coerce(new, t.JSONB, -1, "assignment")
    steps = [
        binder.coercer.coerce(index, t.INT4 if index.type == t.INT4 else t.TEXT)
        for index in indexes
    ]
    return ir.Call(t.JSONB, -1, -1, _jsonb_assignment(len(steps)), [whole, value, *steps])


@cache
def _jsonb_assignment(count: int) -> Routine:
    def run(stored: str | None, new: str | None, *steps: str | int | None) -> str | None:
        if None in steps:
            raise error("22004", "jsonb subscript in assignment must not be null")
        return assigned(
            stored, "null" if new is None else new, *[s for s in steps if s is not None]
        )

    types = (t.JSONB, t.JSONB, *(t.TEXT,) * count)
    return Routine(
        "function", "jsonb_assign", types, t.JSONB, body=run, is_strict=False, sql_name=f"pg__jsonb_assign_{count}"
    )  # fmt: skip
