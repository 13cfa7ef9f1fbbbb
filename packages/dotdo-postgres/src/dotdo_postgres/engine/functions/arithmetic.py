"""Arithmetic operators (9.3): integers with their ranges, exact numerics, floating point."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql, size_of
from dotdo_postgres.engine.routines import checks, float_checks
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import floats, numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable  # noqa: I001 one step for each form of the grammar
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("9.3")
_WHOLE = ("smallint", "integer", "bigint")
_LIMITS = {
    t.INT2: (-(2**15), 2**15 - 1, checks.CHECK_SMALLINT),
    t.INT4: (-(2**31), 2**31 - 1, checks.CHECK_INTEGER),
}
_INLINE_SIZE = 14


def _pairs(op: str, result: str) -> list[str]:
    """Return `a op b` for whole numbers whose wider type is `result`."""
    rank = _WHOLE.index
    return [
        f"{a} {op} {b}" for a in _WHOLE for b in _WHOLE if max(rank(a), rank(b)) == rank(result)
    ]


def in_range(compiler: Compiler, node: n.Node, oid: int) -> Sql:
    """Guard an integer result: out of range is error 22003."""
    if oid == t.INT8:
        checked = compiler.python(checks.CHECK_BIGINT, [Sql(node.copy())], [t.FLOAT8])
        if size_of(node) > _INLINE_SIZE or compiler.is_volatile(node):
            return Sql(checked)
        return Sql(
            n.call(
                "iif",
                n.binary("=", n.call("typeof", node.copy()), n.string("integer")),
                node,
                checked,
            )
        )
    low, high, routine = _LIMITS[oid]
    checked = compiler.python(routine, [Sql(node.copy())], [t.INT8])
    if size_of(node) > _INLINE_SIZE or compiler.is_volatile(node):
        return Sql(checked)
    inside = n.binary(
        "and",
        n.binary(">=", node.copy(), n.integer(low)),
        n.binary("<=", node.copy(), n.integer(high)),
    )
    return Sql(n.call("iif", inside, node, checked))


def nonzero(compiler: Compiler, left: Sql, right: Sql) -> n.Node:
    """Return the divisor; zero is error 22012 unless the dividend is NULL."""
    if isinstance(right.value, (int, float, Decimal)) and right.value != 0:
        return right.node
    failing = compiler.python(
        checks.DIVISION_BY_ZERO, [Sql(left.node.copy()), Sql(right.node.copy())], [t.INT8, t.INT8]
    )
    return n.call("ifnull", n.call("nullif", right.node.copy(), n.integer(0)), failing)


def _whole(op: str) -> None:
    for result in _WHOLE:

        @FAMILY.native_operator(*_pairs(op, result), returns=result)
        def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
            left, right = args
            divisor = nonzero(compiler, left, right) if op in {"/", "%"} else right.node
            node = n.binary(op, left.node, divisor)
            if op == "%" or (op == "/" and isinstance(right.value, int) and right.value > 0):
                return Sql(node)
            return in_range(compiler, node, expr.type)


for _op in ("+", "-", "*", "/", "%"):
    _whole(_op)


@FAMILY.native("mod(smallint, smallint)", returns="smallint")
@FAMILY.native("mod(integer, integer)", returns="integer")
@FAMILY.native("mod(bigint, bigint)", returns="bigint")
def modulo(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return the remainder, with the sign of the dividend."""
    return Sql(n.binary("%", args[0].node, nonzero(compiler, *args)))


@FAMILY.native_operator("- smallint", returns="smallint")
@FAMILY.native_operator("- integer", returns="integer")
@FAMILY.native_operator("- bigint", returns="bigint")
def minus_whole(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Change the sign."""
    return in_range(compiler, n.binary("-", n.integer(0), args[0].node), expr.type)


@FAMILY.native_operator("- double precision", returns="double precision")
@FAMILY.native_operator("- real", returns="real")
def minus_float(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Change the sign, which NaN has not."""
    (arg,) = args
    return Sql(_unless_nan(args, n.binary("*", arg.node, n.integer(-1)), arg.node.copy()))


@FAMILY.native_operator("- numeric", returns="numeric")
def minus_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Change the sign."""
    (arg,) = args
    if arg.scale is not None:
        return Sql(n.binary("-", n.integer(0), arg.node), arg.scale, arg.digits)
    return Sql(compiler.python(_NEGATE, args, [t.NUMERIC]))


@FAMILY.native_operator("+ smallint", returns="smallint")
@FAMILY.native_operator("+ integer", returns="integer")
@FAMILY.native_operator("+ bigint", returns="bigint")
@FAMILY.native_operator("+ real", returns="real")
@FAMILY.native_operator("+ double precision", returns="double precision")
@FAMILY.native_operator("+ numeric", returns="numeric")
def plus(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return the operand."""
    return args[0]


@FAMILY.native_operator(
    "integer & integer", "smallint & smallint", "bigint & bigint", returns="bigint"
)
def bit_and(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return the bits both have."""
    return Sql(n.binary("&", args[0].node, args[1].node))


@FAMILY.native_operator(
    "integer | integer", "smallint | smallint", "bigint | bigint", returns="bigint"
)
def bit_or(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return the bits either has."""
    return Sql(n.binary("|", args[0].node, args[1].node))


def _shift(value: int, bits: int, width: int, *, is_left: bool) -> int:
    amount = bits % width
    found = value << amount if is_left else value >> amount
    found &= (1 << width) - 1
    return found - (1 << width) if found >> width - 1 else found


def _shifted_small(value: int, bits: int, *, is_left: bool) -> int:
    found = _shift(value, bits, 32, is_left=is_left) & 0xFFFF
    return found - 0x10000 if found >> 15 else found


@FAMILY.operator("smallint << integer", returns="smallint")
def shift_left_small(value: int, bits: int) -> int:
    """Shift bits left."""
    return _shifted_small(value, bits, is_left=True)


@FAMILY.operator("smallint >> integer", returns="smallint")
def shift_right_small(value: int, bits: int) -> int:
    """Shift bits right, keeping the sign."""
    return _shifted_small(value, bits, is_left=False)


@FAMILY.operator("integer << integer", returns="integer")
def shift_left(value: int, bits: int) -> int:
    """Shift bits left."""
    return _shift(value, bits, 32, is_left=True)


@FAMILY.operator("bigint << integer", returns="bigint")
def shift_left_long(value: int, bits: int) -> int:
    """Shift bits left."""
    return _shift(value, bits, 64, is_left=True)


@FAMILY.operator("integer >> integer", returns="integer")
def shift_right(value: int, bits: int) -> int:
    """Shift bits right, keeping the sign."""
    return value >> bits % 32


@FAMILY.operator("bigint >> integer", returns="bigint")
def shift_right_long(value: int, bits: int) -> int:
    """Shift bits right, keeping the sign."""
    return value >> bits % 64


@FAMILY.operator("~ integer", "~ bigint", "~ smallint", returns="bigint")
def invert(value: int) -> int:
    """Turn every bit around."""
    return ~value


@FAMILY.operator("integer # integer", "bigint # bigint", "smallint # smallint", returns="bigint")
def exclusive_or(left: int, right: int) -> int:
    """Return the bits that differ."""
    return left ^ right


def _internal(name: str, body: Callable[..., Any], count: int = 2) -> Routine:
    return Routine(
        "function", name, (t.NUMERIC,) * count, t.NUMERIC, body=body, sql_name=f"pg__numeric_{name}"
    )


def _not_a_number(
    left: Decimal, right: Decimal, body: Callable[[Decimal, Decimal], Decimal]
) -> Decimal:
    """Compute; what infinities have no answer for is NaN."""
    try:
        return body(left, right)
    except InvalidOperation:
        if left.is_finite() and right.is_finite():
            raise
        return Decimal("NaN")


def _add(left: Decimal, right: Decimal) -> Decimal:
    return numeric.bounded(_not_a_number(left, right, numeric.WIDE.add))


def _subtract(left: Decimal, right: Decimal) -> Decimal:
    return numeric.bounded(_not_a_number(left, right, numeric.WIDE.subtract))


def _multiply(left: Decimal, right: Decimal) -> Decimal:
    return numeric.bounded(_not_a_number(left, right, numeric.WIDE.multiply))


def remainder(left: Decimal, right: Decimal) -> Decimal:
    """Return the remainder with the sign of the dividend.

    Raises:
        PostgresError: the divisor is zero (SQLSTATE 22012).
    """
    if left.is_nan() or right.is_nan():
        return Decimal("NaN")
    if right.is_zero():
        raise error("22012", "division by zero")
    if left.is_infinite():
        return Decimal("NaN")
    if right.is_infinite():
        return left
    scale = max(numeric.scale_of(left), numeric.scale_of(right))
    return numeric.WIDE.remainder(left, right).quantize(
        Decimal(1).scaleb(-scale), context=numeric.WIDE
    )


_ADD, _SUBTRACT, _MULTIPLY = (
    _internal("add", _add),
    _internal("sub", _subtract),
    _internal("mul", _multiply),
)
_DIVIDE, _REMAINDER = _internal("div", numeric.divide), _internal("mod", remainder)
_NEGATE = _internal("neg", Decimal.copy_negate, 1)


@FAMILY.native_operator("numeric + numeric", returns="numeric")
def add_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Add exactly; the scale is the larger one."""
    return numerics.addition(compiler, "+", *args) or Sql(
        compiler.python(_ADD, args, [t.NUMERIC, t.NUMERIC])
    )


@FAMILY.native_operator("numeric - numeric", returns="numeric")
def subtract_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Subtract exactly; the scale is the larger one."""
    return numerics.addition(compiler, "-", *args) or Sql(
        compiler.python(_SUBTRACT, args, [t.NUMERIC, t.NUMERIC])
    )


@FAMILY.native_operator("numeric * numeric", returns="numeric")
def multiply_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Multiply exactly; scales add."""
    return numerics.multiplication(compiler, *args) or Sql(
        compiler.python(_MULTIPLY, args, [t.NUMERIC, t.NUMERIC])
    )


@FAMILY.native_operator("numeric / numeric", returns="numeric")
def divide_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Divide to at least 16 significant digits."""
    return Sql(compiler.python(_DIVIDE, args, [t.NUMERIC, t.NUMERIC]))


@FAMILY.native_operator("numeric % numeric", returns="numeric")
@FAMILY.native("mod(numeric, numeric)", returns="numeric")
def modulo_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return the remainder."""
    return Sql(compiler.python(_REMAINDER, args, [t.NUMERIC, t.NUMERIC]))


def _floating(op: str) -> None:
    @FAMILY.native_operator(
        f"double precision {op} double precision", f"real {op} double precision", f"double precision {op} real",
        returns="double precision",
    )  # fmt: skip
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        left, right = args
        node = n.binary(op, left.node, right.node)
        checked = compiler.python(
            float_checks.ROUTINES[op],
            [Sql(left.node.copy()), Sql(right.node.copy())],
            [t.FLOAT8] * 2,
        )
        if size_of(node) > _INLINE_SIZE or compiler.is_volatile(node):
            return Sql(checked)
        sound = n.binary("<", n.call("abs", node.copy()), n.real(float("inf")))
        if op in {"*", "/"}:
            sound = n.binary("and", sound, n.binary("<>", node.copy(), n.integer(0)))
            return Sql(n.call("iif", sound, node, checked))
        return Sql(_unless_nan(args, n.call("iif", sound, node, checked), checked.copy()))


def _unless_nan(args: list[Sql], node: n.Node, otherwise: n.Node) -> n.Node:
    """Write a number unless an operand is NaN, which as text is not below the empty text; NULL goes the other way, too."""
    tests = [
        n.binary("<", arg.node.copy(), n.string(""))
        for arg in args
        if not isinstance(arg.value, float)
    ]
    return n.call("iif", n.conjunction("and", tests), node, otherwise) if tests else node


for _op in ("+", "-", "*", "/"):
    _floating(_op)


@FAMILY.operator("real + real", returns="real")
def add_real(left: float, right: float) -> float:
    """Add in single precision."""
    return floats.single(left + right)


@FAMILY.operator("real - real", returns="real")
def subtract_real(left: float, right: float) -> float:
    """Subtract in single precision."""
    return floats.single(left - right)


@FAMILY.operator("real * real", returns="real")
def multiply_real(left: float, right: float) -> float:
    """Multiply in single precision."""
    return floats.single(float_checks.multiply(left, right))


@FAMILY.operator("real / real", returns="real")
def divide_real(left: float, right: float) -> float:
    """Divide in single precision.

    Raises:
        PostgresError: division by zero (22012).
    """
    return floats.single(float_checks.divide(left, right))


@FAMILY.operator("double precision ^ double precision", returns="double precision")
@FAMILY.function(
    "power(double precision, double precision)", "pow(double precision, double precision)", "dpow(double precision, double precision)",
    returns="double precision",
)  # fmt: skip
def power(base: float, exponent: float) -> float:
    """Raise to a power.

    Raises:
        PostgresError: a fractional power of a negative number (2201F), overflow (22003).
    """
    if base == 1 or exponent == 0:
        return 1.0
    if base != base or exponent != exponent:
        return math.nan
    if base < 0 and math.isfinite(exponent) and exponent != math.floor(exponent):
        raise error(
            "2201F", "a negative number raised to a non-integer power yields a complex result"
        )
    if base == 0 and exponent < 0:
        raise error("2201F", "zero raised to a negative power is undefined")
    try:
        return math.pow(base, exponent)
    except OverflowError:
        raise error("22003", "value out of range: overflow") from None
