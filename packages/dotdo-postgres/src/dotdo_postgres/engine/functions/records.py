"""Comparisons of rows (9.24)."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.engine.routines.records import record_key
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.24")


def _declare(op: str) -> None:
    @FAMILY.native_operator(f"record {op} record", returns="boolean")
    def compare(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
        left, right = (compiler.python(record_key(t.RECORD), [arg], [t.RECORD]) for arg in args)
        return Sql(n.binary(op, left, right))


for _op in ("=", "<>", "<", "<=", ">", ">="):
    _declare(_op)


@FAMILY.native_operator("record *= record", returns="boolean")
def is_same_image(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Tell whether two rows are the same to the last byte."""
    return Sql(n.binary("=", args[0].node, args[1].node))


@FAMILY.native_operator("record *<> record", returns="boolean")
def is_other_image(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Tell whether two rows differ in any byte."""
    return Sql(n.binary("<>", args[0].node, args[1].node))
