"""MERGE into tables with triggers or descendants: each row has the first action that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.dml.merge import touch
from dotdo_postgres.engine.dml.rerun import rechecking
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.triggers.by_rows import entry_by_rows, places_of
from dotdo_postgres.engine.triggers.definitions import DELETE, INSERT, UPDATE
from dotdo_postgres.engine.triggers.family import FamilyRun, family_of_rows, row_number
from dotdo_postgres.engine.udf.running import run_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.dml.merge import Action
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_EVENTS = {"insert": INSERT, "update": UPDATE, "delete": DELETE}
BEFORE_ROWS, OID_AT = (INSERT, UPDATE, DELETE), 2


@dataclass(slots=True)
class MergeByRows:
    """How MERGE changes the rows of a table one by one.

    Args:
        relation: The table.
        is_alone: Without its descendants.
    """

    relation: Relation
    is_alone: bool

    def entry(self, binder: Binder, relation: Relation, alias: str) -> Entry:
        """Make the entry of the table."""
        return entry_by_rows(binder, relation, alias, is_alone=self.is_alone)

    def place(self, entry: Entry) -> ir.Expr:
        """Return where a row is."""
        return places_of(entry)[0]

    def whose(self, entry: Entry) -> ir.Expr:
        """Return the OID of the table that keeps a row."""
        return places_of(entry)[1]

    def run(
        self,
        actions: list[Action],
        session: Session,
        prepared: Prepared,
        params: Sequence[StorageValue],
        wait: bool,
    ) -> Result:
        """Read the joined rows, then change what they ask for, as one statement."""
        work = partial(self._merge, actions, session, prepared, params)
        with rechecking(session):
            count = atomically(session, work, planned_for=prepared.catalog, wait=wait)
        return Result(None, [], f"MERGE {count}", count)

    def _merge(
        self,
        actions: list[Action],
        session: Session,
        prepared: Prepared,
        params: Sequence[StorageValue],
    ) -> int:
        given = session.with_values(prepared, params) if prepared.session_values else list(params)
        numbers = tuple(
            {c.number for action in actions if action.kind == "update" for c in action.columns}
        )
        family = family_of_rows(session.names, self.relation, is_alone=self.is_alone)
        run = FamilyRun(session, family, params, numbers)
        kinds = {_EVENTS.get(action.kind) for action in actions}
        run.begin([event for event in BEFORE_ROWS if event in kinds])
        try:
            count, touched = 0, set[Any]()
            for row in session.kernel.execute(prepared.sql, given[: prepared.parameters]):
                if row[1] is not None:
                    count += _act(run, actions[int(str(row[1]))], row, touched)
        finally:
            run.leave()
        run.end([event for event in reversed(BEFORE_ROWS) if event in kinds])
        return count


def _act(run: FamilyRun, action: Action, row: Sequence[Any], touched: set[Any]) -> int:
    """Do what an action asks for with a row; tell how many rows it changed."""
    values = row[action.start : action.start + len(action.columns)]
    if action.kind == "nothing":
        return 0
    if action.kind == "insert":
        assert isinstance(action.statement, Prepared)
        return run_step(run.session, action.statement, list(values)).row_count or 0
    oid, row_id = row[OID_AT], row_number(row[0])
    touch(touched, (oid, row_id))
    if action.kind == "delete":
        return int(run.delete(oid, row_id) is not None)
    names = (column.name for column in action.columns)
    return int(run.update(oid, row_id, dict(zip(names, values, strict=True))) is not None)
