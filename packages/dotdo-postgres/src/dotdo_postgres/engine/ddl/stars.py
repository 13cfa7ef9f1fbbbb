"""Queries that are kept: stars written out, columns renamed where they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pglast import ast
from pglast.visitors import Visitor

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.query import Entry, Query, Select, SetOperation, Target
from dotdo_postgres.engine.walking import walk_query
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Iterator


def expand_stars(node: Any, bound: Query) -> None:
    """Write out the stars of a query's target lists, so that columns added later do not show.

    Args:
        node: The grammar's tree, changed in place.
        bound: The same query, bound.
    """
    if isinstance(bound, SetOperation):
        if bound.left is not None and node.larg is not None:
            expand_stars(node.larg, bound.left)
        if bound.right is not None and node.rarg is not None:
            expand_stars(node.rarg, bound.right)
    elif isinstance(bound, Select) and node.targetList is not None:
        items = list(node.targetList)
        if any(map(_is_star, items)):
            node.targetList = tuple(_written_out(items, bound.targets))


def _is_star(item: Any) -> bool:
    fields = item.val.fields if isinstance(item.val, ast.ColumnRef) else None
    return fields is not None and isinstance(fields[-1], ast.A_Star)


def _written_out(items: list[Any], targets: list[Target]) -> Iterator[Any]:
    """Yield the items, stars as the columns that stand for them: what is of a star has its place."""
    left = list(targets)
    spare = len(targets) - len(items)
    for item in items:
        if not _is_star(item):
            left.pop(0)
            yield item
            continue
        count = 0
        while count <= spare and count < len(left) and _is_of(left[count], item.val.location):
            count += 1
        spare -= count - 1
        yield from (_reference(target) for target in left[:count])
        del left[:count]


def _is_of(target: Target, star: int) -> bool:
    return not isinstance(target.expr, ir.Column) or target.expr.location == star


def _reference(target: Target) -> Any:
    expr = target.expr
    if not isinstance(expr, ir.Column):
        raise not_supported("a star over columns merged by FULL JOIN USING in a view")
    name = expr.entry.columns[expr.index].name
    fields = [ast.String(sval=part) for part in (expr.entry.name, name) if part]
    return ast.ResTarget(name=target.column.name, val=ast.ColumnRef(fields=tuple(fields)))


class _Rename(Visitor):
    """Renames column references that stand at given places."""

    def __init__(self, places: set[int], names: tuple[str, str]) -> None:
        super().__init__()
        self._places, self._names = places, names

    def visit_ResTarget(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        if (
            node.name is None
            and isinstance(node.val, ast.ColumnRef)
            and node.val.location in self._places
        ):
            node.name = self._names[0]

    def visit_ColumnRef(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        if node.location in self._places:
            node.fields = (*node.fields[:-1], ast.String(sval=self._names[1]))

    def visit_JoinExpr(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        using = {item.sval for item in node.usingClause or ()}
        if self._names[0] in using or node.isNatural:
            raise not_supported("renaming a column that a view joins by its name")


def renamed_columns(
    node: Any, bound: Query, number: int, column: int, names: tuple[str, str]
) -> None:
    """Rename a table's column wherever a query reads it.

    Args:
        node: The grammar's tree, changed in place.
        bound: The same query, bound; places are those of the same text.
        number: Number of the table's noun.
        column: Number of the column.
        names: Old and new name.
    """
    places = {
        item.location
        for item in walk_query(bound)
        if isinstance(item, ir.Column) and _reads(item.entry, item.index, number, column)
    }
    _Rename(places, names)(node)


def _reads(entry: Entry, index: int, number: int, column: int) -> bool:
    noun = entry.view or (entry.relation.noun.id if entry.relation is not None else 0)
    return noun == number and entry.columns[index].column_number == column
