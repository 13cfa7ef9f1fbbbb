"""The forms of numeric in SQLite: changing scale, becoming byte strings, comparing, checked arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import MAX_DIGITS, Sql, numeric_literal
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

INTEGER_DIGITS = {t.INT2: 5, t.INT4: 10, t.INT8: 19, t.OID: 10}


def widened(compiler: Compiler, sql: Sql) -> Sql:
    """Turn a numeric into a byte string."""
    if sql.scale is None or sql.is_null:
        return Sql(sql.node, is_null=sql.is_null, value=sql.value)
    if isinstance(sql.value, Decimal):
        return Sql(n.blob(numeric.encode(sql.value)), value=sql.value)
    return Sql(compiler.python(checks.WIDEN, [sql], [t.NUMERIC]))


def narrowed_for_wide(compiler: Compiler, sql: Sql) -> Sql:
    """In a wide statement turn a scaled numeric into a byte string."""
    return widened(compiler, sql) if compiler.is_wide and sql.scale is not None else sql


def checked(compiler: Compiler, node: n.Node) -> n.Node:
    """Guard an integer result that may leave 64 bits: the statement then runs again with byte strings."""
    guard = n.binary("=", n.call("typeof", node), n.string("real"))
    if compiler.is_persistent:
        return node
    return n.call(
        "iif", guard, compiler.python(checks.RUN_WIDE, [Sql(node.copy())], [t.FLOAT8]), node.copy()
    )


def rescaled(compiler: Compiler, sql: Sql, scale: int) -> Sql:
    """Give a scaled numeric more decimal places."""
    assert sql.scale is not None
    shift = scale - sql.scale
    if shift == 0 or sql.is_null:
        return Sql(sql.node, scale, sql.digits, sql.is_null, sql.value)
    if isinstance(sql.value, Decimal):
        scaled = int(sql.value.scaleb(scale, numeric.CONTEXT))
        if abs(scaled) < 10**MAX_DIGITS:
            return Sql(n.integer(scaled), scale, sql.digits + shift, value=sql.value)
    node = n.binary("*", sql.node, n.integer(10**shift))
    digits = sql.digits + shift
    return Sql(checked(compiler, node) if digits > MAX_DIGITS else node, scale, digits)


def unified(compiler: Compiler, parts: list[Sql]) -> tuple[list[Sql], int | None, int]:
    """Bring alternatives (CASE, UNION, COALESCE) to one form; return them, scale and digits."""
    scales = {part.scale for part in parts if not part.is_null}
    if len(scales) == 1 and None not in scales:
        return parts, scales.pop(), max(part.digits for part in parts)
    if not scales:
        return parts, 0, 1
    return [widened(compiler, part) for part in parts], None, 0


def addition(compiler: Compiler, op: str, left: Sql, right: Sql) -> Sql | None:
    """Add or subtract scaled numerics; None when a byte string is among them."""
    if left.scale is None or right.scale is None:
        return None
    scale = max(left.scale, right.scale)
    left, right = rescaled(compiler, left, scale), rescaled(compiler, right, scale)
    node = n.binary(op, left.node, right.node)
    digits = max(left.digits, right.digits) + 1
    return Sql(checked(compiler, node) if digits > MAX_DIGITS else node, scale, min(digits, 19))


def multiplication(compiler: Compiler, left: Sql, right: Sql) -> Sql | None:
    """Multiply scaled numerics; None when a byte string is among them."""
    if left.scale is None or right.scale is None:
        return None
    node = n.binary("*", left.node, right.node)
    digits = left.digits + right.digits
    return Sql(
        checked(compiler, node) if digits > MAX_DIGITS else node,
        left.scale + right.scale,
        min(digits, 19),
    )


def comparison(compiler: Compiler, op: str, left: Sql, right: Sql) -> n.Node:
    """Compare numerics of any forms; a column stays bare so that its index serves."""
    if left.scale is not None and right.scale is not None:
        return _compare_scaled(compiler, op, left, right)
    if left.scale is not None:
        return n.binary(op, left.node, _bound(compiler, right, left.scale))
    if right.scale is not None:
        return n.binary(op, _bound(compiler, left, right.scale), right.node)
    return n.binary(op, key(left.node), key(right.node))


def key(node: n.Node) -> n.Node:
    """Return a byte string without its display scale: equal numbers are then equal."""
    cut = n.call(
        "substr", node, n.integer(1), n.binary("-", n.call("length", node.copy()), n.integer(2))
    )
    special = n.binary("=", n.call("length", node.copy()), n.integer(2))
    return n.call("iif", special, node.copy(), cut)


def _compare_scaled(compiler: Compiler, op: str, left: Sql, right: Sql) -> n.Node:
    assert left.scale is not None
    assert right.scale is not None
    if isinstance(right.value, Decimal):
        return n.binary(op, left.node, _literal_at(right.value, left.scale))
    if isinstance(left.value, Decimal):
        return n.binary(op, _literal_at(left.value, right.scale), right.node)
    scale = max(left.scale, right.scale)
    return n.binary(op, rescaled(compiler, left, scale).node, rescaled(compiler, right, scale).node)


def _literal_at(value: Decimal, scale: int) -> n.Node:
    at = checks.at_scale(value, scale)
    return n.integer(at) if isinstance(at, int) else n.real(at)


def _bound(compiler: Compiler, sql: Sql, scale: int) -> n.Node:
    if isinstance(sql.value, Decimal):
        return _literal_at(sql.value, scale)
    return compiler.python(checks.AT_SCALE, [sql, Sql(n.integer(scale))], [t.NUMERIC, t.INT4])


def from_integer(sql: Sql, oid: int) -> Sql:
    """See an integer as a numeric without decimal places."""
    value = Decimal(sql.value) if isinstance(sql.value, int) else None
    digits = len(str(abs(sql.value))) if isinstance(sql.value, int) else INTEGER_DIGITS[oid]
    return Sql(sql.node, 0, digits, sql.is_null, value)


def literal(value: Decimal) -> Sql:
    """Compile a numeric literal."""
    return numeric_literal(value)
