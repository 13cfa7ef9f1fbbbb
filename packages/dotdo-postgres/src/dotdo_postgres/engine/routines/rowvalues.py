"""Rows as single values inside statements: JSON text of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.expressions import array_item
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.plpgsql.frame import Row
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.plpgsql.frame import Fields


def row_value(row: ir.Row, oid: int) -> ir.Expr:
    """Return a row as one value of a row type."""
    types = tuple(arg.type for arg in row.args)

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        items = [array_item(compiler, arg, kind) for arg, kind in zip(args, types, strict=True)]
        return Sql(n.call("json_array", *items))

    routine = Routine("function", "row", types, oid, build=build, is_strict=False)
    return ir.Call(oid, -1, row.location, routine, list(row.args))


def row_from_value(fields: Fields | None, value: str) -> Row:
    """Return the row behind a value; fields without names get those of ROW."""
    values = tuple(_plain(item) for item in arrays.unpack(value))
    if fields is None:
        fields = tuple((f"f{at}", t.TEXT, -1) for at in range(1, len(values) + 1))
    return Row(fields, values[: len(fields)] + (None,) * (len(fields) - len(values)))


def _plain(item: Any) -> Any:
    return arrays.pack(item) if isinstance(item, list) else int(item) if isinstance(item, bool) else item


def packed(row: Row) -> str:
    """Return the value that stands for a row."""
    return arrays.pack(list(row.values))
