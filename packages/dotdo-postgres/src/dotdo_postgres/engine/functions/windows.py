"""Window functions (9.22), all SQLite's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.aggregates import decorated
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.22")


def _built(name: str, returns: str, *signatures: str) -> None:
    @FAMILY.native_window(*signatures, returns=returns)
    def build(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
        assert isinstance(expr, ir.Aggregate)
        form = args[0] if args else Sql(n.null())
        if len(args) == 3 and expr.type == t.NUMERIC:
            (args[0], args[2]), scale, digits = numerics.unified(compiler, [args[0], args[2]])
            form = Sql(n.null(), scale, digits)
        node = decorated(compiler, expr, name, [arg.node for arg in args])
        return Sql(node, form.scale if expr.type == t.NUMERIC else None, form.digits)


for _name in ("row_number", "rank", "dense_rank"):
    _built(_name, "bigint", f"{_name}()")
for _name in ("percent_rank", "cume_dist"):
    _built(_name, "double precision", f"{_name}()")
_built("ntile", "integer", "ntile(integer)")
for _name in ("lag", "lead"):
    _built(
        _name,
        "anyelement",
        f"{_name}(anyelement)",
        f"{_name}(anyelement, integer)",
        f"{_name}(anycompatible, integer, anycompatible)",
    )
for _name in ("first_value", "last_value"):
    _built(_name, "anyelement", f"{_name}(anyelement)")
_built("nth_value", "anyelement", "nth_value(anyelement, integer)")
