"""Types that the catalog is made of: casts of "char", vectors of numbers and expression trees."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("8.19")


@FAMILY.native_cast(
    '"char" as text',
    "pg_node_tree as text",
    "int2vector as smallint[]",
    "oidvector as oid[]",
    "smallint as oid",
)
def same(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """See the value as it is."""
    return Sql(args[0].node)


@FAMILY.cast("bigint as oid")
def to_oid(value: int) -> int:
    """See a whole number as an OID.

    Raises:
        PostgresError: it does not fit (22003).
    """
    if not 0 <= value < 1 << 32:
        raise error("22003", "OID out of range")
    return value


def _vector_subscripts(stored: str, dimension: int) -> list[int]:
    return list(range(len(arrays.unpack(stored)))) if dimension == 1 else []


VECTORS = frozenset({22, 30})
VECTOR_SUBSCRIPTS = Routine(
    "series", "generate_subscripts", (t.ANYARRAY, t.INT4), t.INT4, body=_vector_subscripts, sql_name="pg_vector_subscripts",
)  # fmt: skip
"""Numbers of vectors are counted from 0."""


@FAMILY.native_cast('text as "char"')
def first_character(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the first character."""
    return Sql(n.call("substr", args[0].node, n.integer(1), n.integer(1)))


@FAMILY.cast("int2vector as text", "oidvector as text")
def vector_to_text(stored: str) -> str:
    """Write the numbers with spaces between them."""
    return " ".join(map(str, arrays.unpack(stored)))
