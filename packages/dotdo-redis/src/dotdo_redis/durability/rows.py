"""The rows of keys in a tenant's file: one document per key with its exact payload beside; it refuses to keep values."""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Any

import msgspec

from dotdo.graph import define_documents
from dotdo.sql import key_to_python, key_to_storage
from dotdo.storage import Noun, Session, Store, alter_noun, quoted
from dotdo.values import decode, encode
from dotdo_redis.durability.documents import NOUNS, document_of, noun_of, text, value_of, word
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb import Reader, load, save
from dotdo_redis.engine.types import Value, type_name

OWNER = "redis"
APPLIED = "redis applied"
CATALOG = "redis catalog"
"""The calls that make indexes, aliases and dictionaries of search again."""
RAW = 0xFF
"""A string as it is, which RDB has no such byte for."""
_EXPIRY = Struct("<q")

Change = tuple[int, bytes, Value | None, int | None]
"""Database, key, what it holds now, and until when (milliseconds since 1970)."""


class Rows:
    """The nouns of a keyspace in one store."""

    def __init__(self, store: Store, config: Config) -> None:
        self.config = config
        self.session: Session = store.session(api="redis", owner=OWNER)
        self.applied = int(self.session.fact(APPLIED) or 0)

    def define(self, names: Iterable[str]) -> None:
        """Define the nouns that are not there yet, so that others find them."""
        for name in sorted(set(names) - {noun.name for noun in self.session.catalog.nouns}):
            noun = define_documents(self.session, name)
            alter_noun(self.session, msgspec.structs.replace(noun, owner=OWNER))

    def nouns(self) -> Iterator[tuple[Noun, bytes, int]]:
        """The nouns that are there, each with its type and database."""
        for kind, plural in NOUNS.items():
            for noun in self.session.catalog.nouns:
                name, _, number = noun.name.rpartition("_")
                if noun.owner == OWNER and noun.name == plural:
                    yield noun, kind, 0
                elif noun.owner == OWNER and name == plural and number.isdigit():
                    yield noun, kind, int(number)

    def load(self) -> Iterator[tuple[int, bytes, Value, int | None]]:
        """Read all keys."""
        for noun, kind, database in self.nouns():
            table = quoted(noun.table)
            sql = f"select id, case when bson is null then json(data) end, bson from {table}"  # noqa: S608 - a quoted name
            for row in self.session.read(sql):
                yield database, *self._read(kind, row)

    def read(self, noun_id: int, row_id: int) -> tuple[int, bytes, Value, int | None] | None:
        """Read one key by its row; None when the row is gone."""
        for noun, kind, database in self.nouns():
            if noun.id == noun_id:
                table = quoted(noun.table)
                sql = f"select id, case when bson is null then json(data) end, bson from {table} where _id = ?"  # noqa: S608 - a quoted name
                found = self.session.read(sql, (row_id,))
                return (database, *self._read(kind, found[0])) if found else None
        return None

    def keys(self, noun_id: int) -> tuple[int, bytes, set[bytes]] | None:
        """Database, type and all keys of a noun; None when it holds none of ours."""
        for noun, kind, database in self.nouns():
            if noun.id == noun_id:
                found = self.session.read(f"select id from {quoted(noun.table)}")  # noqa: S608 - a quoted name
                return database, kind, {word(key_to_python(row[0])) for row in found}
        return None

    def _read(self, kind: bytes, row: tuple[Any, ...]) -> tuple[bytes, Value, int | None]:
        identity, data, payload = row
        key = word(key_to_python(identity))
        if payload is None:
            value, expires_ms = value_of(kind, decode(data), self.config)
            return key, value, expires_ms
        (expires_ms,) = _EXPIRY.unpack_from(payload)
        deadline = expires_ms if expires_ms >= 0 else None
        if payload[_EXPIRY.size] == RAW:
            return key, payload[_EXPIRY.size + 1 :], deadline
        reader = Reader(payload)
        reader.take(_EXPIRY.size)
        return key, load(reader, self.config), deadline

    def catalog(self) -> list[list[bytes]]:
        """The calls that make indexes again, as they were written last."""
        kept = self.session.fact(CATALOG)
        if kept is None:
            return []
        return msgspec.msgpack.decode(bytes.fromhex(str(kept)), type=list[list[bytes]])

    def write(
        self, changes: Iterable[Change], applied: int, catalog: Iterable[list[bytes]] = ()
    ) -> None:
        """Write keys, what indexes there are, and the number of the newest record they contain, all or nothing."""
        listed, calls = list(changes), list(catalog)
        self.define({noun_of(type_name(v), db) for db, _, v, _ in listed if v is not None})
        self.session.mutate(lambda: self._write(listed, applied, calls))
        self.applied = applied

    def _write(self, changes: list[Change], applied: int, catalog: list[list[bytes]]) -> None:
        kinds = [None if change[2] is None else type_name(change[2]) for change in changes]
        for noun, kind, database in list(self.nouns()):
            kept: list[Change] = []
            gone: list[Change] = []
            for change, its_kind in zip(changes, kinds, strict=True):
                if change[0] == database:
                    (kept if its_kind == kind else gone).append(change)
            table = quoted(noun.table)
            if gone and self.session.read(f"select 1 from {table} limit 1"):  # noqa: S608 - a quoted name
                ids: list[tuple[Any, ...]] = [(key_to_storage(text(c[1])),) for c in gone]
                self.session.write_many(f"delete from {table} where id = ?", ids)  # noqa: S608 - a quoted name
            if kept:
                first = self.session.allocate(noun, len(kept))
                self.session.write_many(
                    f"insert into {table}(_id, id, data, bson) values (?, ?, jsonb(?), ?)"  # noqa: S608 - a quoted name
                    " on conflict(id) do update set data = excluded.data, bson = excluded.bson",
                    [self._row(first + n, change) for n, change in enumerate(kept)],
                )
        if catalog or self.session.fact(CATALOG) is not None:
            self.session.set_fact(CATALOG, msgspec.msgpack.encode(catalog).hex())
        self.session.set_fact(APPLIED, applied)

    def _row(self, number: int, change: Change) -> tuple[Any, ...]:
        _, key, value, expires_ms = change
        assert value is not None
        form = bytes((RAW,)) + value if isinstance(value, bytes) else self._saved(value)
        payload = _EXPIRY.pack(-1 if expires_ms is None else expires_ms) + form
        document = encode(document_of(value, expires_ms))
        return number, key_to_storage(text(key)), document, payload

    def _saved(self, value: Value) -> bytes:
        return save(value, self.config, compresses=False)

    def close(self) -> None:
        """Give the session back."""
        self.session.close()
