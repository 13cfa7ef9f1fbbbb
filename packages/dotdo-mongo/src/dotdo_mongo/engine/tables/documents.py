"""Nouns of layout `document`: JSONB is what counts, BSON beside it a cache that other doors' writes empty."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from dotdo.graph.fields import enter_fields, unknown_fields
from dotdo.storage import Noun, Row, Session
from dotdo.storage.names import quoted
from dotdo_mongo.engine.tables.record import (
    EVERYTHING,
    Condition,
    Document,
    Params,
    Reader,
    Record,
)
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.mapping.codec import encode
from dotdo_mongo.mapping.keys import Key, identity_of, is_exact, key_of
from dotdo_mongo.mapping.tags import from_json, to_json

_COLUMNS = "_id, bson, iif(bson is null, id, null), iif(bson is null, json(data), null)"
_COLUMNS_OF_OTHERS = "_id, null, id, json(data)"
_FIRST_CHUNK, _CHUNK, _CHUNK_BYTES = 32, 1024, 4 << 20
_ALL = EVERYTHING
_NUMBER = (int, float)
_OID = '{"$oid":"'
_TAGGED = (
    "id >= '\"' and id < '#' or id >= '[' and id < '\\' or id >= '{' and id < '|'"
    " or id in ('true', 'false', 'null')"
)
"""The condition of keys that are not plain text: JSON of other values, and of text that looks like it."""
_IDENTITY = frozenset({"_id"})


Arrival = tuple[int, Key, bytes, bytes]
"""What is stored of a new document: its row id, the key of its `_id`, its JSON text and its BSON."""


class DocumentTable:
    """Documents of a noun that holds any fields.

    Args:
        noun: The definition.
        has_own_keys: `_id` need not be unique (time series): rows have keys of their own.
        is_clustered: The natural order is that of `_id`, else that of insertion.
    """

    __slots__ = (
        "_by_key",
        "_delete",
        "_insert",
        "_insert_new",
        "_select",
        "_update",
        "has_cache",
        "has_own_keys",
        "is_clustered",
        "noun",
        "table",
    )

    def __init__(
        self, noun: Noun, *, has_own_keys: bool = False, is_clustered: bool = False
    ) -> None:
        self.noun, self.has_own_keys, self.is_clustered = noun, has_own_keys, is_clustered
        self.table = table = quoted(noun.table)
        self.has_cache = not noun.owner  # else what lies beside a document is its owner's
        columns = _COLUMNS if self.has_cache else _COLUMNS_OF_OTHERS
        self._select = f"select {columns} from {table}"
        self._by_key = f"{self._select} where id = ?"
        self._insert = f"insert into {table}(_id, id, data, bson) values (?, ?, jsonb(?), ?) on conflict(id) do nothing"
        self._insert_new = f"insert into {table}(_id, id, data, bson) values (?, ?, jsonb(?), ?)"
        self._update = f"update {table} set data = jsonb(?), bson = ? where _id = ?"
        self._delete = f"delete from {table} where _id = ?"

    # --- reading ---------------------------------------------------------------------------------

    def scan(
        self, reader: Reader, condition: Condition = _ALL, *, backward: bool = False
    ) -> Iterator[Record]:
        """Yield the records that a condition leaves, reading on as they are asked for."""
        where = f"({condition.sql})" if condition.sql else "true"
        if condition.order:
            sql = f"{self._select} where {where} order by {condition.order}"
            yield from map(_record, reader.read(sql, condition.params))
            return
        if self.is_clustered:
            for numbers in self._by_identities(reader, condition, backward=backward):
                yield from self.at(reader, numbers)
            return
        past, order = ("<", "desc") if backward else (">", "asc")
        sql = f"{self._select} where _id {past} ? and {where} order by _id {order} limit ?"
        last, chunk = (1 << 62 if backward else -1 << 62), _FIRST_CHUNK
        while True:
            rows = reader.read(sql, (last, *condition.params, chunk))
            yield from map(_record, rows)
            if len(rows) < chunk:
                return
            size = sum(len(data or text) for _, data, _, text in rows) // chunk + 1
            last, chunk = rows[-1][0], min(4 * chunk, _CHUNK, _CHUNK_BYTES // size + 1)

    def _by_identities(
        self, reader: Reader, condition: Condition, *, backward: bool
    ) -> Iterator[list[int]]:
        """Yield the row ids that a condition leaves, in the order of `_id`.

        They are read on as they are asked for where SQL orders the keys as BSON does.
        """
        where = f"({condition.sql})" if condition.sql else "true"
        if not self._is_in_order(reader):
            rows = reader.read(f"select _id, id from {self.table} where {where}", condition.params)
            keyed = [(sort_key(identity_of(key)), int(row)) for row, key in rows]
            keyed.sort(key=itemgetter(0), reverse=backward)
            yield [row for _, row in keyed]
            return
        past, order = ("<", "desc") if backward else (">", "asc")
        begin, chunk, params = "", _FIRST_CHUNK, condition.params
        while True:
            sql = f"select _id, id from {self.table} where {begin} {where} order by id {order} limit ?"
            rows = reader.read(sql, (*params, chunk))
            yield [int(row) for row, _ in rows]
            if len(rows) < chunk:
                return
            begin, params = f"id {past} ? and", (rows[-1][1], *condition.params)
            chunk = min(4 * chunk, _CHUNK)

    def _is_in_order(self, reader: Reader) -> bool:
        """Return whether the keys are all numbers, all ids of objects or all plain text."""
        ((first,),) = reader.read(f"select min(id) from {self.table}")
        ((last,),) = reader.read(f"select max(id) from {self.table}")
        if not isinstance(first, str) or not isinstance(last, str):
            return last is None or (isinstance(first, _NUMBER) and isinstance(last, _NUMBER))
        if first.startswith(_OID) and last.startswith(_OID):
            return True
        return not reader.read(f"select 1 from {self.table} where {_TAGGED} limit 1")

    def by_identity(self, reader: Reader, identity: Any) -> Record | None:
        """Return the record with that `_id`."""
        rows = reader.read(self._by_key, (key_of(identity),))
        return _record(rows[0]) if rows else None

    def count(self, reader: Reader, condition: Condition = _ALL) -> int:
        """Return how many records a condition leaves."""
        where = f" where {condition.sql}" if condition.sql else ""
        ((found,),) = reader.read(f"select count(*) from {self.table}{where}", condition.params)
        return int(found)

    def first(
        self,
        reader: Reader,
        condition: Condition,
        certain: tuple[str, Params],
        *,
        order: str,
        limit: int,
        order_params: Params = (),
    ) -> list[tuple[Record, bool]]:
        """Return the first records of an order among those that a condition leaves, each with whether another one does not hold."""
        rows = self._firsts(
            reader, _COLUMNS, condition, certain, order=order, params=(*order_params, limit)
        )
        return [(_record(row[1:]), bool(row[0])) for row in rows]

    def numbers(
        self,
        reader: Reader,
        condition: Condition,
        certain: tuple[str, Params],
        *,
        order: str,
        limit: int,
        order_params: Params = (),
    ) -> list[tuple[int, bool]]:
        """Return the row ids that `first` would return records of, each with whether the other condition does not hold."""
        rows = self._firsts(
            reader, "_id", condition, certain, order=order, params=(*order_params, limit)
        )
        return [(int(number), bool(is_doubtful)) for is_doubtful, number in rows]

    def _firsts(
        self,
        reader: Reader,
        columns: str,
        condition: Condition,
        certain: tuple[str, Params],
        *,
        order: str,
        params: Params,
    ) -> Iterable[Row]:
        sql = (
            f"select not ({certain[0]}), {columns} from {self.table} where {condition.sql or 'true'}"
            f" order by {order} limit ?"
        )
        return reader.read(sql, (*certain[1], *condition.params, *params))

    def at(self, reader: Reader, numbers: Sequence[int]) -> Iterator[Record]:
        """Yield the records of row ids, in this order, those that are gone left out."""
        marks = ", ".join("?" * _FIRST_CHUNK)
        for start in range(0, len(numbers), _FIRST_CHUNK):
            part = numbers[start : start + _FIRST_CHUNK]
            params = (*part, *[None] * (_FIRST_CHUNK - len(part)))
            rows = reader.read(f"{self._select} where _id in ({marks})", params)
            found = {row[0]: row for row in rows}
            for number in part:
                row = found.get(number)
                if row is not None:
                    yield _record(row)

    def tally(
        self,
        reader: Reader,
        condition: Condition,
        certain: tuple[str, Params],
        three: tuple[str, Params] | None = None,
    ) -> tuple[int, int]:
        """Return of how many records that a condition leaves another one holds, and of how many it may.

        Args:
            reader: Runs statements.
            condition: Leaves the records.
            certain: The other condition.
            three: An expression that gives 1 where it holds, 2 where it may.
        """
        if three is None:
            three = (f"iif({certain[0]}, 1, 2)", certain[1])
        sql = (
            f"select coalesce(sum(told = 1), 0), coalesce(sum(told = 2), 0) from"
            f" (select {three[0]} as told from {self.table} where {condition.sql or 'true'} limit -1)"
        )
        ((held, undecided),) = reader.read(sql, (*three[1], *condition.params))
        return int(held), int(undecided)

    # --- writing ---------------------------------------------------------------------------------

    def insert(self, session: Session, document: Document, data: bytes | None = None) -> int | None:
        """Insert a document within `mutate`; None when its `_id` is taken, else its row id."""
        data = encode(document) if data is None else data
        row = session.allocate(self.noun)
        key = f"row {row}" if self.has_own_keys else key_of(document["_id"])
        self._enter(session, document)
        cache = data if self.has_cache else None
        session.execute(self._insert, (row, key, self._json(document, data), cache))
        return row if session.connection.changes() else None

    def insert_rows(
        self, session: Session, rows: Callable[[int, set[str]], Iterator[Arrival]], count: int
    ) -> None:
        """Insert documents within `mutate`, none of which may be there.

        Args:
            session: Is mutating.
            rows: Gives them from their first row id on, and enters the names of their fields into the set.
            count: How many.

        Raises:
            UniqueViolation: The `_id` of one is taken.
        """
        first = session.allocate(self.noun, count)
        names: set[str] = set()
        if count == 1:
            for row in rows(first, names):
                session.execute(self._insert_new, row)
        else:
            session.execute_many(self._insert_new, rows(first, names))
        self._enter(session, names)

    def replace(
        self, session: Session, record: Record, document: Document, data: bytes | None = None
    ) -> None:
        """Give a record another content within `mutate`; its `_id` is as before."""
        data = encode(document) if data is None else data
        self._enter(session, document)
        cache = data if self.has_cache else None
        session.execute(self._update, (self._json(document, data), cache, record.row))

    def delete(self, session: Session, record: Record) -> None:
        """Delete a record within `mutate`."""
        session.execute(self._delete, (record.row,))

    def _json(self, document: Document, data: bytes) -> bytes:
        if not self.has_own_keys and is_exact(document["_id"]):
            document = {name: value for name, value in document.items() if name != "_id"}
        return to_json(document, data)

    def _enter(self, session: Session, names: Iterable[str]) -> None:
        fields = set(names)
        fields.discard("_id")
        unknown = unknown_fields(session, self.noun, fields)
        if unknown:
            enter_fields(session, self.noun.id, unknown)


def _record(row: Row) -> Record:
    number, data, key, text = row
    if data is not None:
        return Record(number, data)
    return Record(number, None, lambda: _from_other_door(key, text))


def _from_other_door(key: Any, text: str) -> Document:
    fields = from_json(text)
    if "_id" in fields:
        identity = fields.pop("_id")
        return {"_id": identity, **fields}
    return {"_id": identity_of(key), **fields}
