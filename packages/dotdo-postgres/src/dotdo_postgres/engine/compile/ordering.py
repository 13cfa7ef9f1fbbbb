"""Terms of ORDER BY, GROUP BY and PARTITION BY: what SQLite must sort or group by to do as PostgreSQL does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo.storage.collations import CASELESS
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.enum_order import rank
from dotdo_postgres.engine.routines import array_checks, checks
from dotdo_postgres.engine.routines.records import record_key
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.compile.sql import Sql
    from dotdo_postgres.engine.query import SortKey


_ORDER_KEYS = {
    t.TSVECTOR: checks.TSVECTOR_KEY,
    t.TSQUERY: checks.TSQUERY_KEY,
    t.VECTOR: checks.VECTOR_KEY,
}
_UNEVEN = frozenset({t.NUMERIC, t.INTERVAL, t.JSONB, t.BPCHAR, t.CITEXT})


def needs_key(oid: int, sql: Sql) -> bool:
    """Tell whether equal values of a type may be different bytes."""
    if oid == t.NUMERIC:
        return sql.scale is None and not sql.is_null
    if t.BY_OID[oid].category in {"R", "C"} or oid == t.RECORD:
        return True
    return oid in {t.INTERVAL, t.JSONB, t.BPCHAR, t.CITEXT} or t.BY_OID[oid].element in _UNEVEN


def key_node(  # noqa: C901, PLR0911 -- one return for each kind of type
    compiler: Compiler, sql: Sql, oid: int, *, is_group: bool
) -> n.Node:
    """Write what to sort or group a compiled value by."""
    if (oid == t.RECORD or t.BY_OID[oid].category == "C") and not sql.is_null:
        return compiler.python(record_key(oid), [sql], [oid])
    if oid == t.JSONB and not sql.is_null:
        return compiler.python(checks.JSONB_KEY, [sql], [t.JSONB])
    if t.BY_OID[oid].category == "R" and not sql.is_null:
        return compiler.python(checks.span_key(oid), [sql], [t.TEXT])
    if t.BY_OID[oid].kind == "e" and not is_group and not sql.is_null:
        return rank(sql.node, t.BY_OID[oid].labels)
    if oid in _ORDER_KEYS and not is_group and not sql.is_null:
        return compiler.python(_ORDER_KEYS[oid], [sql], [oid])
    if oid == t.INTERVAL and not sql.is_null:
        return compiler.python(checks.INTERVAL_KEY, [sql], [t.INTERVAL])
    if oid == t.NUMERIC and sql.scale is None and not sql.is_null:
        return numerics.key(sql.node)
    if oid == t.CITEXT and not sql.is_null:
        return exp.Collate(this=n.wrap(sql.node), expression=exp.Var(this=CASELESS))
    if oid == t.BPCHAR and not sql.is_null:
        return n.call("rtrim", sql.node, n.string(" "))
    if t.BY_OID[oid].category == "A" and not sql.is_null:
        return compiler.python(array_checks.array_key(t.BY_OID[oid].element), [sql], [oid])
    if not is_group and oid == t.JSON:
        raise not_supported(f"ordering by {t.format_type(oid)}")
    return sql.node


def sort_node(compiler: Compiler, expr: ir.Expr, *, is_group: bool) -> n.Node:
    """Write an expression as a sort or group term; a literal becomes one that SQLite takes for no ordinal."""
    sql = compiler.expression(expr)
    if sql.value is not None or sql.is_null:
        return n.cast(n.null(), "text") if sql.is_null else n.call("ifnull", sql.node, n.null())
    node = key_node(compiler, sql, expr.type, is_group=is_group)
    if isinstance(node.unnest(), exp.Connector):  # SQLite reads `0 and x` as 0, hence as an ordinal
        return n.call("ifnull", node, n.null())
    return node


def order_terms(compiler: Compiler, keys: list[SortKey], *, has_peers: bool = True) -> list[n.Node]:
    """Write ORDER BY terms; where no peers are looked for, nothing depends on whether values of the last one are equal."""
    terms = [sort_node(compiler, key.expr, is_group=False) for key in keys]
    if not has_peers and keys and keys[-1].expr.type == t.NUMERIC:
        sql = compiler.expression(keys[-1].expr)
        if sql.scale is None and sql.value is None and not sql.is_null:
            terms[-1] = sql.node  # an index over the column serves
    return [
        n.ordered(term, key.is_descending, key.nulls_first)
        for term, key in zip(terms, keys, strict=True)
    ]
