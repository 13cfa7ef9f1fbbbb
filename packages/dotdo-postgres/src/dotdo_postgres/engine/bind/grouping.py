"""GROUP BY: terms, and the rule that other columns may only be used inside aggregates."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.sorting import UNORDERED
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.engine.query import Entry, Query, Select, Target


MAX_SETS = 4096


def bind_group(
    binder: Binder, nodes: list[Node], targets: list[Target], scope: Scope
) -> tuple[list[ir.Expr], list[list[int]] | None]:
    """Bind GROUP BY terms: input columns first, then output names and ordinals, then expressions.

    Returns:
        The terms, and for each grouping set the places of its terms; None when there is just one set of all.

    Raises:
        PostgresError: too many grouping sets (SQLSTATE 54001), and what is wrong with a term.
    """
    found: list[ir.Expr] = []

    def place(node: Node) -> list[int]:
        if "RowExpr" in node:
            return [at for item in node["RowExpr"].get("args", []) for at in place(item)]
        expr = _checked_term(binder, node, targets, scope)
        for at, other in enumerate(found):
            if ir.same(expr, other):
                return [at]
        found.append(expr)
        return [len(found) - 1]

    sets: list[list[int]] = [[]]
    for node in nodes:
        own = _sets(node, place)
        if len(sets) * len(own) > MAX_SETS:
            raise error("54001", f"too many grouping sets present (maximum {MAX_SETS})")
        sets = [[*one, *other] for one in sets for other in own]
    is_plain = not any("GroupingSet" in node for node in nodes)
    return found, None if is_plain else [sorted(set(one)) for one in sets]


def _sets(node: Node, place: Callable[[Node], list[int]]) -> list[list[int]]:
    grouping = node.get("GroupingSet")
    if grouping is None:
        return [place(node)]
    kind, content = grouping["kind"].removeprefix("GROUPING_SET_"), grouping.get("content", [])
    if kind == "EMPTY":
        return [[]]
    if kind == "SETS":
        return [one for item in content for one in _sets(item, place)]
    parts = [place(item) for item in content]
    if kind == "ROLLUP":
        return [
            [at for part in parts[:count] for at in part] for count in range(len(parts), -1, -1)
        ]
    if kind == "CUBE" and len(parts) <= 12:
        return [
            [at for part in chosen for at in part]
            for count in range(len(parts), -1, -1)
            for chosen in itertools.combinations(parts, count)
        ]
    raise error("54011", "CUBE is limited to 12 elements", position=grouping.get("location"))


def _checked_term(binder: Binder, node: Node, targets: list[Target], scope: Scope) -> ir.Expr:
    expr = _term(binder, node, targets, scope)
    if expr.type in UNORDERED:
        message = f"could not identify an equality operator for type {t.format_type(expr.type)}"
        raise error("42883", message, position=expr.location)
    _refuse_aggregates(expr)
    return expr


def bind_grouping(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind GROUPING(...), whose terms are looked up when GROUP BY is known."""
    location = node.get("location", 0)
    args = [binder.expression(item, scope) for item in node["args"]]
    if len(args) > 31:
        message = "GROUPING must have fewer than 32 arguments"
        raise error("54023", message, position=location)
    call = ir.Grouping(t.INT4, -1, location, args)
    scope.groupings.append(call)
    return call


def _term(binder: Binder, node: Node, targets: list[Target], scope: Scope) -> ir.Expr:
    column = node.get("ColumnRef")
    if column is not None and len(column["fields"]) == 1 and "String" in column["fields"][0]:
        name, location = column["fields"][0]["String"]["sval"], column.get("location", 0)
        local = [
            expr
            for item in scope.items
            if item.has_plain_columns
            for n, expr in item.columns
            if n == name
        ]
        if local:
            return binder.expression(node, scope)
        matches = [target for target in targets if target.column.name == name]
        if matches:
            if any(not ir.same(matches[0].expr, other.expr) for other in matches[1:]):
                raise error("42702", f'GROUP BY "{name}" is ambiguous', position=location)
            return _settle(binder, matches[0])
    constant = node.get("A_Const")
    if constant is not None and "ival" in constant:
        position = constant["ival"].get("ival", 0)
        if not 1 <= position <= len(targets):
            message = f"GROUP BY position {position} is not in select list"
            raise error("42P10", message, position=constant.get("location", 0))
        return _settle(binder, targets[position - 1])
    if constant is not None and "isnull" not in constant:
        raise error(
            "42601", "non-integer constant in GROUP BY", position=constant.get("location", 0)
        )
    return binder.known(binder.expression(node, scope))


def _settle(binder: Binder, target: Target) -> ir.Expr:
    target.expr = binder.known(target.expr)
    target.column.type = target.expr.type
    return target.expr


def _refuse_aggregates(expr: ir.Expr) -> None:
    if isinstance(expr, ir.Aggregate):
        if expr.window is not None:
            raise error(
                "42P20", "window functions are not allowed in GROUP BY", position=expr.location
            )
        raise error(
            "42803", "aggregate functions are not allowed in GROUP BY", position=expr.location
        )
    for child in ir.children(expr):
        _refuse_aggregates(child)


def check_grouping(select: Select, scope: Scope) -> None:
    """Check every expression that is evaluated after grouping.

    Raises:
        PostgresError: a column is neither grouped nor aggregated (SQLSTATE 42803).
    """
    checker = _Checker(select, scope)
    for target in select.targets:
        checker.check(target.expr, inside=False)
    if select.having is not None:
        checker.check(select.having, inside=False)
    for key in select.order:
        checker.check(key.expr, inside=False)
    for expr in select.distinct_on or []:
        checker.check(expr, inside=False)


class _Checker:
    def __init__(self, select: Select, scope: Scope) -> None:
        self.group = select.group
        self.entries = scope.entries
        self.sets = select.grouping_sets
        self.determined: list[Entry] = [
            entry for entry in scope.entries if self.sets is None and self._determines(entry)
        ]

    def _determines(self, entry: Entry) -> bool:
        relation = entry.relation
        if relation is None or not relation.noun.key:
            return False
        grouped = {
            relation.columns[expr.index].physical
            for expr in self.group
            if isinstance(expr, ir.Column) and expr.entry is entry
        }
        return set(relation.noun.key) <= grouped

    def check(self, expr: ir.Expr, inside: bool) -> None:
        if any(ir.same(expr, grouped) for grouped in self.group):
            return
        if isinstance(expr, ir.Aggregate) and expr.window is None and not inside:
            return
        if isinstance(expr, ir.Grouping):
            self._check_grouping(expr)
            return
        if isinstance(expr, ir.Column):
            self._check_column(expr, inside)
            return
        if isinstance(expr, ir.Subquery):
            _walk_query(expr.query, self)
        for child in ir.children(expr):
            self.check(child, inside)

    def _check_grouping(self, expr: ir.Grouping) -> None:
        for arg in expr.args:
            if not any(ir.same(arg, grouped) for grouped in self.group):
                message = "arguments to GROUPING must be grouping expressions of the associated query level"
                raise error("42803", message, position=arg.location)

    def _check_column(self, column: ir.Column, inside: bool) -> None:
        if column.entry not in self.entries or column.entry in self.determined:
            return
        name = f"{column.entry.name}.{column.entry.columns[column.index].name}"
        if inside:
            message = f'subquery uses ungrouped column "{name}" from outer query'
        else:
            message = f'column "{name}" must appear in the GROUP BY clause or be used in an aggregate function'
        raise error("42803", message, position=column.location)


def _walk_query(query: Query, checker: _Checker) -> None:
    for expr in _expressions(query):
        checker.check(expr, inside=True)


def _expressions(value: Any) -> list[ir.Expr]:
    """Return the expressions directly in a query and in its nested queries."""
    found: list[ir.Expr] = []
    if isinstance(value, ir.Expr):
        return [value]
    if isinstance(value, (list, tuple)):
        for item in value:
            found += _expressions(item)
    elif hasattr(type(value), "__dataclass_fields__") and not isinstance(value, type):
        if type(value).__name__ in {"Relation", "OutputColumn", "Cte"}:
            return []
        for name in type(value).__dataclass_fields__:
            found += _expressions(getattr(value, name))
    return found
