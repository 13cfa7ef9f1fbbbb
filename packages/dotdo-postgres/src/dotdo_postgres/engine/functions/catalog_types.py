"""Types that the catalog is made of: casts of "char", vectors of numbers and expression trees."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import arrays

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("8.19")


@FAMILY.native_cast(
    '"char" as text', "pg_node_tree as text", "int2vector as smallint[]", "oidvector as oid[]"
)
def same(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """See the value as it is."""
    return Sql(args[0].node)


@FAMILY.native_cast('text as "char"')
def first_character(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the first character."""
    return Sql(n.call("substr", args[0].node, n.integer(1), n.integer(1)))


@FAMILY.cast("int2vector as text", "oidvector as text")
def vector_to_text(stored: str) -> str:
    """Write the numbers with spaces between them."""
    return " ".join(map(str, arrays.unpack(stored)))
