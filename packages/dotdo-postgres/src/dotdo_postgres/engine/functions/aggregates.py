"""Aggregates (9.21): SQLite's own where they are exact, Python for floating point, statistics and collections."""
# ruff: noqa: ARG001, ARG002 -- what is declared alike is called alike

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.aggregates import decorated, python_aggregate
from dotdo_postgres.engine.compile.array_values import array_item
from dotdo_postgres.engine.compile.ordering import key_node, needs_key
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays, floats, interval, numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.21")


def _plain(
    compiler: Compiler,
    expr: ir.Expr,
    name: str,
    args: list[n.Node],
    *,
    distinct: bool | None = None,
) -> n.Node:
    assert isinstance(expr, ir.Aggregate)
    return decorated(compiler, expr, name, args, distinct=distinct)


@FAMILY.native_aggregate("count()", returns="bigint")
def count_rows(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Count rows."""
    return Sql(_plain(compiler, expr, "count", [exp.Star()]))


@FAMILY.native_aggregate("count(any)", returns="bigint")
def count(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Count values that are not NULL."""
    assert isinstance(expr, ir.Aggregate)
    node = args[0].node
    if expr.is_distinct and needs_key(expr.args[0].type, args[0]):
        node = key_node(compiler, args[0], expr.args[0].type, is_group=True)
    return Sql(_plain(compiler, expr, "count", [node]))


@FAMILY.native_aggregate("sum(smallint)", "sum(integer)", returns="bigint")
def sum_integer(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Add up."""
    return Sql(_plain(compiler, expr, "sum", [args[0].node]))


class _NumericSum:
    """Adds byte-string numerics; values that leave a frame are taken away again, with the scales they brought."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.scales: Counter[int] = Counter()
        self.special: Counter[str] = Counter()

    def step(self, value: Decimal) -> None:
        if not value.is_finite():
            self.special[str(value)] += 1
            return
        self.scales[-int(value.as_tuple().exponent)] += 1
        self.total = numeric.WIDE.add(self.total, value)

    def inverse(self, value: Decimal) -> None:
        if not value.is_finite():
            self.special[str(value)] -= 1
            return
        self.scales[-int(value.as_tuple().exponent)] -= 1
        self.total = numeric.WIDE.subtract(self.total, value)

    def final(self) -> Decimal | None:
        special = [Decimal(text) for text, count in self.special.items() if count]
        if special:  # infinities with different signs are NaN together
            return special[0] if len(special) == 1 else Decimal("NaN")
        scales = [scale for scale, count in self.scales.items() if count]
        if not scales:
            return None
        return numeric.WIDE.quantize(self.total, Decimal(1).scaleb(-max(scales)))


_WIDE_SUM = Routine(
    "aggregate",
    "sum",
    (t.NUMERIC,),
    t.NUMERIC,
    body=_NumericSum,
    sql_name="pg__sum",
    takes_window=True,
)


@FAMILY.native_aggregate("sum(bigint)", "sum(numeric)", returns="numeric")
def sum_numeric(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Add up exactly; past 64 bits the statement runs again with byte strings."""
    assert isinstance(expr, ir.Aggregate)
    arg = args[0]
    if expr.args[0].type == t.INT8:
        arg = numerics.narrowed_for_wide(compiler, numerics.from_integer(arg, t.INT8))
    return _total(compiler, expr, arg)


def _total(compiler: Compiler, expr: ir.Expr, arg: Sql) -> Sql:
    if arg.scale is not None:
        return Sql(_plain(compiler, expr, "sum", [arg.node]), arg.scale, 18)
    assert isinstance(expr, ir.Aggregate)
    return Sql(python_aggregate(compiler, expr, _WIDE_SUM, [arg], [t.NUMERIC]))


@FAMILY.native_aggregate(
    "avg(smallint)", "avg(integer)", "avg(bigint)", "avg(numeric)", returns="numeric"
)
def average(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Divide the sum by the count, with the scale numeric division gives."""
    assert isinstance(expr, ir.Aggregate)
    arg = args[0]
    if expr.args[0].type != t.NUMERIC:
        arg = numerics.narrowed_for_wide(compiler, numerics.from_integer(arg, expr.args[0].type))
    total = _total(compiler, expr, arg)
    counted = arg.node.copy()
    if expr.is_distinct and arg.scale is None:
        counted = numerics.key(counted)
    rows = _plain(compiler, expr, "count", [counted])
    return Sql(compiler.python(checks.AVERAGE, [total, Sql(rows)], [t.NUMERIC, t.INT8]))


class _FloatSum:
    """Adds doubles one after the other, as PostgreSQL does (SQLite's sum compensates)."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.has_infinity = False

    def step(self, value: float) -> None:
        self.count += 1
        self.total += value
        if math.isinf(value):
            self.has_infinity = True

    def inverse(self, value: float) -> None:
        raise not_supported("a floating point aggregate over a moving frame")

    def final(self) -> float | None:
        if math.isinf(self.total) and not self.has_infinity:
            raise error("22003", "value out of range: overflow")
        return self.total if self.count else None


class _FloatAverage(_FloatSum):
    def final(self) -> float | None:
        total = super().final()
        return None if total is None else total / self.count


class _SingleSum(_FloatSum):
    def step(self, value: float) -> None:
        self.count += 1
        self.has_infinity = self.has_infinity or math.isinf(value)
        self.total = floats.single(self.total + value)


FAMILY.aggregate("sum(double precision)", returns="double precision", takes_window=True)(_FloatSum)
FAMILY.aggregate("sum(real)", returns="real", takes_window=True)(_SingleSum)
FAMILY.aggregate(
    "avg(double precision)", "avg(real)", returns="double precision", takes_window=True
)(_FloatAverage)

_ORDERED = (
    "smallint",
    "integer",
    "bigint",
    "real",
    "double precision",
    "text",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "numeric",
    "oid",
    "timetz",
    "inet",
)


def _extreme(name: str) -> None:
    for type_name in _ORDERED:

        @FAMILY.native_aggregate(f"{name}({type_name})", returns=type_name)
        def build(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
            return Sql(_plain(compiler, expr, name, [args[0].node]), args[0].scale, args[0].digits)

    @FAMILY.native_aggregate(f"{name}(bpchar)", returns="bpchar")
    def build_padded(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
        return Sql(_plain(compiler, expr, name, [n.call("rtrim", args[0].node, n.string(" "))]))

    class Extreme:
        def __init__(self) -> None:
            self.best: Any = None

        def step(self, value: Any) -> None:
            if self.best is None or (
                value.key > self.best.key if name == "max" else value.key < self.best.key
            ):
                self.best = value

        def final(self) -> Any:
            return self.best

    FAMILY.aggregate(f"{name}(interval)", returns="interval")(Extreme)


_extreme("min")
_extreme("max")


@FAMILY.native_aggregate("bool_and(boolean)", "every(boolean)", returns="boolean")
def all_true(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Return whether all are true."""
    return Sql(_plain(compiler, expr, "min", [args[0].node]))


@FAMILY.native_aggregate("bool_or(boolean)", returns="boolean")
def any_true(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Return whether one is true."""
    return Sql(_plain(compiler, expr, "max", [args[0].node]))


class _Joiner:
    """Joins values by the delimiter that comes with each."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def step(self, value: str | None, delimiter: str | None) -> None:
        if value is not None:
            self.parts += [delimiter or "", value] if self.parts else [value]

    def final(self) -> str | None:
        return "".join(self.parts) if self.parts else None


_JOIN = Routine(
    "aggregate", "string_agg", (t.TEXT, t.TEXT), t.TEXT, body=_Joiner, is_strict=False, sql_name="pg__join"
)  # fmt: skip


@FAMILY.native_aggregate("string_agg(text, text)", returns="text")
def join_strings(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Join values by a delimiter."""
    assert isinstance(expr, ir.Aggregate)
    delimiter = args[1]
    if expr.is_distinct or not (delimiter.is_null or isinstance(delimiter.value, str)):
        if expr.window is not None:
            raise not_supported("string_agg of this form over a window", expr.location)
        return Sql(python_aggregate(compiler, expr, _JOIN, args, [t.TEXT, t.TEXT]))
    separator = n.string("") if delimiter.is_null else delimiter.node
    return Sql(_plain(compiler, expr, "group_concat", [args[0].node, separator]))


class _Collector:
    """Collects values, NULLs included."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def step(self, item: Any) -> None:
        if isinstance(item, Decimal):
            item = numeric.encode(item)
        self.items.append(interval.encode(item) if isinstance(item, interval.Interval) else item)

    def final(self) -> str | None:
        return arrays.pack(self.items) if self.items else None


@cache
def _collector(oid: int) -> Routine:
    return Routine(
        "aggregate", "array_agg", (t.TEXT,), t.TEXT, body=_Collector, is_strict=False, sql_name=f"pg__collect_{oid}"
    )  # fmt: skip


@FAMILY.native_aggregate("array_agg(anynonarray)", returns="anyarray")
def collect(compiler: Compiler, args: list[Sql], expr: ir.Expr) -> Sql:
    """Collect values, NULLs included, into an array."""
    assert isinstance(expr, ir.Aggregate)
    oid = expr.args[0].type
    if expr.is_distinct:
        arg = numerics.widened(compiler, args[0]) if oid == t.NUMERIC else args[0]
        return Sql(python_aggregate(compiler, expr, _collector(oid), [arg], [oid]))
    item = array_item(compiler, args[0], oid)
    bare = replace(expr, order=[])
    rows = decorated(compiler, bare, "count", [exp.Star()])
    return Sql(
        n.call(
            "iif",
            n.binary("=", rows, n.integer(0)),
            n.null(),
            _plain(compiler, expr, "json_group_array", [item]),
        )
    )


class _Statistics:
    """Sums for variance over exact numbers."""

    is_sample = True
    is_deviation = False

    def __init__(self) -> None:
        self.count = 0
        self.total = Decimal(0)
        self.squares = Decimal(0)

    def step(self, value: Decimal) -> None:
        self.count += 1
        if not value.is_finite() or not self.total.is_finite():
            self.total = Decimal("NaN")
            return
        self.total = numeric.WIDE.add(self.total, value)
        self.squares = numeric.WIDE.add(self.squares, numeric.WIDE.multiply(value, value))

    def final(self) -> Decimal | None:
        if self.count == 0 or (self.is_sample and self.count == 1):
            return None
        if self.total.is_nan():
            return self.total
        count = Decimal(self.count)
        context = numeric.WIDE
        numerator = context.subtract(
            context.multiply(count, self.squares), context.multiply(self.total, self.total)
        )
        if numerator <= 0:
            return Decimal(0)
        denominator = context.multiply(count, count - 1 if self.is_sample else count)
        quotient = numeric.divide(numerator, denominator)
        if not self.is_deviation:
            return quotient
        return numeric.square_root(quotient, numeric.division_scale(numerator, denominator))


class _FloatStatistics:
    """Running variance of doubles by Youngs and Cramer."""

    is_sample = True
    is_deviation = False

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.squares = 0.0

    def step(self, value: float) -> None:
        self.count += 1
        self.total += value
        if not math.isfinite(value):
            self.squares = math.nan
        elif self.count > 1:
            gap = value * self.count - self.total
            self.squares += gap * gap / (self.count * (self.count - 1))

    def final(self) -> float | None:
        if self.count == 0 or (self.is_sample and self.count == 1):
            return None
        variance = self.squares / (self.count - 1 if self.is_sample else self.count)
        return math.sqrt(variance) if self.is_deviation else variance


for _names, _sample, _deviation in (
    (("variance", "var_samp"), True, False),
    (("var_pop",), False, False),
    (("stddev", "stddev_samp"), True, True),
    (("stddev_pop",), False, True),
):
    _facts = {"is_sample": _sample, "is_deviation": _deviation}
    for _name in _names:
        _exact = type("Statistics", (_Statistics,), _facts)
        FAMILY.aggregate(
            f"{_name}(numeric)",
            f"{_name}(integer)",
            f"{_name}(bigint)",
            f"{_name}(smallint)",
            returns="numeric",
        )(_exact)
        _double = type("FloatStatistics", (_FloatStatistics,), _facts)
        FAMILY.aggregate(
            f"{_name}(double precision)", f"{_name}(real)", returns="double precision"
        )(_double)
