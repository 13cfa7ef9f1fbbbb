"""SELECT in SQLite's words: targets, WHERE, groups and grouping sets, DISTINCT, DISTINCT ON, WITH TIES."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import attach_from
from dotdo_postgres.engine.compile.ordering import needs_key, order_terms, sort_node
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.compile.wrapping import (
    bound,
    conform,
    deduplicated,
    limit,
    order_positions,
    star_over,
)

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiled, Compiler
    from dotdo_postgres.engine.query import Select


def compile_select(
    compiler: Compiler, select: Select, around: list[ir.Expr] | None = None
) -> Compiled:
    """Write a query; `around`, for a grouping set, is what sets of the queries around leave out."""
    if select.grouping_sets is not None:
        return _grouping_sets(compiler, select, select.grouping_sets)
    made: Any = exp.Select()
    left_out = compiler.left_out
    if around is not None:  # rows are found whatever the grouping set
        compiler.left_out = around
    attach_from(compiler, made, select.from_items)
    where = None if select.where is None else exp.Where(this=compiler.node(select.where))
    compiler.left_out = left_out
    forms = [compiler.expression(target.expr) for target in select.targets]
    made.set(
        "expressions",
        [n.aliased(form.node, f"c{at}") for at, form in enumerate(forms)]
        or [n.aliased(n.null(), "c")],
    )
    if where is not None:
        made.set("where", where)
    if select.has_groups:
        _group(compiler, made, select)
    forms = [Sql(n.null(), form.scale, form.digits) for form in forms]
    if select.distinct_on is not None:
        return _distinct_on(compiler, made, select, forms), forms
    if select.with_ties and select.limit is not None:
        return _with_ties(compiler, made, select, forms), forms
    if select.is_distinct:
        made = _distinct(compiler, made, select, forms)
    elif select.order:
        terms = order_terms(compiler, select.order, has_peers=False)
        made.set("order", exp.Order(expressions=terms))
    limit(compiler, made, select)
    return made, forms


def _group(compiler: Compiler, made: Any, select: Select) -> None:
    terms = [
        sort_node(compiler, expr, is_group=True)
        for expr in select.group
        if not isinstance(expr, (ir.Const, ir.Param))
    ]
    if select.group and not terms:
        terms = [n.call("ifnull", n.null(), n.null())]
    if terms:
        made.set("group", exp.Group(expressions=terms))
    if select.having is not None:
        made.set("having", exp.Having(this=compiler.node(select.having)))
    if not terms and not _has_aggregate(select):
        _keep_one_row(made)


def _keep_one_row(made: Any) -> None:
    """Make the one row that all rows are where no aggregate looks at them: FROM does not matter then."""
    having = made.args.get("having")
    for clause in ("from_", "joins", "where", "having"):
        made.set(clause, None)
    if having is not None:
        made.set("where", exp.Where(this=having.this))


def _grouping_sets(compiler: Compiler, select: Select, sets: list[list[int]]) -> Compiled:
    """Write grouping sets as a union of queries, one for each; what orders them goes along in columns."""
    branches = []
    ordered = [] if select.is_distinct else [key.expr for key in select.order]
    keys = [(expr, False) for expr in ordered]
    keys += [(expr, True) for expr in select.distinct_on or ()]
    around, kept = compiler.left_out, compiler.kept
    for places in sets:
        compiler.kept = [select.group[at] for at in places]
        compiler.left_out = around + [
            expr
            for at, expr in enumerate(select.group)
            if at not in places and not any(ir.same(expr, other) for other in compiler.kept)
        ]
        one = replace(
            select, group=[select.group[at] for at in places], grouping_sets=None, order=[],
            limit=None, offset=None, is_distinct=False, distinct_on=None,
        )  # fmt: skip
        node, forms = compile_select(compiler, one, around)
        for at, (expr, is_group) in enumerate(keys):
            key = sort_node(compiler, expr, is_group=is_group)
            node.append("expressions", n.aliased(key, f"o{at}"))
        branches.append((node, forms))
        compiler.left_out, compiler.kept = around, kept
    return _united(compiler, select, branches, len(keys))


def _united(
    compiler: Compiler, select: Select, branches: list[tuple[Any, list[Sql]]], extra: int
) -> Compiled:
    columns = [target.column for target in select.targets]
    scales = [
        forms[0].scale if len({form.scale for form in forms}) == 1 else None
        for forms in zip(*[forms for _, forms in branches], strict=True)
    ]
    made: Any = None
    forms: list[Sql] = []
    for node, own in branches:
        conformed, forms = conform(compiler, node, own, scales, columns, extra)
        made = (
            conformed
            if made is None
            else exp.Union(this=made, expression=conformed, distinct=False)
        )
    if select.distinct_on is not None:
        made = _first_of_each(compiler, made, select, forms, extra)
    outer = star_over(compiler, made, forms)
    if select.is_distinct:
        outer = _distinct(compiler, outer, select, forms)
    elif select.order:
        alias = outer.args["from_"].this.alias
        outer.set("order", exp.Order(expressions=_carried_order(alias, select)))
    limit(compiler, outer, select)
    return outer, forms


def _carried_order(alias: str, select: Select) -> list[n.Node]:
    """Write ORDER BY over the columns in which its terms go along."""
    return [
        n.ordered(n.column(alias, f"o{at}"), key.is_descending, key.nulls_first)
        for at, key in enumerate(select.order)
    ]


def _first_of_each(
    compiler: Compiler, made: Any, select: Select, forms: list[Sql], extra: int
) -> Any:
    """Keep the first row of each group of DISTINCT ON, whose terms go along behind those of ORDER BY."""
    carried = [f"o{at}" for at in range(extra)]
    numbered = star_over(compiler, made, forms)
    alias = numbered.args["from_"].this.alias
    partition = [n.column(alias, name) for name in carried[len(select.order) :]]
    order = exp.Order(expressions=_carried_order(alias, select)) if select.order else None
    ranked = exp.Window(this=n.call("row_number"), partition_by=partition, order=order)
    listed = [n.aliased(n.column(alias, name), name) for name in carried]
    numbered.set("expressions", [*numbered.expressions, *listed, n.aliased(ranked, "rn")])
    first = star_over(compiler, numbered, forms)
    alias = first.args["from_"].this.alias
    listed = [n.aliased(n.column(alias, name), name) for name in carried]
    first.set("expressions", [*first.expressions, *listed])
    first.set("where", exp.Where(this=n.binary("=", n.column(alias, "rn"), n.integer(1))))
    return first


def _has_aggregate(select: Select) -> bool:
    def walk(expr: ir.Expr) -> bool:
        return (isinstance(expr, ir.Aggregate) and expr.window is None) or any(
            walk(child) for child in ir.children(expr)
        )

    return any(walk(target.expr) for target in select.targets) or (
        select.having is not None and walk(select.having)
    )


def _distinct(compiler: Compiler, made: Any, select: Select, forms: list[Sql]) -> Any:
    """Write DISTINCT; ORDER BY terms are among the targets, hence positions."""
    if any(
        needs_key(target.expr.type, form)
        for target, form in zip(select.targets, forms, strict=True)
    ):
        made = deduplicated(compiler, made, forms, [target.column for target in select.targets])
    else:
        made.set("distinct", exp.Distinct())
    if not select.order:
        return made
    terms = []
    for key in select.order:
        at = next(at for at, target in enumerate(select.targets) if ir.same(target.expr, key.expr))
        terms.append((at + 1, key.is_descending, key.nulls_first))
    return order_positions(
        compiler, made, forms, [target.column for target in select.targets], terms
    )


def _distinct_on(compiler: Compiler, made: Any, select: Select, forms: list[Sql]) -> Any:
    """Write DISTINCT ON: number the rows of each group in order, keep the first."""
    assert select.distinct_on is not None
    partition = [sort_node(compiler, expr, is_group=True) for expr in select.distinct_on]
    order = exp.Order(expressions=order_terms(compiler, select.order)) if select.order else None
    ranked = exp.Window(this=n.call("row_number"), partition_by=partition, order=order)
    keys = [
        n.aliased(sort_node(compiler, key.expr, is_group=False), f"o{at}")
        for at, key in enumerate(select.order)
    ]
    made.set("expressions", [*made.expressions, n.aliased(ranked, "rn"), *keys])
    outer = star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    outer.set("where", exp.Where(this=n.binary("=", n.column(alias, "rn"), n.integer(1))))
    if select.order:
        terms = [
            n.ordered(n.column(alias, f"o{at}"), key.is_descending, key.nulls_first)
            for at, key in enumerate(select.order)
        ]
        outer.set("order", exp.Order(expressions=terms))
    limit(compiler, outer, select)
    return outer


def _with_ties(compiler: Compiler, made: Any, select: Select, forms: list[Sql]) -> Any:
    """Write FETCH ... WITH TIES: rows up to a rank in the order, so that equal ones come along."""
    assert select.limit is not None
    ranks = [
        n.aliased(
            exp.Window(
                this=n.call(name),
                order=exp.Order(expressions=order_terms(compiler, select.order)),
            ),
            label,
        )
        for name, label in (("rank", "tie"), ("row_number", "place"))
    ]
    made.set("expressions", [*made.expressions, *ranks])
    outer = star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    limit = bound(compiler, select.limit, "LIMIT")
    skipped = n.integer(0) if select.offset is None else bound(compiler, select.offset, "OFFSET")
    last = n.binary("+", limit, skipped)
    conditions = [
        n.binary("<=", n.column(alias, "tie"), last),
        n.binary(">", n.column(alias, "place"), skipped.copy()),
        n.binary(">", limit.copy(), n.integer(0)),
    ]
    outer.set("where", exp.Where(this=n.conjunction("and", conditions)))
    place = n.ordered(n.column(alias, "place"), is_descending=False, nulls_first=False)
    outer.set("order", exp.Order(expressions=[place]))
    return outer
