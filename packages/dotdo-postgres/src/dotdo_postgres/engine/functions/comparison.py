"""Comparison operators (9.2), native wherever storage order is PostgreSQL's order."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.ir import Call, Expr
from dotdo_postgres.engine.routines import array_checks, checks
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import datetimes
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.operators import OPERATORS

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.routines.declare import Routine

FAMILY = Family("9.2")
_OPERATORS = ("=", "<>", "<", "<=", ">", ">=")
_NATIVE = frozenset({
    t.BOOL, t.INT2, t.INT4, t.INT8, t.OID, t.FLOAT4, t.FLOAT8, t.TEXT, t.NAME, t.DATE, t.TIME, t.TIMESTAMP, t.TIMESTAMPTZ,
    t.UUID, t.BYTEA, 18, t.BIT, t.VARBIT, t.TIMETZ, t.INET, t.MACADDR, t.MACADDR8,
})  # fmt: skip
_PLACES = frozenset({t.TID, t.XID})
_DAY_US = 86_400_000_000


def _signatures(op: str) -> list[str]:
    mixed = {
        frozenset({t.DATE, t.TIMESTAMP}),
        frozenset({t.DATE, t.TIMESTAMPTZ}),
        frozenset({t.TIMESTAMP, t.TIMESTAMPTZ}),
    }
    return [
        f"{t.BY_OID[left].sql_name} {op} {t.BY_OID[right].sql_name}"
        for left, right, _ in OPERATORS[op]
        if (left in _NATIVE or (left in _PLACES and op in {"=", "<>"}))
        and (right in _NATIVE or right in _PLACES)
        and frozenset({left, right}) not in mixed
    ]


def _declare_keyed(op: str, name: str, key: Routine) -> None:
    """Declare the comparison of values that are equal as they are stored but order by a key."""

    @FAMILY.native_operator(f"{name} {op} {name}", returns="boolean")
    def compare_keyed(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        if op in {"=", "<>"}:
            return Sql(n.binary(op, args[0].node, args[1].node))
        left, right = (compiler.python(key, [arg], [key.arguments[0]]) for arg in args)
        return Sql(n.binary(op, left, right))


def _declare(op: str) -> None:
    @FAMILY.native_operator(*_signatures(op), returns="boolean")
    def compare(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        return Sql(n.binary(op, args[0].node, args[1].node))

    @FAMILY.native_operator(f"numeric {op} numeric", returns="boolean")
    def compare_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        return Sql(numerics.comparison(compiler, op, args[0], args[1]))

    @FAMILY.native_operator(f"bpchar {op} bpchar", returns="boolean")
    def compare_padded(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        left, right = (n.call("rtrim", arg.node, n.string(" ")) for arg in args)
        return Sql(n.binary(op, left, right))

    @FAMILY.native_operator(f"interval {op} interval", returns="boolean")
    def compare_interval(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        left, right = (compiler.python(checks.INTERVAL_KEY, [arg], [t.INTERVAL]) for arg in args)
        return Sql(n.binary(op, left, right))

    for name, key in (("tsvector", checks.TSVECTOR_KEY), ("tsquery", checks.TSQUERY_KEY)):
        _declare_keyed(op, name, key)

    @FAMILY.native_operator(f"jsonb {op} jsonb", returns="boolean")
    def compare_jsonb(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        left, right = (compiler.python(checks.JSONB_KEY, [arg], [t.JSONB]) for arg in args)
        return Sql(n.binary(op, left, right))

    @FAMILY.native_operator(f"date {op} timestamp", f"timestamp {op} date", returns="boolean")
    def compare_date(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        left, right = (
            n.binary("*", arg.node, n.integer(_DAY_US)) if operand.type == t.DATE else arg.node
            for arg, operand in zip(args, expr.args, strict=True)
        )
        return Sql(n.binary(op, left, right))

    @FAMILY.native_operator(f"anyarray {op} anyarray", returns="boolean")
    def compare_arrays(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        left, right = (
            compiler.python(
                array_checks.array_key(t.BY_OID[operand.type].element), [arg], [operand.type]
            )
            for arg, operand in zip(args, expr.args, strict=True)
        )
        return Sql(n.binary(op, left, right))


def _of_date(facts: Facts, days: int) -> int:
    return _of_clock(facts, datetimes.midnight(days)) if abs(days) < datetimes.INFINITY else days


def _of_clock(facts: Facts, us: int) -> int:
    return datetimes.local_to_utc(us, facts.zone) if abs(us) < datetimes.INFINITY else us


_LOCAL = {"date": _of_date, "timestamp": _of_clock}


def _declare_zoned(op: str, local: str) -> None:
    """Declare the comparison of an instant with a clock of the session's zone."""
    compare, instant = _COMPARES[op], _LOCAL[local]

    @FAMILY.operator(f"{local} {op} timestamptz", returns="boolean", takes_session=True)
    def local_first(facts: Facts, left: int, right: int) -> int:
        return int(compare(instant(facts, left), right))

    @FAMILY.operator(f"timestamptz {op} {local}", returns="boolean", takes_session=True)
    def local_last(facts: Facts, left: int, right: int) -> int:
        return int(compare(left, instant(facts, right)))


_COMPARES = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

for _op in _OPERATORS:
    _declare(_op)
    for _local in _LOCAL:
        _declare_zoned(_op, _local)
