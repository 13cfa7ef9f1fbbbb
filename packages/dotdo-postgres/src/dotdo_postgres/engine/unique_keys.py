"""Unique keys: what they are of, which row repeats one, how the details of errors show them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo.storage import ddl
from dotdo.storage.names import quoted
from dotdo_postgres.engine.catalog.expressions import key_text, shown_again
from dotdo_postgres.engine.relations import EXTRA, RelationColumn, column_type
from dotdo_postgres.engine.rows_shown import Row, show
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Index, Noun
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session


@dataclass(slots=True, frozen=True)
class Part:
    """A column of a key, or an expression.

    Args:
        name: Of the column, or the expression's text.
        term: SQLite expression that is the same for equal values.
        value: SQLite expression of the value itself.
        column: What its values are.
    """

    name: str
    term: str
    value: str
    column: RelationColumn
    is_expression: bool = False

    def shown(self, names: Names, noun: Noun) -> str:
        """Return the name of the column, or the expression as PostgreSQL shows it."""
        if not self.is_expression:
            return self.name
        return key_text(shown_again(names, noun, self.name, is_boolean=False, is_pretty=True))


@dataclass(slots=True, frozen=True)
class UniqueKey:
    """The parts of a unique key, and the condition on the rows that it holds for."""

    noun: Noun
    parts: list[Part]
    where: str | None = None

    def duplicate(self, session: Session, rows: list[tuple[Row, Row | None]]) -> Row | None:
        """Return the first of new rows whose key is there or comes twice; each comes with the row it was before."""
        seen: set[tuple[Any, ...]] = set()
        where = " and ".join(f"{part.term} = ?" for part in self.parts)
        if self.where is not None:
            where += f" and ({self.where})"
        sql = f"select 1 from {quoted(self.noun.table)} where {where}"  # noqa: S608 -- quoted names, the catalog's own expressions
        for new, old in rows:
            key = self._of(session, new)
            if key is None or None in key or (old is not None and key == self._of(session, old)):
                continue
            if key in seen or session.kernel.read(sql, key):
                return new
            seen.add(key)
        return rows[0][0] if len(rows) == 1 else None

    def _of(self, session: Session, row: Row) -> tuple[Any, ...] | None:
        where = "" if self.where is None else f" where {self.where}"
        terms = ", ".join(part.term for part in self.parts)
        return next(iter(computed(session, self.noun, row, terms, where)), None)

    def shown(self, session: Session, row: Row) -> str:
        """Write `(a, lower(b))=(1, x)` of a row."""
        (values,) = computed(session, self.noun, row, ", ".join(part.value for part in self.parts))
        names = ", ".join(part.shown(session.names, self.noun) for part in self.parts)
        listed = [show(part.column, value) for part, value in zip(self.parts, values, strict=True)]
        return f"({names})=({', '.join(listed)})"

    def duplicated(self, session: Session) -> str | None:
        """Return the detail that names a key which rows of the table have twice; None when there is none."""
        names = [column.column for column in self.noun.columns]
        listed = ", ".join([*(part.term for part in self.parts), *map(quoted, names)])
        where = "" if self.where is None else f" where {self.where}"
        sql = f"select {listed} from {quoted(self.noun.table)}{where} order by {quoted(self.noun.rowid)}"  # noqa: S608 -- quoted names, the catalog's own expressions
        found = session.kernel.read(sql)
        count = len(self.parts)
        keys = [row[:count] for row in found]
        twice = first_equal(keys)
        if twice is None:
            return None
        row = dict(zip(names, found[keys.index(twice)][count:], strict=True))
        return f"Key {self.shown(session, row)} is duplicated."


def unique_key(noun: Noun, name: str, columns: Sequence[str] = ()) -> UniqueKey | None:
    """Return the unique key of a name; without one that of columns; None when there is no such key."""
    index = next((one for one in noun.indexes if one.name == name and one.is_unique), None)
    if index is not None:
        return index_key(noun, index)
    if name == noun.key_name and noun.key:
        columns = noun.key
    else:
        columns = next((one.columns for one in noun.uniques if one.name == name), columns)
    parts = [_column_part(noun, column) for column in columns]
    return UniqueKey(noun, parts) if parts and all(parts) else None  # type: ignore[arg-type]  # as just seen


def index_key(noun: Noun, index: Index) -> UniqueKey:
    """Return the key of a unique index."""
    told = index.extra.get(EXTRA, {}).get("expressions", {})
    parts = []
    for at, text in enumerate(index.terms):
        term = text.removesuffix(" desc")
        part = _column_part(noun, term.strip('"')) if str(at) not in told else None
        parts.append(part or _expression_part(term, told.get(str(at), {})))
    return UniqueKey(noun, parts, index.where)


def _column_part(noun: Noun, physical: str) -> Part | None:
    column = next((one for one in noun.columns if one.column == physical), None)
    if column is None:
        return None
    oid, typmod = column_type(column)
    shown = RelationColumn(column.name, physical, oid, typmod, 0, is_nullable=True)
    name = quoted(physical)
    return Part(column.name, ddl.even_term(noun, name), name, shown)


def _expression_part(term: str, told: dict[str, Any]) -> Part:
    shown = RelationColumn("", "", told.get("type", t.TEXT), -1, 0, is_nullable=True)
    return Part(told.get("text", term), term, told.get("value", term), shown, is_expression=True)


def computed(session: Session, noun: Noun, row: Row, items: str, where: str = "") -> list[Any]:
    """Evaluate SQLite expressions over a row that is not in the table."""
    names = [column.column for column in noun.columns]
    listed = ", ".join(f"? as {quoted(name)}" for name in names)
    sql = f"select {items} from (select {listed}){where}"  # noqa: S608 -- quoted names, the catalog's own expressions
    return session.kernel.read(sql, [row.get(name) for name in names])


def first_equal(rows: list[Any]) -> Any:
    """Return the row that a sort first finds equal to another, None when all differ.

    PostgreSQL names whichever equal pair its sort compares first; rows with NULL never are equal.
    """
    if (found := _first_neighbours(rows)) is not None:
        return found
    seen: set[Any] = set()
    for row in sorted(row for row in rows if None not in row):
        if row in seen:
            return row
        seen.add(row)
    return None


def _first_neighbours(rows: list[Any]) -> Any:
    """Look as the sort's check for sorted input does: neighbours, until a pair is out of order."""
    for one, other in itertools.pairwise(rows):
        if None in one or None in other:
            return None
        if one == other:
            return one
        if one > other:
            return None
    return None
