"""INSERT ... SELECT whose query calls functions that answer differently each time: it is run once, before the first row goes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo.storage.virtual import ComputedRows
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.select import make_target
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import MAX_DIGITS, Sql
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.planner import build_select
from dotdo_postgres.engine.query import Cte, Entry, OutputColumn, Select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.dml.insertion import Insertion
    from dotdo_postgres.engine.plan import Result
    from dotdo_postgres.engine.query import Query
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Sourced:
    """The query, where its rows are put, and the INSERT that reads them there."""

    source: Prepared
    table: str
    insert: Prepared


def is_unsteady(prepared: Prepared) -> bool:
    """Tell whether a statement calls functions that may answer differently each time."""
    return any(call.routine.is_volatile for call in prepared.python_calls)


def plan_sourced(insertion: Insertion, *, is_wide: bool = False) -> Prepared:
    """Plan such an INSERT, which is bound."""
    planner, query = insertion.planner, insertion.query
    assert query is not None
    query.ctes = [*insertion.ctes, *query.ctes]
    source = build_select(planner, query, insertion.param_types, is_wide=is_wide)
    width = len(query.columns)
    table = f"_source {width}"
    insertion.query, insertion.ctes = _reading(query, source, table), []
    main = insertion.build(is_wide=is_wide)
    insertion.query, insertion.ctes = query, []
    prepared = Prepared(main.columns, main.param_types, "INSERT", run_sourced)
    prepared.catalog = planner.catalog
    prepared.detail = Sourced(source, table, main)
    if not is_wide:
        prepared.rebuild = lambda: plan_sourced(insertion, is_wide=True)
    return prepared


def _reading(query: Query, source: Prepared, table: str) -> Query:
    """Return a query of the rows where they are put."""
    columns = [OutputColumn(c.name, c.type, c.typmod) for c in query.columns]
    cte = Cte("source", columns, table=table)
    cte.forms = [Sql(n.null(), c.scale, MAX_DIGITS) for c in source.columns or ()]
    entry = Entry("source", columns, cte=cte)
    targets = [
        make_target(ir.Column(c.type, c.typmod, -1, entry, at), c.name)
        for at, c in enumerate(columns)
    ]
    return Select([target.column for target in targets], targets=targets, from_items=[entry])


def run_sourced(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run the query, then the INSERT, as one statement."""
    plan: Sourced = prepared.detail

    def work() -> Result:
        found = session.run_part(plan.source, params, wait)
        names = [f"c{at}" for at in range(len(plan.source.columns or ()))]
        session.stage_rows(plan.table, names, ComputedRows(found.rows))
        return session.run_part(plan.insert, params, wait)

    return session.kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
