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
        stars = [_star(item) for item in items]
        if any(stars):
            node.targetList = tuple(_written_out(items, stars, bound.targets))


def _star(item: Any) -> list[str] | None:
    """Return the names before a star, None when the item is none."""
    fields = item.val.fields if isinstance(item.val, ast.ColumnRef) else ()
    if not fields or not isinstance(fields[-1], ast.A_Star):
        return None
    return [field.sval for field in fields[:-1]] or [""]


def _written_out(
    items: list[Any], stars: list[list[str] | None], targets: list[Target]
) -> Iterator[Any]:
    plain = sum(star is None for star in stars)
    named = {
        at: sum(_entry_name(target) == star[-1] for target in targets)
        for at, star in enumerate(stars)
        if star is not None and star[-1]
    }
    bare = sum(1 for star in stars if star is not None and not star[-1])
    width = (len(targets) - plain - sum(named.values())) // bare if bare else 0
    left = list(targets)
    for at, (item, star) in enumerate(zip(items, stars, strict=True)):
        count = 1 if star is None else named.get(at, width)
        taken, left = left[:count], left[count:]
        if star is None:
            yield item
        else:
            yield from (_reference(target) for target in taken)


def _entry_name(target: Target) -> str:
    return target.expr.entry.name if isinstance(target.expr, ir.Column) else ""


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
