"""VALUES, UNION, INTERSECT and EXCEPT in SQLite's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.ordering import key_node, needs_key
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.compile.wrapping import (
    conform,
    deduplicated,
    is_plain,
    limit,
    order_positions,
    star_over,
)
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiled, Compiler
    from dotdo_postgres.engine.query import SetOperation, Values

MAX_LISTED = 200


def _is_plain_row(row: list[ir.Expr]) -> bool:
    return all(isinstance(cell, (ir.Const, ir.Param, ir.SessionValue)) for cell in row)


def _listed(rows: list[list[Sql]]) -> Any:
    """Write rows that may refer to what is around them: SQLite's VALUES does not see it."""
    made: Any = None
    for row in rows:
        cells = [n.aliased(cell.node, f"c{at}") for at, cell in enumerate(row)]
        one = exp.Select(expressions=cells or [n.aliased(n.null(), "c")])
        made = one if made is None else exp.Union(this=made, expression=one, distinct=False)
    return made


def compile_values(compiler: Compiler, values: Values) -> Compiled:
    """Write VALUES."""
    rows = [[compiler.expression(cell) for cell in row] for row in values.rows]
    forms: list[Sql] = []
    for at, column in enumerate(values.columns):
        cells = [row[at] for row in rows]
        scale, digits = None, 0
        if column.type == t.NUMERIC:
            cells, scale, digits = numerics.unified(compiler, cells)
        for row, cell in zip(rows, cells, strict=True):
            row[at] = cell
        forms.append(Sql(n.null(), scale, digits))
    made: Any = None
    if len(rows) <= MAX_LISTED and not all(map(_is_plain_row, values.rows)):
        made = _listed(rows)
        if values.order_positions:
            made = order_positions(compiler, made, forms, values.columns, values.order_positions)
        elif len(rows) > 1 and (values.limit is not None or values.offset is not None):
            made = star_over(compiler, made, forms)
        limit(compiler, made, values)
        return made, forms
    listed = exp.Values(
        expressions=[exp.Tuple(expressions=[cell.node for cell in row]) for row in rows]
    )
    alias = compiler.alias()
    made = exp.Select(
        expressions=[
            n.aliased(n.column(alias, f"column{at + 1}"), f"c{at}")
            for at in range(len(values.columns))
        ]
    )
    listed.set("alias", exp.TableAlias(this=n.name(alias)))
    made.set("from_", exp.From(this=listed))
    if values.order_positions:
        made = order_positions(compiler, made, forms, values.columns, values.order_positions)
    limit(compiler, made, values)
    return made, forms


def compile_set_operation(compiler: Compiler, query: SetOperation) -> Compiled:
    """Write UNION, INTERSECT or EXCEPT."""
    assert query.left is not None
    assert query.right is not None
    left, forms = compiler.query(query.left)
    right, others = compiler.query(query.right)
    scales = [a.scale if a.scale == b.scale else None for a, b in zip(forms, others, strict=True)]
    left, forms = conform(compiler, left, forms, scales, query.columns)
    right, others = conform(compiler, right, others, scales, query.columns)
    left = left if is_plain(left) or _same_chain(left, query) else star_over(compiler, left, forms)
    right = right if is_plain(right) else star_over(compiler, right, others)
    keyed = any(needs_key(c.type, f) for c, f in zip(query.columns, forms, strict=True))
    if query.kind != "union" and (keyed or query.is_all):
        made: Any = _counted(compiler, query, left, right, forms)
    else:
        kind = {"union": exp.Union, "intersect": exp.Intersect, "except": exp.Except}[query.kind]
        made = kind(this=left, expression=right, distinct=not query.is_all and not keyed)
        if keyed and not query.is_all:
            made = deduplicated(compiler, made, forms, query.columns)
    if query.order_positions:
        made = order_positions(compiler, made, forms, query.columns, query.order_positions)
    elif (query.limit is not None or query.offset is not None) and not isinstance(made, exp.Select):
        made = star_over(compiler, made, forms)
    limit(compiler, made, query)
    return made, forms


def _same_chain(node: Any, query: SetOperation) -> bool:
    return (
        query.kind == "union"
        and isinstance(node, exp.Union)
        and not any(node.args.get(key) for key in ("order", "limit", "offset", "with_"))
    )


def _counted(
    compiler: Compiler, query: SetOperation, left: Any, right: Any, forms: list[Sql]
) -> Any:
    """Write INTERSECT and EXCEPT by keys: number equal rows on both sides, compare keys and numbers."""
    names = [f"k{at}" for at in range(len(forms))]

    def numbered(node: Any) -> Any:
        outer = star_over(compiler, node, forms)
        alias = outer.args["from_"].this.alias
        cells = [
            Sql(n.column(alias, f"c{at}"), form.scale, form.digits) for at, form in enumerate(forms)
        ]
        keys = [
            key_node(compiler, cell, column.type, is_group=True)
            for cell, column in zip(cells, query.columns, strict=True)
        ]
        ranked = exp.Window(this=n.call("row_number"), partition_by=keys)
        listed = [n.aliased(key.copy(), name) for key, name in zip(keys, names, strict=True)]
        outer.set("expressions", [*outer.expressions, *listed, n.aliased(ranked, "rn")])
        return outer

    def keys_of(node: Any) -> Any:
        made: Any = exp.Select(expressions=[n.bare_column(name) for name in [*names, "rn"]])
        made.set("from_", exp.From(this=n.subquery(numbered(node))))
        if not query.is_all:
            made.set("where", exp.Where(this=n.binary("=", n.bare_column("rn"), n.integer(1))))
        return made

    operation = {"intersect": exp.Intersect, "except": exp.Except}[query.kind]
    wanted = operation(this=keys_of(left.copy()), expression=keys_of(right), distinct=True)
    rows, found = compiler.alias(), compiler.alias()
    made: Any = exp.Select(
        expressions=[n.aliased(n.column(rows, f"c{at}"), f"c{at}") for at in range(len(forms))]
    )
    made.set("from_", exp.From(this=n.subquery(numbered(left), rows)))
    same = [
        n.binary("is not distinct from", n.column(rows, name), n.column(found, name))
        for name in [*names, "rn"]
    ]
    made.set("joins", [exp.Join(this=n.subquery(wanted, found), on=n.conjunction("and", same))])
    return made
