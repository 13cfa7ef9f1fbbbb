"""SQL tables as documents: the primary key is `_id`, columns are fields, what has no column lies in `_extra`."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from bson import Binary, Decimal128, Int64, ObjectId

from dotdo.errors import InvalidValue
from dotdo.graph.rows import ColumnRows
from dotdo.storage import Noun, Row, Session
from dotdo.storage.names import quoted
from dotdo.values import Tagged
from dotdo_mongo.engine.tables.record import (
    EVERYTHING,
    Condition,
    Document,
    Reader,
    Record,
)
from dotdo_mongo.mapping.tags import from_json, tagged, untagged

_INT32 = 1 << 31
_FIRST_CHUNK, _CHUNK = 128, 1024
_ALL = EVERYTHING


class ColumnTable:
    """Documents of a noun with columns.

    Args:
        noun: The definition.
    """

    __slots__ = ("_keys", "_rows", "_select", "noun", "table")

    def __init__(self, noun: Noun) -> None:
        self.noun = noun
        self.table = quoted(noun.table)
        self._rows = ColumnRows(noun)
        self._select = f"select {self._rows.columns} from {self.table}"
        self._keys = [c.name for k in noun.key for c in noun.columns if c.column == k]

    # --- reading ---------------------------------------------------------------------------------

    def scan(
        self, reader: Reader, condition: Condition = _ALL, *, backward: bool = False
    ) -> Iterator[Record]:
        """Yield the records that a condition leaves, reading on as they are asked for."""
        where = f"({condition.sql})" if condition.sql else "true"
        row = quoted(self.noun.rowid)
        past, order = ("<", "desc") if backward else (">", "asc")
        sql = f"{self._select} where {row} {past} ? and {where} order by {row} {order} limit ?"
        last, chunk = (1 << 62 if backward else -1 << 62), _FIRST_CHUNK
        while True:
            rows = reader.read(sql, (last, *condition.params, chunk))
            yield from map(self._record, rows)
            if len(rows) < chunk:
                return
            last, chunk = rows[-1][0], _CHUNK

    def by_identity(self, reader: Reader, identity: Any) -> Record | None:
        """Return the record with that `_id`; a table without a key keeps those that were given beside its columns."""
        if not self._keys and not isinstance(identity, int):
            given = tagged(identity)
            param: Any = orjson.dumps(given).decode() if isinstance(given, dict | list) else given
            rows = reader.read(f"{self._select} where _extra ->> '$._id' = ?", (param,))
            return self._record(rows[0]) if rows else None
        try:
            params = self._rows.key(self._key(identity))
        except InvalidValue:
            return None
        rows = reader.read(self._rows.by_id, params)
        return self._record(rows[0]) if rows else None

    def count(self, reader: Reader, condition: Condition = _ALL) -> int:
        """Return how many records a condition leaves."""
        where = f" where {condition.sql}" if condition.sql else ""
        ((found,),) = reader.read(f"select count(*) from {self.table}{where}", condition.params)
        return int(found)

    def _record(self, row: Row) -> Record:
        return Record(row[0], None, lambda: self._document(row))

    def _document(self, row: Row) -> Document:
        number, extra, _, *values = row
        thing = self._rows.thing((number, None, None, *values))
        fields = {name: to_bson(value) for name, value in thing.fields.items()}
        identity: Any = to_bson(number)
        if len(self._keys) == 1:
            identity = fields.pop(self._keys[0])
        elif self._keys:
            identity = {name: fields[name] for name in self._keys}
        return {"_id": identity, **fields, **({} if extra is None else from_json(extra))}

    # --- writing ---------------------------------------------------------------------------------

    def insert(self, session: Session, document: Document, data: bytes | None = None) -> int | None:  # noqa: ARG002  (a cache that this layout has not)
        """Insert a document within `mutate`; None when its `_id` is taken, else its row id."""
        fields = self._fields(document)
        if self.by_identity(session, document["_id"]) is not None:
            return None
        row = session.allocate(self.noun) if self.noun.has_hidden_rowid else None
        text, params = self._rows.creation(row, fields, None)
        return int(session.execute(text, params)[0][0])

    def replace(
        self,
        session: Session,
        record: Record,
        document: Document,
        data: bytes | None = None,  # noqa: ARG002  (a cache that this layout has not)
    ) -> None:
        """Give a record another content within `mutate`: columns that the document lacks become NULL."""
        fields = self._fields(document)
        columns = {c.name: fields.get(c.name) for c in self.noun.columns if c.generated is None}
        key = self._key(record.document["_id"]) if self._keys else record.row
        text, params = self._rows.update(key, columns, None)
        session.execute(text, params)
        extra = self._extra(record, document, columns)
        if extra != self._extra(record, record.document, columns):  # else it would be logged twice
            session.execute(
                f"update {self.table} set _extra = jsonb(?) where {quoted(self.noun.rowid)} = ?",
                (extra, record.row),
            )

    def _extra(self, record: Record, document: Document, columns: Collection[str]) -> bytes | None:
        """Return what a document has beyond the columns, as it is stored."""
        extra = {
            name: value for name, value in document.items() if name != "_id" and name not in columns
        }
        if not self._keys and record.document["_id"] != record.row:
            extra["_id"] = record.document["_id"]
        return orjson.dumps(tagged(extra)) if extra else None

    def delete(self, session: Session, record: Record) -> None:
        """Delete a record within `mutate`."""
        row = quoted(self.noun.rowid)
        session.execute(f"delete from {self.table} where {row} = ?", (record.row,))

    def _fields(self, document: Document) -> Document:
        fields = {name: to_canonical(value) for name, value in document.items() if name != "_id"}
        identity = document.get("_id")
        if len(self._keys) == 1:
            is_made = isinstance(identity, ObjectId)
            fields[self._keys[0]] = str(identity) if is_made else to_canonical(identity)
        elif not self._keys:
            fields["_id"] = to_canonical(identity)
        elif isinstance(identity, dict):
            fields |= {name: to_canonical(value) for name, value in identity.items()}
        return fields

    def _key(self, identity: Any) -> Any:
        if len(self._keys) > 1 and isinstance(identity, dict):
            return tuple(to_canonical(identity.get(name)) for name in self._keys)
        if isinstance(identity, ObjectId):
            return str(identity)
        return to_canonical(identity)


def to_bson(value: Any) -> Any:  # noqa: C901, PLR0911  (one line for each type)
    """Return a canonical value as BSON holds it."""
    match value:
        case bool() | str() | float() | bytes() | None:
            return value
        case int():
            return value if -_INT32 <= value < _INT32 else _long(value)
        case Decimal():
            return Decimal128(value)
        case datetime():
            return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case time():
            return value.isoformat()
        case timedelta():
            return Int64(value // timedelta(milliseconds=1))
        case UUID():
            return Binary.from_uuid(value)
        case dict():
            return {name: to_bson(item) for name, item in value.items()}
        case list():
            return [to_bson(item) for item in value]
        case _:
            return untagged(value)


def _long(value: int) -> Int64 | Decimal128:
    return Int64(value) if -(1 << 63) <= value < 1 << 63 else Decimal128(str(value))


def to_canonical(value: Any) -> Any:
    """Return a BSON value as a column takes it.

    Raises:
        CommandFailure: No column can hold it (code 121).
    """
    match value:
        case bool() | str() | float() | None | datetime():
            return value
        case Binary(subtype=4):
            return value.as_uuid()
        case bytes():
            return bytes(value)
        case int():
            return int(value)
        case Decimal128():
            return value.to_decimal()
        case dict():
            return {name: to_canonical(item) for name, item in value.items()}
        case list():
            return [to_canonical(item) for item in value]
        case _:
            found = tagged(value)
            return Tagged(found) if isinstance(found, dict) else found
