"""Changes made row by row: in tables with descendants whose rows may move, by MERGE, and where stages of a statement meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.dml.rerun import may_change
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import (
    ancestors_of,
    bound_of,
    is_partitioned,
    keepers_of,
    parents_of,
)
from dotdo_postgres.engine.partitioning import find_partition, keys_of
from dotdo_postgres.engine.relations import relation_of
from dotdo_postgres.engine.triggers.definitions import BEFORE, DELETE, INSERT, UPDATE
from dotdo_postgres.engine.triggers.firing import Transition, applies, fire, fitting, row_fields
from dotdo_postgres.engine.triggers.rows import RowWriter
from dotdo_postgres.engine.triggers.writes import Run, Write
from dotdo_postgres.engine.triggers.writing import (
    before_row,
    delete_row,
    fire_rows,
    insert_row,
    update_row,
)
from dotdo_postgres.engine.udf.running import run_step, unscaled
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.triggers.rows import Values
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def row_number(place: Any) -> int:
    """Read a row id, or the text of `ctid`."""
    return place if isinstance(place, int) else int(str(place)[3:-1])


@dataclass(slots=True)
class Family:
    """A table that is written to row by row, with those that descend from it.

    Args:
        relation: The table that the statement names.
        members: The tables that keep its rows, by OID.
    """

    relation: Relation
    members: dict[int, Relation]
    writers: dict[int, RowWriter] = field(default_factory=dict)
    key_plans: dict[int, Prepared] = field(default_factory=dict)

    def writer(self, relation: Relation) -> RowWriter:
        """Return what writes the rows of a table."""
        found = self.writers.get(relation.oid)
        if found is None:
            found = self.writers[relation.oid] = RowWriter(relation)
        return found


def family_of_rows(names: Names, relation: Relation, *, is_alone: bool) -> Family:
    """Return a table with its descendants, or without them."""
    nouns = (
        [relation.noun] if is_alone else keepers_of(names.catalog, relation.noun, names.temporary)
    )
    return Family(relation, {one.oid: one for one in map(relation_of, nouns)})


class FamilyRun:
    """One statement's changes of rows.

    Args:
        session: Whose.
        family: Of what tables.
        params: The statement's parameters.
        changed: Numbers of the columns that UPDATE assigns.
        fires: The statement triggers of the table are fired around it.
    """

    def __init__(
        self,
        session: Session,
        family: Family,
        params: Sequence[StorageValue],
        changed: tuple[int, ...] = (),
        *,
        fires: bool = True,
    ) -> None:
        self.session, self.family, self.params = session, family, params
        self.changed, self.fires = changed, fires
        self.after: list[Any] = []
        self.rows: dict[int, tuple[list[Values], list[Values]]] = {
            event: ([], []) for event in (INSERT, UPDATE, DELETE)
        }
        self._runs: dict[tuple[int, int], Run] = {}
        self._names = [column.name for column in family.relation.columns]
        self._outer: tuple[int, list[Any]] | None = None

    # --- around the rows ---------------------------------------------------------------------

    def begin(self, events: Sequence[int]) -> None:
        """Fire the BEFORE triggers of the statement; from now on AFTER triggers of rows wait for its end."""
        self._statement(events, BEFORE)
        triggers = self.session.triggers
        self._outer = triggers.gathered
        triggers.gathered = self.session.depth, self.after

    def leave(self) -> None:
        """Let AFTER triggers of rows no longer wait."""
        self.session.triggers.gathered = self._outer

    def end(self, events: Sequence[int]) -> None:
        """Fire the AFTER triggers."""
        self.leave()
        self.session.require_references()
        for act in self.after:
            act()
        self._statement(events, 0)

    def _statement(self, events: Sequence[int], time: int) -> None:
        if not self.fires:
            return
        session, number = self.session, self.family.relation.noun.id
        for event in events:
            if not session.triggers.takes(session.depth, -number, 2 * event + (time != BEFORE)):
                continue  # another stage of the statement has fired them
            transition = Transition(*self.rows[event])
            for trigger in fitting(
                self.session, self.family.relation, time, 0, event, self.changed
            ):
                if applies(self.session, trigger, None, None):
                    fire(self.session, trigger, event, None, None, transition)

    def _run(self, relation: Relation, event: int) -> Run:
        found = self._runs.get((relation.oid, event))
        if found is None:
            own = {column.name: column.number for column in relation.columns}
            theirs = {column.number: column.name for column in self.family.relation.columns}
            changed = tuple(own[theirs[number]] for number in self.changed)
            write = Write(event, relation, self.family.writer(relation), None, ())  # type: ignore[arg-type]  # rows are given one by one
            found = Run(self.session, write, self.params, row_fields(relation), changed=changed)
            self._runs[relation.oid, event] = found
        return found

    def _settle(self, run: Run) -> Values | None:
        """Put the triggers of a written row off; return the row, as its own table has it."""
        if not run.shown:
            return None
        row = run.shown.pop()
        run.shown.clear()
        for event, old, new in run.events:
            pair = self.rows[event]
            for place, one in zip(pair, (old, new), strict=True):
                if one is not None:
                    place.append(self._as_root(run.write.relation, one.values))
        events, run.events = run.events, []
        self.after.append(partial(fire_rows, run, events))
        return row

    def _as_root(self, relation: Relation, row: Values) -> Values:
        if relation.noun.id == self.family.relation.noun.id:
            return row
        places = {column.name: at for at, column in enumerate(relation.columns)}
        return tuple(row[places[name]] for name in self._names)

    def _takes(self, relation: Relation, row_id: int) -> bool:
        """Note that a row is changed; tell whether it may be, as no other stage of the statement has."""
        session, number = self.session, relation.noun.id
        if not may_change(session, number, row_id):
            return False
        return session.triggers.takes(session.depth, number, row_id)

    # --- rows --------------------------------------------------------------------------------

    def update(self, oid: int, row_id: int, assigned: dict[str, Any]) -> tuple[Any, ...] | None:
        """Change a row.

        Args:
            oid: Of the table that keeps it.
            row_id: Its id there.
            assigned: New values by name of the column, in the form of parameters.

        Returns:
            The row and the OID of its table, None when it stays as it was.
        """
        relation = self.family.members[oid]
        writer = self.family.writer(relation)
        old = writer.read(self.session, row_id)
        if old is None or not self._takes(relation, row_id):
            return None
        new, places = list(old), []
        for at, column in enumerate(relation.columns):
            if column.name in assigned:
                new[at] = assigned[column.name]
                places.append(at)
        run = self._run(relation, UPDATE)
        if bound_of(relation.noun) is not None:
            leaf = self._leaf(relation, tuple(new))
            if leaf.id != relation.noun.id:
                return self._move(relation, relation_of(leaf), row_id, old, tuple(new))
        update_row(run, row_id, old, tuple(new), places, ())
        row = self._settle(run)
        return None if row is None else (*self._as_root(relation, row), oid)

    def _move(
        self, here: Relation, there: Relation, row_id: int, old: Values, new: Values
    ) -> tuple[Any, ...] | None:
        run = self._run(here, UPDATE)
        made = before_row(run, UPDATE, run.row(old), run.row(new))
        if made is None:
            return None
        leaf = self._leaf(here, made.values)
        there = there if leaf.id == there.noun.id else relation_of(leaf)
        run = self._run(here, DELETE)
        delete_row(run, row_id, old, ())
        if self._settle(run) is None:
            return None
        values = {c.name: value for c, value in zip(here.columns, made.values, strict=True)}
        run = self._run(there, INSERT)
        insert_row(run, tuple(values[column.name] for column in there.columns))
        row = self._settle(run)
        return None if row is None else (*self._as_root(there, row[:-1]), there.oid)

    def delete(self, oid: int, row_id: int) -> tuple[Any, ...] | None:
        """Delete a row; return it and the OID of its table, None when it stays."""
        relation = self.family.members[oid]
        old = self.family.writer(relation).read(self.session, row_id)
        if old is None or not self._takes(relation, row_id):
            return None
        run = self._run(relation, DELETE)
        delete_row(run, row_id, old, ())
        row = self._settle(run)
        return None if row is None else (*self._as_root(relation, row), oid)

    # --- where a row belongs -----------------------------------------------------------------

    def _leaf(self, relation: Relation, row: Values) -> Noun:
        """Return the partition that a row belongs to.

        Raises:
            PostgresError: there is none, or it is none of the statement's table (23514).
        """
        catalog, own = self.session.kernel.catalog, self.family.relation.noun
        noun = relation.noun
        while bound_of(noun) is not None:
            (noun,) = parents_of(catalog, noun)
        values = {c.name: value for c, value in zip(relation.columns, row, strict=True)}
        is_within = noun.id == own.id
        while is_partitioned(noun):
            key = self._key(noun, relation, values)
            found = find_partition(catalog, noun, key)
            if found is None:
                if is_within or own.id in {one.id for one in ancestors_of(catalog, relation.noun)}:
                    raise _no_partition(noun, key)
                raise _outside(own, relation, row)
            noun = found
            is_within = is_within or noun.id == own.id
        if not is_within:
            raise _outside(own, relation, row)
        return noun

    def _key(self, noun: Noun, relation: Relation, values: dict[str, Any]) -> list[Any]:
        keys = keys_of(noun)
        found = [None if key.column is None else values[key.column] for key in keys]
        if any(key.column is None for key in keys):
            plan = self.family.key_plans.get(noun.id)
            if plan is None:
                plan = self.family.key_plans[noun.id] = _key_plan(self.session, noun, relation)
            given = [values[column.name] for column in relation.columns]
            result = run_step(self.session, plan, given)
            found = [
                value if column.scale is None else unscaled(value, column.scale)
                for column, value in zip(result.columns or (), result.rows[0], strict=True)
            ]
        return [
            numeric.decode(value) if key.type == t.NUMERIC and value is not None else value
            for key, value in zip(keys, found, strict=True)
        ]


def _key_plan(session: Session, noun: Noun, relation: Relation) -> Prepared:
    """Plan a query that computes the terms of a key out of a row's values."""
    cells = [
        {"ResTarget": {"name": column.name, "val": {"ParamRef": {"number": at}}}}
        for at, column in enumerate(relation.columns, start=1)
    ]
    plain: Node = {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    inner = {"SelectStmt": {"targetList": cells, **plain}}
    alias = {"aliasname": split_name(noun.name)[1]}
    terms = [
        {"ColumnRef": {"fields": [{"String": {"sval": key.column}}]}} if key.column else key.tree
        for key in keys_of(noun)
    ]
    query = {
        "targetList": [{"ResTarget": {"val": term}} for term in terms],
        "fromClause": [{"RangeSubselect": {"subquery": inner, "alias": alias}}],
        **plain,
    }
    oids = tuple(column.type for column in relation.columns)
    return session.plan_inside({"SelectStmt": query}, oids=oids, is_trusted=True)


def _no_partition(noun: Noun, key: Sequence[Any]) -> Exception:
    schema, bare = split_name(noun.name)
    shown = [_shown(term.type, value) for term, value in zip(keys_of(noun), key, strict=True)]
    texts = ", ".join(term.text for term in keys_of(noun))
    detail = f"Partition key of the failing row contains ({texts}) = ({', '.join(shown)})."
    message = f'no partition of relation "{bare}" found for row'
    return error("23514", message, detail=detail, schema=schema, table=bare)


def _shown(oid: int, value: Any) -> str:
    """Write a value, numeric as the bytes that parameters are or as Decimal, as text."""
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return numeric.to_text(value)
    if oid == t.NUMERIC:
        return numeric.to_text(numeric.decode(value))
    codec = codec_of(oid)
    return str(value) if codec is None else codec.to_text(value)


def _outside(noun: Noun, relation: Relation, row: Values) -> Exception:
    schema, bare = split_name(noun.name)
    cells = [
        _shown(column.type, value) for column, value in zip(relation.columns, row, strict=True)
    ]
    message = f'new row for relation "{bare}" violates partition constraint'
    detail = f"Failing row contains ({', '.join(cells)})."
    return error("23514", message, detail=detail, schema=schema, table=bare)
