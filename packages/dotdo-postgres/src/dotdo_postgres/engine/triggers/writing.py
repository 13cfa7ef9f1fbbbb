"""Writes that fire triggers: rows are read first, then written one by one between the triggers of each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.dml.rerun import may_change, rechecking
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.triggers.cascading import check_update, follow_delete
from dotdo_postgres.engine.triggers.firing import (
    BEFORE,
    DELETE,
    INSERT,
    INSTEAD,
    ROW,
    UPDATE,
    Transition,
    applies,
    fire,
    fire_or_defer,
    row_fields,
)
from dotdo_postgres.engine.triggers.writes import TAGS, Run, Write
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.triggers.rows import Values
    from dotdo_postgres.engine.udf.rowvalues import Row
    from dotdo_postgres.mapping.codecs import StorageValue


FRESH = 0
"""What `xmax` is of a row that was not there before."""


def run_triggered(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a write that fires triggers, all of it or nothing."""
    work = partial(_run, session, prepared, params)
    with rechecking(session):
        return atomically(session, work, planned_for=prepared.catalog, wait=wait)


def whole_copy(prepared: Prepared, rows: Sequence[Sequence[StorageValue]]) -> Prepared:
    """Return a statement that inserts what an INSERT of one row inserts for each row of parameters."""
    made = replace(prepared, detail={**prepared.detail, "rows_given": list(rows)})
    made.catalog, made.codecs = None, {}
    return made


def _given_rows(run: Run, prepared: Prepared) -> list[Values]:
    """Return the rows of the source."""
    source = run.write.source
    several = prepared.detail.get("rows_given", [run.params])
    found: list[Values] = []
    for params in several:
        rows = run_step(run.session, source, params)
        found += plain_rows(source.columns or (), rows.rows)
    return found


def _run(session: Session, prepared: Prepared, params: Sequence[StorageValue]) -> Result:
    write: Write = prepared.detail["write"]
    run = Run(
        session, write, params, row_fields(write.relation), changed=_numbers(write, write.places)
    )
    upserts = write.conflict is not None and write.conflict.update is not None
    _fire_statement(run, BEFORE, write.event)
    if upserts:
        _fire_statement(run, BEFORE, UPDATE)
    _ACTS[write.event](run, _given_rows(run, prepared))
    waiting = session.triggers.gathering(session.depth) if write.is_part else None
    if waiting is not None:
        waiting.append(partial(fire_rows, run, list(run.events)))
        return _result(run, prepared)
    session.require_references()
    _fire_after(run, write.event)
    if upserts:
        _fire_after(run, UPDATE)
    return _result(run, prepared)


def fire_rows(run: Run, events: Sequence[tuple[int, Row | None, Row | None]]) -> None:
    """Fire the AFTER triggers of rows that were written one by one."""
    for event, old, new in events:
        for trigger in run.triggers(0, ROW, event):
            if applies(run.session, trigger, old, new):
                transition = Transition(
                    [old.values] if old is not None else [], [new.values] if new is not None else []
                )
                fire_or_defer(run.session, trigger, event, old, new, transition)


def _numbers(write: Write, places: Sequence[int]) -> tuple[int, ...]:
    if write.event != UPDATE:
        return ()
    return tuple(write.relation.columns[at].number for at in places)


def _fire_statement(run: Run, time: int, event: int, transition: Transition | None = None) -> None:
    if run.write.is_part:
        return
    for trigger in run.triggers(time, 0, event):
        if applies(run.session, trigger, None, None):
            fire(run.session, trigger, event, None, None, transition)


def _fire_after(run: Run, event: int) -> None:
    events = [item for item in run.events if item[0] == event]
    olds = [old.values for _, old, _ in events if old is not None]
    news = [new.values for _, _, new in events if new is not None]
    transition = Transition(olds, news)
    for trigger_event, old, new in events:
        for trigger in run.triggers(0, ROW, trigger_event):
            if applies(run.session, trigger, old, new):
                fire_or_defer(run.session, trigger, trigger_event, old, new, transition)
    _fire_statement(run, 0, event, transition)


def _result(run: Run, prepared: Prepared) -> Result:
    write, session = run.write, run.session
    tag = f"{TAGS[write.event]} {run.count}"
    if write.returning is None:
        return Result(None, [], tag, run.count)
    from dotdo.storage.virtual import ComputedRows

    returning = write.returning
    names = [f"c{at}" for at in range(returning.width)]
    session.stage_rows(returning.table, names, ComputedRows(run.shown))
    rows = run_step(session, returning.prepared, run.params).rows
    if returning.checks:
        rows = [row[: -returning.checks] for row in rows]
    if prepared.columns is None:
        return Result(None, [], tag, run.count)
    return Result(prepared.columns, rows, tag, run.count)


# --- INSERT ----------------------------------------------------------------------------------


def _insert(run: Run, rows: list[Values]) -> None:
    write, session = run.write, run.session
    width = len(write.relation.columns)
    for given in rows:
        values: list[Any] = [None] * width
        for at, value in zip(write.places, given, strict=False):  # DEFAULT VALUES may give none
            values[at] = value
        for at, sequence in write.sequences:
            values[at] = session.sequences.next(sequence, 1)
        insert_row(run, tuple(values))


def insert_row(run: Run, values: Values) -> None:
    """Insert a row between its triggers; note it among those shown unless a trigger leaves it out."""
    session, write = run.session, run.write
    new = before_row(run, INSERT, None, run.row(values))
    if new is None:
        return
    if write.writer is None:
        made = _instead(run, INSERT, None, new)
        if made is not None:
            run.count += 1
            run.shown.append((*made.values, FRESH))
        return
    skipping = None if write.conflict is None else write.conflict.columns
    row_id = write.writer.insert(session, new.values, skipping)
    if row_id is None:
        _conflict(run, new.values)
        return
    after = write.writer.read(session, row_id)
    run.touched.add(row_id)
    if after is None:
        return
    run.count += 1
    run.shown.append((*after, FRESH))
    run.events.append((INSERT, None, run.row(after)))


def _conflict(run: Run, values: Values) -> None:
    conflict = run.write.conflict
    assert conflict is not None
    if conflict.update is None:
        return
    from dotdo.storage.virtual import ComputedRows

    names = [f"c{at}" for at in range(len(values))]
    run.session.stage_rows(conflict.table, names, ComputedRows([values]))
    found = run_step(run.session, conflict.update, run.params)
    width, before = len(values), run.changed
    run.changed = tuple(run.write.relation.columns[at].number for at in conflict.places)
    for row in plain_rows(conflict.update.columns or (), found.rows):
        row_id, old, new = row[-1], row[:width], list(row[:width])
        for at, value in zip(conflict.places, row[width:-1], strict=True):
            new[at] = value
        if row_id in run.touched:
            hint = "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
            raise error(
                "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time", hint=hint
            )
        mark = max(run.session.kernel.position, 1)
        update_row(run, row_id, tuple(old), tuple(new), conflict.places, (mark,))
    run.changed = before


# --- UPDATE and DELETE -----------------------------------------------------------------------


def _update(run: Run, rows: list[Values]) -> None:
    write = run.write
    width = len(write.relation.columns)
    seen: set[Any] = set()
    for row in rows:
        row_id, old = row[0], row[1 : 1 + width]
        if _is_left(run, row_id, seen):
            continue
        seen.add(row_id)
        new = list(old)
        changed = row[1 + width : 1 + width + len(write.places)]
        for at, value in zip(write.places, changed, strict=True):
            new[at] = value
        update_row(
            run, row_id, tuple(old), tuple(new), write.places, row[1 + width + len(write.places) :]
        )


def _is_left(run: Run, row_id: Any, seen: set[Any]) -> bool:
    """Tell whether a row of a table stays as it is: it has been changed, or is found only now that the statement has waited."""
    write = run.write
    if write.writer is None:
        return False
    return row_id in seen or not may_change(run.session, write.relation.noun.id, row_id)


def update_row(  # noqa: PLR0917 -- what a change is
    run: Run, row_id: Any, old: Values, new: Values, places: Sequence[int], others: Values
) -> None:
    """Change a row between its triggers; note it among those shown unless a trigger keeps it."""
    session, write = run.session, run.write
    before = run.row(old)
    made = before_row(run, UPDATE, before, run.row(new))
    if made is None:
        return
    if write.writer is None:
        made = _instead(run, UPDATE, before, made)
        if made is not None:
            run.count += 1
            run.shown.append((*made.values, *others))
        return
    _require_untouched(run, row_id, old, UPDATE)
    check_update(session, write.relation, old, made.values)
    changed_id = write.writer.update(session, row_id, old, made.values, places)
    after = write.writer.read(session, changed_id)
    run.touched.add(changed_id)
    if after is None:
        return
    run.count += 1
    run.shown.append((*after, *others))
    run.events.append((UPDATE, before, run.row(after)))


def _delete(run: Run, rows: list[Values]) -> None:
    write = run.write
    width = len(write.relation.columns)
    seen: set[Any] = set()
    for row in rows:
        row_id = row[0]
        if _is_left(run, row_id, seen):
            continue
        seen.add(row_id)
        delete_row(run, row_id, tuple(row[1 : 1 + width]), tuple(row[1 + width :]))


def delete_row(run: Run, row_id: Any, values: Values, others: Values) -> None:
    """Delete a row between its triggers; note it among those shown unless a trigger keeps it."""
    session, write, old = run.session, run.write, run.row(values)
    if before_row(run, DELETE, old, None) is None:
        return
    if write.writer is None:
        if _instead(run, DELETE, old, None) is None:
            return
    else:
        _require_untouched(run, row_id, old.values, DELETE)
        follow_delete(session, write.relation, old.values)
        if not write.writer.delete(session, row_id, old.values):
            return
        run.events.append((DELETE, old, None))
    run.count += 1
    run.shown.append((*old.values, *others))


def _require_untouched(run: Run, row_id: Any, old: Values, event: int) -> None:
    """See that no BEFORE trigger has changed the row itself.

    Raises:
        PostgresError: one has (SQLSTATE 27000).
    """
    if run.write.writer is None or not run.triggers(BEFORE, ROW, event):
        return
    if run.write.writer.read(run.session, row_id) != old:
        word = "updated" if event == UPDATE else "deleted"
        hint = "Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows."
        message = f"tuple to be {word} was already modified by an operation triggered by the current command"
        raise error("27000", message, hint=hint)


_ACTS: dict[int, Callable[[Run, list[Values]], None]] = {
    INSERT: _insert,
    UPDATE: _update,
    DELETE: _delete,
}


# --- triggers of a row -----------------------------------------------------------------------


def before_row(run: Run, event: int, old: Row | None, new: Row | None) -> Row | None:
    """Fire the BEFORE triggers of a row; return the row to go on with (of DELETE the old one), None to leave it alone."""
    for trigger in run.triggers(BEFORE, ROW, event):
        if not applies(run.session, trigger, old, new):
            continue
        found = fire(run.session, trigger, event, old, new)
        if found is None:
            return None
        if event != DELETE:
            new = found
    return old if event == DELETE else new


def _instead(run: Run, event: int, old: Row | None, new: Row | None) -> Row | None:
    """Fire the INSTEAD OF triggers of a row of a view; return the row that they give."""
    found = old if event == DELETE else new
    for trigger in run.triggers(INSTEAD, ROW, event):
        found = fire(run.session, trigger, event, old, new)
        if found is None:
            return None
        if event != DELETE:
            new = found
    return found
