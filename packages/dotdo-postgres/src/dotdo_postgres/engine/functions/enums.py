"""Enums (9.10): values are kept as their labels; their order is that of the type's definition."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.aggregates import decorated
from dotdo_postgres.engine.compile.enum_order import SEPARATOR, label_list, rank
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.10")


def _labels(expr: ir.Expr) -> tuple[str, ...]:
    assert isinstance(expr, (ir.Call, ir.Aggregate))
    labels: tuple[str, ...] = t.BY_OID[expr.args[0].type].labels
    return labels


def _declare_comparisons() -> None:
    for op in ("=", "<>", "<", "<=", ">", ">="):

        def compare(compiler: Compiler, args: list[Sql], expr: ir.Expr, op: str = op) -> Sql:
            if op in {"=", "<>"}:
                return Sql(n.binary(op, args[0].node, args[1].node))
            labels = _labels(expr)
            return Sql(n.binary(op, rank(args[0].node, labels), rank(args[1].node, labels)))

        FAMILY.native_operator(f"anyenum {op} anyenum", returns="boolean")(compare)


_declare_comparisons()


@FAMILY.native("enum_first(anyenum)", returns="anyenum", is_strict=False)
def first(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Return the first label."""
    return Sql(n.string(_labels(expr)[0]))


@FAMILY.native("enum_last(anyenum)", returns="anyenum", is_strict=False)
def last(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Return the last label."""
    return Sql(n.string(_labels(expr)[-1]))


@FAMILY.native("enum_range(anyenum)", returns="anyarray", is_strict=False)
def every(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Return all labels in their order."""
    return Sql(n.string(arrays.pack(list(_labels(expr)))))


def _extreme(name: str) -> Any:
    def build(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
        assert isinstance(expr, ir.Aggregate)
        labels = _labels(expr)
        place = decorated(compiler, expr, name, [rank(args[0].node, labels)])
        rest = n.call("substr", n.string(label_list(labels)), n.binary("+", place, n.integer(1)))
        end = n.binary("-", n.call("instr", rest.copy(), n.string(SEPARATOR)), n.integer(1))
        return Sql(n.call("substr", rest, n.integer(1), end))

    return build


FAMILY.native_aggregate("max(anyenum)", returns="anyenum")(_extreme("max"))
FAMILY.native_aggregate("min(anyenum)", returns="anyenum")(_extreme("min"))

__all__ = ["FAMILY"]
