"""Plans of UPDATE, DELETE and MERGE that are made row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo.storage.virtual import ComputedRows
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.bind.from_items import family_entry, scope_item, table_entry
from dotdo_postgres.engine.bind.updatable import table_target
from dotdo_postgres.engine.dml.joined import other_columns
from dotdo_postgres.engine.dml.rerun import rechecking
from dotdo_postgres.engine.dml.spread import has_family
from dotdo_postgres.engine.dml.update import Change
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import OutputColumn, Select, Target
from dotdo_postgres.engine.triggers.definitions import UPDATE
from dotdo_postgres.engine.triggers.family import (
    Family,
    FamilyRun,
    family_of_rows,
    row_number,
)
from dotdo_postgres.engine.triggers.planning import plan_returning, plan_source
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.updatable import Target as Written
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.triggers.writes import Returning
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


@dataclass(slots=True)
class ByRows:
    """A change as planned.

    Args:
        event: UPDATE or DELETE.
        family: What is written to.
        source: Gives the place of each row, the OID of its table, the new values, values of other tables.
        names: Which columns are assigned.
        changed: Their numbers.
        returning: What RETURNING gives of the rows, None without.
        keeps_oid: What RETURNING reads has the OID of each row's table behind its columns.
        fires: The statement triggers of the table are fired around it.
    """

    event: int
    family: Family
    source: Prepared
    names: tuple[str, ...]
    changed: tuple[int, ...]
    returning: Returning | None
    keeps_oid: bool
    fires: bool


def entry_by_rows(binder: Binder, relation: Relation, alias: str, *, is_alone: bool) -> Entry:
    """Make the entry of a table whose rows are looked for before they are changed."""
    if is_alone:
        return table_entry(binder.as_read(relation), alias)
    return family_entry(binder, relation, alias, with_places=True)


def places_of(entry: Entry) -> list[ir.Expr]:
    """Return where a row of such an entry is, and the OID of the table that keeps it."""
    if entry.relation is not None:
        return [
            ir.RowId(t.TID, -1, -1, entry),
            ir.Const(t.OID, -1, -1, entry.relation.oid),
        ]
    width = len(entry.columns)
    return [
        ir.Column(t.TID, -1, -1, entry, width - 2),
        ir.Column(t.OID, -1, -1, entry, width - 1),
    ]


def plan_by_rows(planner: Planner, relation: Relation, node: Node, event: int) -> Prepared:
    """Plan UPDATE or DELETE of a table."""
    alias = node["relation"].get("alias", {}).get("aliasname", relation.name)
    is_alone = not has_family(planner, relation, node)

    def target(binder: Binder) -> Written:
        entry = entry_by_rows(binder, relation, alias, is_alone=is_alone)
        return table_target(relation, entry, scope_item(entry))

    change = Change(planner, node, "fromClause" if event == UPDATE else "usingClause", target)
    others = other_columns(change)
    targets = [
        *(Target(expr, OutputColumn("place", expr.type)) for expr in places_of(change.entry)),
        *(
            Target(expr, OutputColumn(column.name, expr.type, expr.typmod))
            for column, expr in change.assignments
        ),
        *(Target(column, OutputColumn("other", column.type, column.typmod)) for column in others),
    ]
    query = Select(
        [one.column for one in targets],
        targets=targets,
        from_items=[change.entry, *change.sources],
        where=change.where,
    )
    query.ctes = change.ctes
    source = plan_source(planner, query, change.param_types, None)
    whose: list[ir.Column] = []
    if not is_alone:
        whose.append(ir.Column(t.OID, -1, -1, change.entry, len(change.entry.columns) - 1))
    checks = [change.row_check] if change.row_check is not None else []
    returning, shown = plan_returning(
        planner, relation, change.returning, change.entry, [*whose, *others], checks, change.param_types
    )  # fmt: skip
    columns = [column for column, _ in change.assignments]
    tag = "UPDATE" if event == UPDATE else "DELETE"
    prepared = Prepared(shown, change.param_types, tag, run_by_rows, catalog=planner.catalog)
    prepared.detail = ByRows(
        event,
        family_of_rows(planner.names, relation, is_alone=is_alone),
        source,
        tuple(column.name for column in columns),
        tuple(column.number for column in columns),
        returning,
        keeps_oid=not is_alone,
        fires=not (planner.is_trusted or planner.is_in_family),
    )
    return prepared


def run_by_rows(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Look for the rows, then change them one by one, as one statement."""
    work = partial(_change, session, prepared, params)
    with rechecking(session):
        return atomically(session, work, planned_for=prepared.catalog, wait=wait)


def _change(session: Session, prepared: Prepared, params: Sequence[StorageValue]) -> Result:
    plan: ByRows = prepared.detail
    run = FamilyRun(session, plan.family, params, plan.changed, fires=plan.fires)
    run.begin([plan.event])
    try:
        shown = _rows(
            run, plan, plain_rows(plan.source.columns or (), _found(session, plan, params))
        )
    finally:
        run.leave()
    run.end([plan.event])
    tag, count = f"{prepared.tag_kind} {len(shown)}", len(shown)
    if plan.returning is None:
        return Result(None, [], tag, count)
    returning = plan.returning
    names = [f"c{at}" for at in range(returning.width)]
    session.stage_rows(returning.table, names, ComputedRows(shown))
    rows = run_step(session, returning.prepared, params).rows
    if returning.checks:
        rows = [row[: -returning.checks] for row in rows]
    if prepared.columns is None:
        return Result(None, [], tag, count)
    return Result(prepared.columns, rows, tag, count)


def _found(
    session: Session, plan: ByRows, params: Sequence[StorageValue]
) -> list[tuple[StorageValue, ...]]:
    return run_step(session, plan.source, params).rows


def _rows(run: FamilyRun, plan: ByRows, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Change the rows; return what they are now, each with the OID of its table where it has descendants, and others."""
    width, shown, seen = 2 + len(plan.names), [], set()
    for row in rows:
        row_id, oid = row_number(row[0]), row[1]
        if (oid, row_id) in seen:
            continue
        seen.add((oid, row_id))
        if plan.event == UPDATE:
            made = run.update(oid, row_id, dict(zip(plan.names, row[2:width], strict=True)))
        else:
            made = run.delete(oid, row_id)
        if made is not None:
            shown.append((*(made if plan.keeps_oid else made[:-1]), *row[width:]))
    return shown
