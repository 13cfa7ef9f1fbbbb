"""Queries: SELECT, VALUES, set operations, WITH, DISTINCT, ORDER BY and LIMIT in SQLite's words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.from_items import attach_from
from dotdo_postgres.engine.compile.ordering import key_node, needs_key, order_terms, sort_node
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.query import Cte, OutputColumn, Query, Select, SetOperation, Values
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

Compiled = tuple[Any, list[Sql]]
MAX_LISTED = 200


def compile_query(compiler: Compiler, query: Query) -> Compiled:
    """Compile a query of any form; its result columns are named c0, c1 ..."""
    with_items = [_cte(compiler, cte) for cte in query.ctes]
    if isinstance(query, Select):
        node, forms = _select(compiler, query)
    elif isinstance(query, SetOperation):
        node, forms = _set_operation(compiler, query)
    else:
        assert isinstance(query, Values)
        node, forms = _values(compiler, query)
    if with_items:
        if node.args.get("with_") is not None:
            node = _star_over(compiler, node, forms)
        node.set(
            "with_",
            exp.With(expressions=with_items, recursive=any(cte.is_recursive for cte in query.ctes)),
        )
    return node, forms


def _star_over(compiler: Compiler, node: Any, forms: list[Sql]) -> Any:
    alias = compiler.alias()
    outer = exp.Select(
        expressions=[n.aliased(n.column(alias, f"c{at}"), f"c{at}") for at in range(len(forms))]
        or [n.aliased(n.null(), "c")]
    )
    outer.set("from_", exp.From(this=n.subquery(node, alias)))
    return outer


def _cte(compiler: Compiler, cte: Cte) -> Any:
    assert cte.query is not None
    name = compiler.cte_name(cte)
    if cte.is_recursive:
        node, forms = _recursive(compiler, cte)
    else:
        node, forms = compile_query(compiler, cte.query)
    compiler.cte_scales[id(cte)] = forms
    columns = [n.name(f"c{at}") for at in range(len(forms))]
    alias = exp.TableAlias(this=n.name(name), columns=columns)
    return exp.CTE(this=node, alias=alias, materialized=cte.is_materialized)


def _recursive(compiler: Compiler, cte: Cte) -> Compiled:
    query = cte.query
    assert isinstance(query, SetOperation)
    assert query.left is not None
    assert query.right is not None
    left, forms = compile_query(compiler, query.left)
    compiler.cte_scales[id(cte)] = forms
    right, others = compile_query(compiler, query.right)
    if any(a.scale != b.scale for a, b in zip(forms, others, strict=True)):
        left, forms = _conform(compiler, left, forms, [None] * len(forms), query.columns)
        compiler.cte_scales[id(cte)] = forms
        right, others = compile_query(compiler, query.right)
        right, others = _conform(compiler, right, others, [None] * len(forms), query.columns)
    if not query.is_all and any(
        needs_key(c.type, f) for c, f in zip(query.columns, forms, strict=True)
    ):
        raise not_supported("UNION of a recursive query over these types")
    right = right if _is_plain(right) else _star_over(compiler, right, others)
    left = left if _is_plain(left) else _star_over(compiler, left, forms)
    return exp.Union(this=left, expression=right, distinct=not query.is_all), forms


def _is_plain(node: Any) -> bool:
    return isinstance(node, exp.Select) and not any(
        node.args.get(key) for key in ("order", "limit", "offset", "with_")
    )


# --- SELECT --------------------------------------------------------------------------------


def _select(compiler: Compiler, select: Select, around: list[ir.Expr] | None = None) -> Compiled:
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
        made.set("order", exp.Order(expressions=order_terms(compiler, select.order)))
    _limit(compiler, made, select)
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
    keys = [key.expr for key in select.order] + (select.distinct_on or [])
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
        node, forms = _select(compiler, one, around)
        for at, expr in enumerate(keys):
            key = sort_node(compiler, expr, is_group=False)
            node.append("expressions", n.aliased(key, f"o{at}"))
        branches.append((node, forms))
        compiler.left_out, compiler.kept = around, kept
    return _united(compiler, select, branches)


def _united(compiler: Compiler, select: Select, branches: list[tuple[Any, list[Sql]]]) -> Compiled:
    columns = [target.column for target in select.targets]
    scales = [
        forms[0].scale if len({form.scale for form in forms}) == 1 else None
        for forms in zip(*[forms for _, forms in branches], strict=True)
    ]
    if select.is_distinct or select.distinct_on is not None:
        raise not_supported("DISTINCT over grouping sets")
    made: Any = None
    forms: list[Sql] = []
    for node, own in branches:
        conformed, forms = _conform(compiler, node, own, scales, columns, len(select.order))
        made = (
            conformed
            if made is None
            else exp.Union(this=made, expression=conformed, distinct=False)
        )
    outer = _star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    if select.order:
        terms = [
            n.ordered(n.column(alias, f"o{at}"), key.is_descending, key.nulls_first)
            for at, key in enumerate(select.order)
        ]
        outer.set("order", exp.Order(expressions=terms))
    _limit(compiler, outer, select)
    return outer, forms


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
        made = _deduplicated(compiler, made, forms, [target.column for target in select.targets])
    else:
        made.set("distinct", exp.Distinct())
    if not select.order:
        return made
    terms = []
    for key in select.order:
        at = next(at for at, target in enumerate(select.targets) if ir.same(target.expr, key.expr))
        terms.append((at + 1, key.is_descending, key.nulls_first))
    return _order_positions(
        compiler, made, forms, [target.column for target in select.targets], terms
    )


def _deduplicated(
    compiler: Compiler, made: Any, forms: list[Sql], columns: list[OutputColumn]
) -> Any:
    outer = _star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    keys = [
        key_node(
            compiler,
            Sql(n.column(alias, f"c{at}"), form.scale, form.digits),
            column.type,
            is_group=True,
        )
        for at, (form, column) in enumerate(zip(forms, columns, strict=True))
    ]
    outer.set("group", exp.Group(expressions=keys))
    return outer


def _order_positions(
    compiler: Compiler,
    made: Any,
    forms: list[Sql],
    columns: list[OutputColumn],
    terms: list[tuple[int, bool, bool]],
) -> Any:
    """Order a query by its result columns."""
    outer = _star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    nodes = []
    for position, is_descending, nulls_first in terms:
        form = forms[position - 1]
        sql = Sql(n.column(alias, f"c{position - 1}"), form.scale, form.digits)
        key = key_node(compiler, sql, columns[position - 1].type, is_group=False)
        nodes.append(n.ordered(key, is_descending, nulls_first))
    outer.set("order", exp.Order(expressions=nodes))
    return outer


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
    outer = _star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    outer.set("where", exp.Where(this=n.binary("=", n.column(alias, "rn"), n.integer(1))))
    if select.order:
        terms = [
            n.ordered(n.column(alias, f"o{at}"), key.is_descending, key.nulls_first)
            for at, key in enumerate(select.order)
        ]
        outer.set("order", exp.Order(expressions=terms))
    _limit(compiler, outer, select)
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
    outer = _star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    limit = _bound(compiler, select.limit, "LIMIT")
    skipped = n.integer(0) if select.offset is None else _bound(compiler, select.offset, "OFFSET")
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


def _limit(compiler: Compiler, made: Any, query: Query) -> None:
    """Write LIMIT and OFFSET, negative ones refused."""
    if query.limit is not None:
        made.set("limit", exp.Limit(expression=_bound(compiler, query.limit, "LIMIT")))
    elif query.offset is not None:
        made.set("limit", exp.Limit(expression=n.integer(-1)))
    if query.offset is not None:
        made.set("offset", exp.Offset(expression=_bound(compiler, query.offset, "OFFSET")))


def _bound(compiler: Compiler, expr: ir.Expr, word: str) -> n.Node:
    sql = compiler.expression(expr)
    if isinstance(sql.value, int):
        if sql.value < 0:
            raise error("2201W" if word == "LIMIT" else "2201X", f"{word} must not be negative")
        return sql.node
    return compiler.python(
        checks.CHECK_LIMIT if word == "LIMIT" else checks.CHECK_OFFSET, [sql], [t.INT8]
    )


# --- VALUES and set operations -------------------------------------------------------------


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


def _values(compiler: Compiler, values: Values) -> Compiled:
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
            made = _order_positions(compiler, made, forms, values.columns, values.order_positions)
        elif len(rows) > 1 and (values.limit is not None or values.offset is not None):
            made = _star_over(compiler, made, forms)
        _limit(compiler, made, values)
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
        made = _order_positions(compiler, made, forms, values.columns, values.order_positions)
    _limit(compiler, made, values)
    return made, forms


def _set_operation(compiler: Compiler, query: SetOperation) -> Compiled:
    assert query.left is not None
    assert query.right is not None
    left, forms = compile_query(compiler, query.left)
    right, others = compile_query(compiler, query.right)
    scales = [a.scale if a.scale == b.scale else None for a, b in zip(forms, others, strict=True)]
    left, forms = _conform(compiler, left, forms, scales, query.columns)
    right, others = _conform(compiler, right, others, scales, query.columns)
    left = (
        left if _is_plain(left) or _same_chain(left, query) else _star_over(compiler, left, forms)
    )
    right = right if _is_plain(right) else _star_over(compiler, right, others)
    keyed = any(needs_key(c.type, f) for c, f in zip(query.columns, forms, strict=True))
    if query.kind != "union" and (keyed or query.is_all):
        made: Any = _counted(compiler, query, left, right, forms)
    else:
        kind = {"union": exp.Union, "intersect": exp.Intersect, "except": exp.Except}[query.kind]
        made = kind(this=left, expression=right, distinct=not query.is_all and not keyed)
        if keyed and not query.is_all:
            made = _deduplicated(compiler, made, forms, query.columns)
    if query.order_positions:
        made = _order_positions(compiler, made, forms, query.columns, query.order_positions)
    elif (query.limit is not None or query.offset is not None) and not isinstance(made, exp.Select):
        made = _star_over(compiler, made, forms)
    _limit(compiler, made, query)
    return made, forms


def _same_chain(node: Any, query: SetOperation) -> bool:
    return (
        query.kind == "union"
        and isinstance(node, exp.Union)
        and not any(node.args.get(key) for key in ("order", "limit", "offset", "with_"))
    )


def _conform(  # noqa: PLR0917 -- a query, what it gives and what it shall give
    compiler: Compiler,
    node: Any,
    forms: list[Sql],
    scales: list[int | None],
    columns: list[OutputColumn],
    extra: int = 0,
) -> Compiled:
    """Bring numeric columns of a query to given scales (None: byte strings); `extra` columns o0 ... go along."""
    if all(form.scale == scale for form, scale in zip(forms, scales, strict=True)):
        return node, forms
    outer = _star_over(compiler, node, forms)
    alias = outer.args["from_"].this.alias
    expressions, made = [], []
    for at, (form, scale) in enumerate(zip(forms, scales, strict=True)):
        sql = Sql(n.column(alias, f"c{at}"), form.scale, form.digits)
        if columns[at].type == t.NUMERIC and form.scale is not None and scale is None:
            sql = numerics.widened(compiler, sql)
        expressions.append(n.aliased(sql.node, f"c{at}"))
        made.append(Sql(n.null(), sql.scale, sql.digits))
    carried = [n.aliased(n.column(alias, f"o{at}"), f"o{at}") for at in range(extra)]
    outer.set("expressions", [*expressions, *carried])
    return outer, made


def _counted(
    compiler: Compiler, query: SetOperation, left: Any, right: Any, forms: list[Sql]
) -> Any:
    """Write INTERSECT and EXCEPT by keys: number equal rows on both sides, compare keys and numbers."""
    names = [f"k{at}" for at in range(len(forms))]

    def numbered(node: Any) -> Any:
        outer = _star_over(compiler, node, forms)
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


# --- subqueries in expressions -------------------------------------------------------------


def compile_subquery(compiler: Compiler, expr: ir.Subquery) -> Sql:
    """Write EXISTS, a scalar subquery, ARRAY(...), IN, ANY and ALL."""
    if expr.kind in {"any", "all"}:
        return Sql(_quantified(compiler, expr))
    node, forms = compile_query(compiler, expr.query)
    if expr.kind == "exists":
        return Sql(exp.Exists(this=node))
    if expr.kind == "array":
        return _array(compiler, node, forms[0], expr)
    form = forms[0]
    if _gives_one_row(expr.query):
        return Sql(n.subquery(node), form.scale, form.digits)
    alias = compiler.alias()
    inner: Any = exp.Select(expressions=[n.aliased(n.column(alias, "c0"), "c0")])
    inner.set("from_", exp.From(this=n.subquery(node, alias)))
    inner.set("limit", exp.Limit(expression=n.integer(2)))
    rows = n.call("count", exp.Star())
    too_many = compiler.python(checks.TOO_MANY_ROWS, [Sql(rows.copy())], [t.INT8])
    value = n.case(
        [(n.binary(">", rows, n.integer(1)), too_many)], n.call("max", n.bare_column("c0"))
    )
    outer: Any = exp.Select(expressions=[value])
    outer.set("from_", exp.From(this=n.subquery(inner)))
    return Sql(n.subquery(outer), form.scale, form.digits)


def _gives_one_row(query: Query) -> bool:
    if isinstance(query.limit, ir.Const) and query.limit.value in {0, 1}:
        return True
    if not isinstance(query, Select):
        return False
    if query.has_groups and not query.group:
        return True
    if not query.from_items:
        return True
    return len(query.from_items) == 1 and query.where is not None and _pins_key(query)


def _pins_key(select: Select) -> bool:
    """Tell whether WHERE fixes the primary key of the only table."""
    (entry,) = select.from_items
    relation = getattr(entry, "relation", None)
    if relation is None or not relation.noun.key:
        return False
    where = select.where
    terms = where.args if isinstance(where, ir.Bool) and where.op == "and" else [where]
    fixed = set()
    for term in terms:
        if not (isinstance(term, ir.Call) and term.routine.name == "=" and len(term.args) == 2):
            continue
        for side, other in (term.args, term.args[::-1]):
            if isinstance(side, ir.Column) and side.entry is entry and not _mentions(other, entry):
                fixed.add(relation.columns[side.index].physical)
    return set(relation.noun.key) <= fixed


def _mentions(expr: ir.Expr, entry: object) -> bool:
    if isinstance(expr, ir.Column):
        return expr.entry is entry
    return isinstance(expr, ir.Subquery) or any(
        _mentions(child, entry) for child in ir.children(expr)
    )


def _array(compiler: Compiler, node: Any, form: Sql, expr: ir.Subquery) -> Sql:
    from dotdo_postgres.engine.compile.expressions import array_item

    alias = compiler.alias()
    item = array_item(
        compiler, Sql(n.column(alias, "c0"), form.scale, form.digits), expr.query.columns[0].type
    )
    if t.BY_OID[expr.query.columns[0].type].category == "A":
        item = n.call("json", item)
    outer: Any = exp.Select(expressions=[n.call("json_group_array", item)])
    outer.set("from_", exp.From(this=n.subquery(node, alias)))
    return Sql(n.subquery(outer))


def _quantified(compiler: Compiler, expr: ir.Subquery) -> n.Node:
    from dotdo_postgres.engine.compile.expressions import quantified

    node, forms = compile_query(compiler, expr.query)
    alias = compiler.alias()
    compiler.subquery_columns.append(
        [Sql(n.column(alias, f"c{at}"), f.scale, f.digits) for at, f in enumerate(forms)]
    )
    comparisons = [compiler.node(item) for item in expr.comparisons]
    compiler.subquery_columns.pop()
    plain = [item.this if isinstance(item, exp.Paren) else item for item in comparisons]
    if (expr.op, expr.kind) in {("=", "any"), ("<>", "all")} and all(
        isinstance(item, (exp.EQ, exp.NEQ)) for item in plain
    ):
        rows: Any = exp.Select(expressions=[item.expression for item in plain])
        rows.set("from_", exp.From(this=n.subquery(node, alias)))
        left = (
            n.wrap(plain[0].this)
            if len(plain) == 1
            else exp.Tuple(expressions=[item.this for item in plain])
        )
        found = exp.In(this=left, query=n.subquery(rows))
        return n.negate(found) if expr.kind == "all" else found
    if len(comparisons) > 1:
        raise not_supported("ANY and ALL of several columns with this operator", expr.location)
    rows = exp.Select(expressions=[n.aliased(comparisons[0], "r")])
    rows.set("from_", exp.From(this=n.subquery(node, alias)))
    return quantified(rows, expr.kind == "any")
