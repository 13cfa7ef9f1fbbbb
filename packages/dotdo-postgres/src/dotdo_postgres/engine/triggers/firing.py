"""Triggers fired: which ones an event concerns, their conditions, their functions called with the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.descent import ancestors_of, bound_of
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.calling import body_of, run_frame
from dotdo_postgres.engine.plpgsql.evaluating import is_true
from dotdo_postgres.engine.plpgsql.frame import Frame
from dotdo_postgres.engine.plpgsql.parts import Namespace, Sql, Variable
from dotdo_postgres.engine.plpgsql.running import run_body
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.engine.triggers import vectors
from dotdo_postgres.engine.triggers.definitions import (
    BEFORE,
    DELETE,
    INSERT,
    INSTEAD,
    ROW,
    TRUNCATE,
    UPDATE,
)
from dotdo_postgres.engine.udf.acting import acting
from dotdo_postgres.engine.udf.definition import TRIGGER, stored_of
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dotdo.storage import Catalog, Noun
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.rowvalues import Fields, Row

_OPS = {INSERT: "INSERT", DELETE: "DELETE", UPDATE: "UPDATE", TRUNCATE: "TRUNCATE"}
_TIMES = BEFORE | INSTEAD


@dataclass(slots=True)
class Trigger:
    """A trigger of a table or view.

    Args:
        name: Its name.
        facts: What is kept of it.
        relation: Its table or view.
        function: Number of its function's definition.
        condition: WHEN, None without.
    """

    name: str
    facts: dict[str, Any]
    relation: Relation
    function: int
    condition: Sql | None = None
    body: p.Body | None = None


@dataclass(slots=True)
class Transition:
    """The rows of a statement, as transition tables give them: before and after."""

    old: Sequence[tuple[Any, ...]] = ()
    new: Sequence[tuple[Any, ...]] = ()


def has_triggers(catalog: Catalog, noun: Noun) -> bool:
    """Tell whether writes to a table or view may fire triggers."""
    return bool(facts_of(noun).get("triggers")) or any(_cloned(catalog, noun))


def _cloned(catalog: Catalog, noun: Noun) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the row triggers that a partition has from the tables it is a part of."""
    if bound_of(noun) is None:
        return
    own = relation_of(noun)
    for ancestor in ancestors_of(catalog, noun):
        theirs = {column.number: column.name for column in relation_of(ancestor).columns}
        for name, facts in facts_of(ancestor).get("triggers", {}).items():
            if not facts["type"] & ROW:
                continue
            names = [theirs.get(number) for number in facts.get("columns", ())]
            numbers = [column.number for column in own.columns if column.name in names]
            yield name, {**facts, "columns": numbers}


def row_fields(relation: Relation) -> Fields:
    """Return the fields of a relation's rows."""
    return tuple((c.name, c.domain or c.type, c.typmod) for c in relation.columns)


_made: dict[int, tuple[Catalog, list[Trigger]]] = {}


def triggers_of(catalog: Catalog, relation: Relation) -> list[Trigger]:
    """Return the triggers of a relation by name, those of the tables it is a partition of among them."""
    noun = relation.noun
    found = _made.get(noun.id)
    if found is None or found[0] is not catalog:
        every = {**dict(_cloned(catalog, noun)), **facts_of(noun).get("triggers", {})}
        listed = [_trigger(name, facts, relation) for name, facts in sorted(every.items())]
        found = _made[noun.id] = catalog, listed
    return found[1]


def _trigger(name: str, facts: dict[str, Any], relation: Relation) -> Trigger:
    made = Trigger(name, facts, relation, facts["function"])
    if facts.get("when"):
        space = Namespace()
        rows = []
        for at, label in enumerate(("new", "old")):
            row = Variable(at, label, is_record=True, fields=row_fields(relation))
            space.names[label] = row
            rows.append(row)
        target = {"ResTarget": {"val": facts["when"]}}
        tree = {
            "SelectStmt": {
                "targetList": [target],
                "limitOption": "LIMIT_OPTION_DEFAULT",
                "op": "SETOP_NONE",
            }
        }
        made.condition = Sql(facts.get("when_text", ""), space, 0, tree=tree)
        made.body = p.Body(p.Block(0, "", [], [], []), rows, [], rows[0], {})
    return made


def fitting(  # noqa: PLR0917 -- what an event is
    session: Session,
    relation: Relation,
    time: int,
    level: int,
    event: int,
    changed: Collection[int] = (),
) -> list[Trigger]:
    """Return the triggers for an event, in the order of their names.

    Args:
        session: Whose write it is.
        relation: The table or view.
        time: BEFORE, INSTEAD or 0 for AFTER.
        level: ROW, or 0 for the statement.
        event: INSERT, DELETE, UPDATE or TRUNCATE.
        changed: Numbers of the columns that UPDATE assigns.
    """
    is_replica = session.settings.values.get("session_replication_role", "origin") == "replica"
    found = []
    for trigger in triggers_of(session.kernel.catalog, relation):
        kind = trigger.facts["type"]
        if kind & _TIMES != time or kind & ROW != level or not kind & event:
            continue
        enabled = trigger.facts.get("enabled", "O")
        if enabled == "D" or (enabled == "O" and is_replica) or (enabled == "R" and not is_replica):
            continue
        listed = trigger.facts.get("columns")
        if event == UPDATE and listed and not set(listed) & set(changed):
            continue
        found.append(trigger)
    return found


def applies(session: Session, trigger: Trigger, old: Row | None, new: Row | None) -> bool:
    """Tell whether a trigger's WHEN holds for a row."""
    if trigger.condition is None or trigger.body is None:
        return True
    frame = Frame(session, trigger.body, trigger.name, None, [new, old], run_body)
    return is_true(frame, trigger.condition)


def fire(  # noqa: PLR0917 -- what an event is
    session: Session,
    trigger: Trigger,
    event: int,
    old: Row | None,
    new: Row | None,
    transition: Transition | None = None,
) -> Row | None:
    """Call a trigger's function; return the row that it gives."""
    if not trigger.function:
        return None if old is not None and new is not None and old.values == new.values else new
    if trigger.function < 0:
        if new is None or not trigger.facts["type"] & BEFORE or not trigger.facts["type"] & ROW:
            raise error("39P01", "tsvector_update_trigger: must be fired BEFORE event")
        return vectors.updated(session, trigger.function, trigger.facts["arguments"], old, new)
    noun = session.kernel.catalog.by_id.get(trigger.function)
    if noun is None:
        raise error("42883", "the function of the trigger does not exist")
    stored = stored_of(noun)
    with acting(session, stored):
        body = body_of(session, stored, (), TRIGGER)
        frame = Frame(
            session,
            body,
            stored.signature,
            stored,
            [None] * len(body.variables),
            run_body,
            None,
            TRIGGER,
        )
        frame.is_trigger = True
        _tell(frame, trigger, event, old, new)
        if transition is not None:
            _show_rows(frame, trigger, transition)
        run_frame(frame)
    if not frame.has_returned:
        failure = error("2F005", "control reached end of trigger procedure without RETURN")
        failure.context = f"PL/pgSQL function {frame.name}"
        raise failure
    result: Row | None = frame.result
    if result is None or not trigger.facts["type"] & ROW:
        return None
    return _as_row(frame, trigger, result)


def _as_row(frame: Frame, trigger: Trigger, row: Row) -> Row:
    from dotdo_postgres.engine.plpgsql.evaluating import fitted

    fields = row_fields(trigger.relation)
    if row.fields is fields or row.fields == fields:
        return row
    if len(row.fields) != len(fields):
        detail = f"Number of returned columns ({len(row.fields)}) does not match expected column count ({len(fields)})."
        raise error(
            "42804",
            "returned row structure does not match the structure of the triggering table",
            detail=detail,
        )
    return fitted(frame, row, fields)


def _tell(frame: Frame, trigger: Trigger, event: int, old: Row | None, new: Row | None) -> None:
    named, values, kind = frame.body.named, frame.values, trigger.facts["type"]
    arguments = trigger.facts.get("arguments", [])
    when = "BEFORE" if kind & BEFORE else "INSTEAD OF" if kind & INSTEAD else "AFTER"
    relation = trigger.relation
    told: dict[str, Any] = {
        "tg_name": trigger.name, "tg_when": when, "tg_level": "ROW" if kind & ROW else "STATEMENT", "tg_op": _OPS[event],
        "tg_relid": relation.oid, "tg_relname": relation.name, "tg_table_name": relation.name,
        "tg_table_schema": relation.schema if relation.noun.layout != "definition" else split_definition(relation.noun.name)[1],
        "tg_nargs": len(arguments), "tg_argv": arrays.pack(["", *arguments][1:]),
    }  # fmt: skip
    for name, value in told.items():
        values[named[name].number] = value
    if kind & ROW:
        values[named["new"].number], values[named["old"].number] = new, old


def _show_rows(frame: Frame, trigger: Trigger, transition: Transition) -> None:
    """Let the function read the statement's rows under the names that the trigger gives them."""
    from dotdo.storage.virtual import ComputedRows

    fields = tuple(
        (name, base_of(oid), typmod) for name, oid, typmod in row_fields(trigger.relation)
    )
    for key, rows in (("old_table", transition.old), ("new_table", transition.new)):
        name = trigger.facts.get(key)
        if name is None:
            continue
        table = f"_transition {frame.session.depth} {name} {len(fields)}"
        frame.session.stage_rows(table, [f"c{at}" for at in range(len(fields))], ComputedRows(rows))
        frame.transition[name] = fields, table


def base_of(oid: int) -> int:
    """Return what values of a type are kept as."""
    from dotdo_postgres.engine.bind.domains import base_type

    return base_type(oid)[0]


def fire_or_defer(  # noqa: PLR0917 -- what an event is
    session: Session,
    trigger: Trigger,
    event: int,
    old: Row | None,
    new: Row | None,
    transition: Transition,
) -> None:
    """Fire an AFTER trigger for a row, or put it off to the end of the transaction."""
    facts = trigger.facts
    is_put_off = facts.get("deferrable") and session.triggers.is_deferred(
        trigger.name, bool(facts.get("deferred"))
    )
    if is_put_off:
        session.triggers.add(
            session, trigger.name, partial(_fire_later, session, trigger, event, old, new)
        )
        return
    needs_rows = "old_table" in facts or "new_table" in facts
    fire(session, trigger, event, old, new, transition if needs_rows else None)


def _fire_later(
    session: Session, trigger: Trigger, event: int, old: Row | None, new: Row | None
) -> None:
    session.kernel.mutate(lambda: fire(session, trigger, event, old, new))


__all__ = [
    "BEFORE",
    "DELETE",
    "INSERT",
    "INSTEAD",
    "ROW",
    "TRUNCATE",
    "UPDATE",
    "Transition",
    "fire",
    "fitting",
    "t",
]
