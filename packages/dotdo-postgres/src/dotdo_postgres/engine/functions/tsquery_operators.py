"""Operators on tsquery (9.13): queries joined, negated, compared and looked into."""

from __future__ import annotations

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import tsqueries
from dotdo_postgres.mapping.tsqueries import AND, NOT, OR, PHRASE, Operator

FAMILY = Family("9.13")


def _combined(kind: str, left: str, right: str, distance: int = 0) -> str:
    one, other = tsqueries.decode(left), tsqueries.decode(right)
    if one is None or other is None:
        return left if other is None else right
    return tsqueries.to_text(Operator(kind, one, other, distance))


@FAMILY.operator("tsquery && tsquery", returns="tsquery")
@FAMILY.function("tsquery_and(tsquery, tsquery)", returns="tsquery")
def both(left: str, right: str) -> str:
    """Return the query for both."""
    return _combined(AND, left, right)


@FAMILY.operator("tsquery || tsquery", returns="tsquery")
@FAMILY.function("tsquery_or(tsquery, tsquery)", returns="tsquery")
def either(left: str, right: str) -> str:
    """Return the query for either."""
    return _combined(OR, left, right)


@FAMILY.operator("!! tsquery", returns="tsquery")
@FAMILY.function("tsquery_not(tsquery)", returns="tsquery")
def negated(stored: str) -> str:
    """Return the query for what a query is not for."""
    node = tsqueries.decode(stored)
    return "" if node is None else tsqueries.to_text(Operator(NOT, None, node))


@FAMILY.operator("tsquery <-> tsquery", returns="tsquery")
@FAMILY.function("tsquery_phrase(tsquery, tsquery)", returns="tsquery")
def followed(left: str, right: str) -> str:
    """Return the query for one right after another."""
    return _combined(PHRASE, left, right, 1)


@FAMILY.function("tsquery_phrase(tsquery, tsquery, integer)", returns="tsquery")
def followed_at(left: str, right: str, distance: int) -> str:
    """Return the query for one at a distance after another (22023)."""
    tsqueries.require_distance(distance)
    return _combined(PHRASE, left, right, distance)


@FAMILY.operator("tsquery @> tsquery", returns="boolean")
def contains(left: str, right: str) -> int:
    """Tell whether a query has all lexemes of another."""
    ours, theirs = (
        {operand.word for operand in tsqueries.operands(tsqueries.decode(stored))}
        for stored in (left, right)
    )
    return int(theirs <= ours)


@FAMILY.operator("tsquery <@ tsquery", returns="boolean")
def is_contained(left: str, right: str) -> int:
    """Tell whether another query has all lexemes of a query."""
    return contains(right, left)


@FAMILY.function("numnode(tsquery)", returns="integer")
def count_nodes(stored: str) -> int:
    """Count lexemes and operators."""
    return tsqueries.count(tsqueries.decode(stored))


@FAMILY.function("querytree(tsquery)", returns="text")
def query_tree(stored: str) -> str:
    """Write the part of a query that an index can be searched by: `T` for none."""
    node = tsqueries.decode(stored)
    if node is None:
        return ""
    indexed = _indexed(node)
    return "T" if indexed is None else tsqueries.to_text(indexed)


def _indexed(node: tsqueries.Node) -> tsqueries.Node | None:
    if not isinstance(node, Operator):
        return node
    if node.kind == NOT:
        return None
    assert node.left is not None
    assert node.right is not None  # whole trees have their operands
    left, right = _indexed(node.left), _indexed(node.right)
    if left is not None and right is not None:
        return Operator(node.kind, left, right, node.distance)
    return None if node.kind == OR else left or right
