"""UPDATE ... FROM and DELETE ... USING whose RETURNING names other tables: rows are read first, then changed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.dml.assign import assigned_cells, guarded, storage_node
from dotdo_postgres.engine.dml.rerun import may_change, rechecking
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.dml.update import Change
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Steps:
    """The statements of such a change.

    Args:
        rows: Row id, new values, columns of other tables.
        change: Changes one row: new values, then its id.
        shown: One row of RETURNING: the client's parameters, row id, columns of other tables.
        width: How many new values there are.
        key: Which of them is the new row id, None when it stays.
        used: How many parameters the first of them takes.
    """

    rows: str
    change: str
    shown: str
    width: int
    used: int
    key: int | None = None


def other_columns(change: Change) -> list[ir.Column]:
    """Return the columns of other tables that RETURNING names."""
    found: list[ir.Column] = []

    def walk(expr: ir.Expr, entry: Entry) -> None:
        is_other = isinstance(expr, ir.Column) and expr.entry is not entry
        if is_other and not any(ir.same(expr, other) for other in found):
            found.append(cast("ir.Column", expr))
        for child in ir.children(expr):
            walk(child, entry)

    for target in change.returning or []:
        walk(target.expr, change.entry)
    return found


def plan_joined(  # noqa: PLR0914, PLR0915 the steps share what they are made of
    change: Change, others: list[ir.Column], tag: str, *, is_wide: bool = False
) -> Prepared:
    """Plan the steps of a change whose RETURNING names other tables."""
    if change.ctes:
        raise not_supported("WITH and a column of another table in RETURNING")
    count = len(change.param_types)
    compiler = make_compiler(count, is_wide=is_wide)
    noun = change.relation.noun
    alias = compiler.alias()
    table_columns(compiler, change.entry, alias)
    rows = change.rows_query(compiler, [], change.entry, alias)
    values = [
        guarded(compiler, storage_node(compiler, compiler.expression(expr), column), column, noun)
        for column, expr in change.assignments
    ]
    forms = [compiler.expression(column) for column in others]
    rows.set("expressions", [n.column(alias, noun.rowid), *values, *(form.node for form in forms)])
    rows_text = n.to_text(rows)
    if compiler.session_values:
        raise not_supported("a value of the session and a column of another table in RETURNING")
    if change.assignments:
        cells = [
            (column, n.parameter(at)) for at, (column, _) in enumerate(change.assignments, start=1)
        ]
        settings = assigned_cells(compiler, noun, "", cells)
        node: Any = exp.Update(this=n.table(noun.table), expressions=settings)
    else:
        node = exp.Delete(this=n.table(noun.table))
    here = n.binary("=", n.bare_column(noun.rowid), n.parameter(len(values) + 1))
    node.set("where", exp.Where(this=here))
    compiler.param_count = count + 1 + len(others)
    for at, (column, form) in enumerate(zip(others, forms, strict=True)):
        place = n.parameter(count + 2 + at)
        compiler.columns[id(column.entry), column.index] = Sql(place, form.scale, form.digits)
    table_columns(compiler, change.entry, noun.table)
    targets = change.returning or []
    results = [compiler.expression(target.expr) for target in targets]
    anchor = [n.parameter(at) for at in range(1, count + 2 + len(others))]
    shown: Any = exp.Select(expressions=[*(form.node for form in results), *anchor])
    shown.set("from_", exp.From(this=n.table(noun.table)))
    shown.set(
        "where", exp.Where(this=n.binary("=", n.bare_column(noun.rowid), n.parameter(count + 1)))
    )
    columns = change.planner.result_columns([target.column for target in targets], results)
    prepared = Prepared(
        columns, change.param_types, tag, run_joined, catalog=change.planner.catalog
    )
    prepared.python_calls = tuple(compiler.python_calls.values())
    physical = [column.physical for column, _ in change.assignments]
    steps = Steps(
        rows_text,
        n.to_text(node),
        n.to_text(shown),
        len(values),
        n.highest_parameter(rows_text),
        physical.index(noun.rowid) if noun.rowid in physical else None,
    )
    prepared.detail = {"relation": change.relation, "probe": change.probe, "steps": steps}
    if not is_wide:
        prepared.rebuild = lambda: plan_joined(change, others, tag, is_wide=True)
    return prepared


def run_joined(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run the steps as one statement."""
    kernel = session.kernel
    steps: Steps = prepared.detail["steps"]
    width = len(prepared.columns or ())
    is_delete = prepared.tag_kind == "DELETE"

    def work() -> list[Any]:
        touched: dict[Any, Any] = {}
        for row in kernel.execute(steps.rows, list(params)[: steps.used]):
            if may_change(session, prepared.detail["relation"].noun.id, row[0]):
                touched.setdefault(row[0], row)
        results = []
        for row_id, row in touched.items():
            others = row[1 + steps.width :]
            show = [*params, row_id, *others]
            if is_delete:
                results += kernel.execute(steps.shown, show)
            kernel.execute(steps.change, [*row[1 : 1 + steps.width], row_id])
            if not is_delete:
                if steps.key is not None:
                    show[len(params)] = row[1 + steps.key]
                results += kernel.execute(steps.shown, show)
        return results

    with rechecking(session):
        found = kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
    rows = [row[:width] for row in found]
    return Result(prepared.columns, rows, f"{prepared.tag_kind} {len(rows)}", len(rows))
