"""Plans of writes that fire triggers: the rows they touch, the new values, RETURNING over what came of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.operators import make_operator
from dotdo_postgres.engine.bind.queries import bind_with
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.security import INSERT as MAY_INSERT
from dotdo_postgres.engine.bind.security import require_privilege
from dotdo_postgres.engine.bind.select import make_target
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.dml.insert import target_columns
from dotdo_postgres.engine.dml.insertion import Insertion
from dotdo_postgres.engine.dml.joined import other_columns
from dotdo_postgres.engine.dml.targets import target_of
from dotdo_postgres.engine.dml.update import Change
from dotdo_postgres.engine.objects.kept import kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.planner import run_select
from dotdo_postgres.engine.query import Cte, Entry, OutputColumn, Query, Select, Target, Values
from dotdo_postgres.engine.triggers.definitions import (
    INSERT,
    UPDATE,
)
from dotdo_postgres.engine.triggers.rows import RowWriter
from dotdo_postgres.engine.triggers.writes import Conflicting, Returning, Write
from dotdo_postgres.engine.triggers.writing import run_triggered, whole_copy
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation

Node = dict[str, Any]


def is_view(relation: Relation) -> bool:
    """Tell whether a relation is a view."""
    return kind_of(relation.noun) == "v"


def _writer(relation: Relation) -> RowWriter | None:
    return None if is_view(relation) else RowWriter(relation)


# --- INSERT ----------------------------------------------------------------------------------


def plan_triggered_insert(planner: Planner, relation: Relation, node: Node) -> Prepared:
    """Plan INSERT into a table or view with triggers."""
    binder = planner.binder()
    target = target_of(binder, relation, node["relation"])
    columns = target_columns(relation, node.get("cols"), target)
    require_privilege(binder, relation.noun, MAY_INSERT, [column.name for column in columns])
    scope = Scope(parent=planner.outer)
    ctes = bind_with(binder, node.get("withClause"), scope)
    insert = Insertion(planner, binder, target, columns, node, scope, ctes)
    insert.is_folding = False
    insert.bind()
    if insert.conflict is not None and is_view(relation):
        raise not_supported("ON CONFLICT on a view with triggers")
    query, names, sequences = _insert_query(insert)
    query.ctes = ctes
    source = plan_source(planner, query, insert.param_types, None)
    places = {column.physical: at for at, column in enumerate(relation.columns)}
    write = Write(
        INSERT, relation, _writer(relation), source, tuple(places[name] for name in names)
    )
    write.sequences = tuple((places[name], sequence) for name, sequence in sequences)
    if insert.conflict is not None:
        write.conflict = _conflicting(planner, insert)
    checks = [insert.row_check] if insert.row_check is not None else []
    others = [ir.Column(t.XID, -1, -1, insert.entry, len(insert.entry.columns))]
    write.returning, shown = plan_returning(
        planner, relation, insert.returning, insert.entry, others, checks, insert.param_types
    )
    return _prepared(planner, write, shown, insert.param_types, "INSERT")


def _insert_query(insert: Insertion) -> tuple[Query, list[str], list[tuple[str, str]]]:
    """Return the query of the rows to insert, the columns it gives, and those that are numbered row by row."""
    sequences: list[tuple[str, str]] = []
    defaults = list(zip(insert.defaults, insert.default_exprs, strict=True))
    if insert.rows is not None:
        cells = [[*row, *(expr for _, expr in defaults)] for row in insert.rows]
        names = [column.physical for column in (*insert.given, *insert.defaults)]
        if not names:
            nothing = make_target(ir.Const(23, -1, -1, None), "")
            return Select([nothing.column], targets=[nothing]), [], []
        listed = [
            OutputColumn(name, expr.type, expr.typmod)
            for name, expr in zip(names, cells[0], strict=True)
        ]
        if len(cells) == 1:
            targets = [Target(expr, column) for expr, column in zip(cells[0], listed, strict=True)]
            return Select(listed, targets=targets), names, []
        return Values(listed, rows=cells), names, []
    assert insert.query is not None
    entry = Entry("", list(insert.query.columns), query=insert.query)
    names = [column.physical for column in insert.given]
    targets = []
    for at, given in enumerate(entry.columns[: len(names)]):
        made = ir.Column(given.type, given.typmod, -1, entry, at)
        targets.append(make_target(made, given.name))
    for column, expr in defaults:
        if isinstance(expr, ir.SessionValue) and expr.kind == "nextval":
            sequences.append((column.physical, expr.argument))
        else:
            names.append(column.physical)
            targets.append(Target(expr, OutputColumn(column.name, expr.type, expr.typmod)))
    return (
        Select([one.column for one in targets], targets=targets, from_items=[entry]),
        names,
        sequences,
    )


def _conflicting(planner: Planner, insert: Insertion) -> Conflicting:
    conflict, relation = insert.conflict, insert.relation
    assert conflict is not None
    if conflict.assignments is None:
        return Conflicting(conflict.columns)
    table = f"_excluded {len(relation.columns)}"
    excluded = conflict.excluded
    excluded.relation = None
    excluded.cte = _staged_cte("excluded", table, excluded.columns)
    existing = conflict.existing
    conditions: list[ir.Expr] = []
    for at, column in enumerate(relation.columns):
        if column.physical in conflict.columns:
            left, right = (
                ir.Column(column.type, column.typmod, -1, entry, at)
                for entry in (existing, excluded)
            )
            conditions.append(make_operator(insert.binder, "=", left, right, -1))
    if conflict.where is not None:
        conditions.append(conflict.where)
    where = conditions[0] if len(conditions) == 1 else ir.Bool(16, -1, -1, "and", conditions)
    targets = [
        *_row_targets(existing),
        *(make_target(expr, column.name) for column, expr in conflict.assignments),
    ]
    query = Select(
        [one.column for one in targets],
        targets=targets,
        from_items=[existing, excluded],
        where=where,
    )
    update = plan_source(planner, query, insert.param_types, existing)
    places = tuple(relation.columns.index(column) for column, _ in conflict.assignments)
    return Conflicting(conflict.columns, update, table, places)


def _staged_cte(name: str, table: str, columns: Sequence[OutputColumn]) -> Cte:
    cte = Cte(name, list(columns), table=table)
    cte.forms = [Sql(n.null(), None, 18) for _ in columns]
    return cte


def _row_targets(entry: Entry) -> list[Target]:
    return [
        make_target(ir.Column(column.type, column.typmod, -1, entry, at), column.name)
        for at, column in enumerate(entry.columns)
    ]


# --- UPDATE and DELETE -----------------------------------------------------------------------


def plan_triggered_change(planner: Planner, relation: Relation, node: Node, event: int) -> Prepared:
    """Plan UPDATE or DELETE of a table or view with triggers."""
    change = Change(
        planner,
        node,
        "fromClause" if event == UPDATE else "usingClause",
        (lambda binder: target_of(binder, relation, node["relation"]))
        if is_view(relation)
        else None,
    )
    others = other_columns(change)
    width = len(relation.columns)
    targets = [
        *_row_targets(change.entry),
        *(
            Target(expr, OutputColumn(column.name, expr.type, expr.typmod))
            for column, expr in change.assignments
        ),
    ]
    targets += [make_target(column, "other") for column in others]
    query = Select(
        [one.column for one in targets],
        targets=targets,
        from_items=[change.entry, *change.sources],
        where=change.where,
    )
    query.ctes = change.ctes
    source = plan_source(planner, query, change.param_types, change.entry, is_first=True)
    places = tuple(relation.columns.index(column) for column, _ in change.assignments)
    write = Write(event, relation, _writer(relation), source, places, others=len(others))
    checks = [change.row_check] if change.row_check is not None else []
    write.returning, shown = plan_returning(
        planner, relation, change.returning, change.entry, others, checks, change.param_types
    )
    del width
    return _prepared(
        planner, write, shown, change.param_types, "UPDATE" if event == UPDATE else "DELETE"
    )


def _prepared(planner: Planner, write: Write, shown: Any, param_types: Any, tag: str) -> Prepared:
    prepared = Prepared(shown, param_types, tag, run_triggered, catalog=planner.catalog)
    prepared.detail = {"relation": write.relation, "tag": tag, "probe": None, "write": write}
    prepared.detail["as_one"] = partial(whole_copy, prepared)
    write.is_part = planner.is_trusted
    return prepared


def plan_source(
    planner: Planner,
    query: Query,
    param_types: Any,
    entry: Entry | None,
    *,
    is_first: bool = False,
    is_wide: bool = False,
) -> Prepared:
    """Plan the query of the rows; with an entry of a table their ids stand before them, or behind."""
    compiler = make_compiler(len(param_types), is_wide=is_wide)
    node, forms = compiler.query(query)
    columns = planner.result_columns(query.columns, forms)
    if entry is not None:
        row_id: n.Node = n.integer(0)
        if entry.relation is not None and entry.view == 0 and entry.query is None:
            row_id = n.column(_alias(compiler, entry), entry.relation.noun.rowid)
        made = planner.result_columns([OutputColumn("id", 20)], [Sql(n.null())])
        listed = node.expressions
        node.set(
            "expressions",
            [n.aliased(row_id, "rid"), *listed]
            if is_first
            else [*listed, n.aliased(row_id, "rid")],
        )
        columns = (*made, *columns) if is_first else (*columns, *made)
    prepared = Prepared(columns, param_types, "SELECT", run_select)
    planner.finish(compiler, node, prepared)
    if prepared.parameters < len(param_types) + len(prepared.session_values):
        prepared.execute = partial(run_select, used=prepared.parameters)
    prepared.catalog = None
    if not is_wide:
        prepared.rebuild = lambda: plan_source(
            planner, query, param_types, entry, is_first=is_first, is_wide=True
        )
    return prepared


def _alias(compiler: Any, entry: Entry) -> str:
    from sqlglot import exp

    node: Any = compiler.columns[id(entry), 0].node
    while not isinstance(node, exp.Column):
        node = node.expressions[0]
    return str(node.table)


# --- RETURNING -------------------------------------------------------------------------------


def plan_returning(  # noqa: PLR0917 -- what is shown, of which rows
    planner: Planner,
    relation: Relation,
    targets: list[Target] | None,
    entry: Entry,
    others: list[ir.Column],
    checks: list[ir.Expr],
    param_types: Any,
) -> tuple[Returning | None, Any]:
    """Plan RETURNING, and checks of the rows, as a query over the changed rows."""
    if targets is None and not checks:
        return None, None
    from sqlglot import exp

    width = len(relation.columns) + len(others)
    table = f"_returning {width}"
    compiler = make_compiler(len(param_types))
    alias = compiler.alias()
    for at in range(len(relation.columns)):
        compiler.columns[id(entry), at] = Sql(n.column(alias, f"c{at}"))
    for at, column in enumerate(others, len(relation.columns)):
        compiler.columns[id(column.entry), column.index] = Sql(n.column(alias, f"c{at}"))
    forms = [compiler.expression(target.expr) for target in targets or ()]
    listed = [n.aliased(form.node, f"c{at}") for at, form in enumerate(forms)]
    listed += [n.aliased(compiler.node(check), "row_check") for check in checks]
    node: Any = exp.Select(expressions=listed)
    node.set("from_", exp.From(this=n.table(table, alias)))
    shown = (
        None
        if targets is None
        else planner.result_columns([target.column for target in targets], forms)
    )
    prepared = Prepared(shown or (), param_types, "SELECT", run_select)
    planner.finish(compiler, node, prepared)
    prepared.execute = partial(run_select, used=prepared.parameters)
    prepared.catalog = None
    return Returning(prepared, table, width, len(checks)), shown
