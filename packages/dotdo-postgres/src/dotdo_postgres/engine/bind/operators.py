"""Operators: plain, IN, BETWEEN, LIKE, IS DISTINCT FROM, ANY and ALL of arrays, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.extensions import extension_operators
from dotdo_postgres.engine.coercion import is_array
from dotdo_postgres.engine.functions.registry import routines
from dotdo_postgres.engine.overloads import (
    Candidate,
    bind_polymorphic,
    missing_operator,
    resolve_operator,
)
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope

NEGATIONS = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def make_operator(
    binder: Binder, name: str, left: ir.Expr | None, right: ir.Expr, location: int
) -> ir.Expr:
    """Resolve an operator for its operands and cast them to its types.

    Raises:
        PostgresError: 42883, 42725, 0A000.
    """
    operands = [right] if left is None else [left, right]
    if all(isinstance(operand, ir.Row) and operand.type == t.RECORD for operand in operands):
        return compare_rows(binder, name, operands, location)
    if name in binder.names.objects.operators and binder.names.routines is not None:
        made: ir.Expr | None = binder.names.routines.bind_operator(binder, name, operands, location)
        if made is not None:
            return made
    types = tuple(operand.type for operand in operands)
    name = "<>" if name == "!=" else name
    more = extension_operators(binder.names, name, len(types))
    found = resolve_operator(name, types, more)
    if isinstance(found, str):
        raise missing_operator(name, types, location, found == "ambiguous")
    return call_operator(binder, name, found, operands, location)


def _is_row(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Row) or expr.type == t.RECORD or t.BY_OID[expr.type].kind == "c"


def _opened(binder: Binder, expr: ir.Expr, operands: list[ir.Expr]) -> ir.Expr:
    from dotdo_postgres.engine.bind.composites import opened

    if expr.type == t.UNKNOWN:
        other = next(one for one in operands if one is not expr)
        if t.BY_OID[other.type].kind == "c":
            expr = binder.coercer.coerce(expr, other.type)
    return opened(binder, expr) or expr


def call_operator(
    binder: Binder, name: str, found: Candidate, operands: list[ir.Expr], location: int
) -> ir.Expr:
    """Make the call of a resolved operator."""
    routine = routines().get(("operator", name, found.declared))
    if routine is None:
        shown = f" {name} ".join(t.format_type(oid) for oid in found.declared)
        raise not_supported(
            f"operator {shown if len(operands) == 2 else f'{name} {shown}'}", location
        )
    arguments: tuple[int, ...] = found.arguments
    result = found.result
    bound = bind_polymorphic(found.arguments, [operand.type for operand in operands])
    if bound:
        arguments = tuple(bound.get(oid, oid) for oid in arguments)
        result = bound.get(result, result)
    args = [
        binder.coercer.coerce(operand, oid)
        for operand, oid in zip(operands, arguments, strict=True)
    ]
    args = [binder.known(arg) for arg in args]
    return ir.Call(result, -1, location, routine, args)


def compare_rows(binder: Binder, name: str, operands: list[ir.Expr], location: int) -> ir.Expr:
    """Compare rows field by field."""
    if len(operands) != 2 or not all(isinstance(operand, ir.Row) for operand in operands):
        raise not_supported("an operator on a row and something else", location)
    left, right = operands
    assert isinstance(left, ir.Row)
    assert isinstance(right, ir.Row)
    if not left.args and not right.args:
        raise error("0A000", "cannot compare rows of zero length", position=location)
    if len(left.args) != len(right.args):
        raise error("42601", "unequal number of entries in row expressions", position=location)
    if name not in {"=", "<>", "<", "<=", ">", ">="}:
        raise not_supported(f"operator {name} on rows", location)
    pairs = zip(left.args, right.args, strict=True)
    comparisons = [make_operator(binder, name, a, b, location) for a, b in pairs]
    return ir.RowCompare(t.BOOL, -1, location, name, comparisons)  # type: ignore[arg-type]  # scalars inside


def bind_operator(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind an A_Expr by its kind."""
    return _KINDS[node["kind"]](binder, node, scope)


def _name(node: Node) -> str:
    name: str = node["name"][-1]["String"]["sval"]
    return name


def _plain(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    location = node.get("location", 0)
    left = binder.expression(node["lexpr"], scope) if "lexpr" in node else None
    right_node = node["rexpr"]
    if "SubLink" in right_node and isinstance(left, ir.Row):
        raise not_supported("a row compared with a subquery", location)
    return make_operator(binder, _name(node), left, binder.expression(right_node, scope), location)


def _distinct(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    left, right = binder.expression(node["lexpr"], scope), binder.expression(node["rexpr"], scope)
    location, is_not = node.get("location", 0), node["kind"] == "AEXPR_NOT_DISTINCT"
    comparison = make_operator(binder, "=", left, right, location)
    if isinstance(comparison, ir.RowCompare):  # rows differ where a field does
        parts: list[ir.Expr] = [
            ir.DistinctFrom(t.BOOL, -1, location, part, is_not) for part in comparison.comparisons
        ]
        return ir.Bool(t.BOOL, -1, location, "and" if is_not else "or", parts)
    return ir.DistinctFrom(t.BOOL, -1, location, comparison, is_not)


def _null_if(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    left, right = binder.expression(node["lexpr"], scope), binder.expression(node["rexpr"], scope)
    comparison = make_operator(binder, "=", left, right, node.get("location", 0))
    if not isinstance(comparison, ir.Call):
        raise not_supported("NULLIF of rows", node.get("location", 0))
    first = comparison.args[0]
    return ir.NullIf(
        first.type,
        left.typmod if first.type == left.type else -1,
        node.get("location", 0),
        comparison,
    )


def _in(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    location = node.get("location", 0)
    is_not = _name(node) == "<>"
    left = binder.expression(node["lexpr"], scope)
    items = [binder.expression(item, scope) for item in node["rexpr"]["List"]["items"]]
    if not isinstance(left, ir.Row):
        left, items = _share_type(binder, left, items)
    comparisons = [make_operator(binder, "=", left, item, location) for item in items]
    return ir.InList(t.BOOL, -1, location, comparisons, is_not)


def _share_type(
    binder: Binder, left: ir.Expr, items: list[ir.Expr]
) -> tuple[ir.Expr, list[ir.Expr]]:
    try:
        target = binder.coercer.common_type([left, *items], "IN")
    except PostgresError:  # then each item is compared by itself, as PostgreSQL does
        return left, items
    if target == t.UNKNOWN or (target == t.TEXT and left.type not in {t.UNKNOWN, t.TEXT}):
        return left, items
    return left, [
        binder.coercer.coerce(item, target) if item.type == t.UNKNOWN else item for item in items
    ]


def _between(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    location = node.get("location", 0)
    kind = node["kind"]
    value = binder.expression(node["lexpr"], scope)
    low, high = (binder.expression(item, scope) for item in node["rexpr"]["List"]["items"])

    def both(first: ir.Expr, second: ir.Expr) -> ir.Expr:
        at_least = make_operator(binder, ">=", value, first, location)
        at_most = make_operator(binder, "<=", value, second, location)
        return ir.Bool(t.BOOL, -1, location, "and", [at_least, at_most])

    found = both(low, high)
    if kind.endswith("_SYM"):
        found = ir.Bool(t.BOOL, -1, location, "or", [found, both(high, low)])
    if "NOT" in kind:
        return ir.Bool(t.BOOL, -1, location, "not", [found])
    return found


def _element_type(name: str, left: int) -> int:
    """Return what an array literal holds: what the operator takes on its right side."""
    found = resolve_operator(name, (left, t.UNKNOWN))
    if isinstance(found, Candidate) and found.arguments[1] not in t.POLYMORPHIC:
        return found.arguments[1]
    return t.TEXT if left == t.UNKNOWN else left


def _any_all(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    location = node.get("location", 0)
    left = binder.expression(node["lexpr"], scope)
    array = binder.expression(node["rexpr"], scope)
    if array.type == t.UNKNOWN:
        element = _element_type(_name(node), left.type)
        array = binder.coercer.coerce(array, t.BY_OID[element].array)
    if not is_array(array.type):
        raise error("42809", "op ANY/ALL (array) requires array on right side", position=location)
    name = _name(node)
    right = ir.ArrayElement(t.BY_OID[array.type].element, -1, location)
    comparison = make_operator(binder, name, left, right, location)
    if comparison.type != t.BOOL:
        message = "op ANY/ALL (array) requires operator to yield boolean"
        raise error("42809", message, position=location)
    return ir.ArrayCompare(
        t.BOOL, -1, location, comparison, array, name, node["kind"] == "AEXPR_OP_ANY"
    )


def _similar(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """SIMILAR TO: the pattern goes through similar_to_escape and is then a regular expression."""
    left, right = binder.expression(node["lexpr"], scope), binder.expression(node["rexpr"], scope)
    return make_operator(binder, _name(node), left, right, node.get("location", 0))


_KINDS = {
    "AEXPR_OP": _plain,
    "AEXPR_OP_ANY": _any_all,
    "AEXPR_OP_ALL": _any_all,
    "AEXPR_DISTINCT": _distinct,
    "AEXPR_NOT_DISTINCT": _distinct,
    "AEXPR_NULLIF": _null_if,
    "AEXPR_IN": _in,
    "AEXPR_LIKE": _plain,
    "AEXPR_ILIKE": _plain,
    "AEXPR_SIMILAR": _similar,
    "AEXPR_BETWEEN": _between,
    "AEXPR_NOT_BETWEEN": _between,
    "AEXPR_BETWEEN_SYM": _between,
    "AEXPR_NOT_BETWEEN_SYM": _between,
}
