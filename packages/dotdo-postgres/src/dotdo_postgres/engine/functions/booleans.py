"""Functions on booleans (9.1)."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("9.1")


@FAMILY.native("booleq(boolean, boolean)", returns="boolean")
def equal(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return whether both are the same."""
    return Sql(n.binary("=", args[0].node, args[1].node))


@FAMILY.native("num_nulls(variadic any)", returns="integer", is_strict=False)
def count_nulls(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count the arguments that are NULL."""
    total: n.Node = n.integer(0)
    for arg in args:
        total = n.binary("+", total, n.is_null(arg.node))
    return Sql(total)


@FAMILY.native("num_nonnulls(variadic any)", returns="integer", is_strict=False)
def count_nonnulls(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count the arguments that are not NULL."""
    total: n.Node = n.integer(0)
    for arg in args:
        total = n.binary("+", total, n.negate(n.is_null(arg.node)))
    return Sql(total)
