"""The rows of keys in a tenant's file: one document per key with its exact payload beside; it refuses to keep values."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

import msgspec

from dotdo.graph import define_documents, shape_of
from dotdo.history import entries, head, transactions
from dotdo.sql import key_to_storage
from dotdo.storage import Noun, Session, Store, alter_noun, quoted
from dotdo.values import encode
from dotdo_redis.durability.checks import checks_of
from dotdo_redis.durability.documents import (
    NOUNS,
    document_of,
    kind_of,
    noun_of,
    text,
)
from dotdo_redis.durability.elements import (
    ELEMENTS,
    PARTS,
    database_of,
    define_elements,
    drop_elements,
    is_large,
    settled,
    write_elements,
)
from dotdo_redis.durability.elements import find_noun as find_elements
from dotdo_redis.durability.mapped import Mapped, mapped_nouns, reread, write
from dotdo_redis.durability.mapped import load as load_things
from dotdo_redis.durability.mapped import read as read_thing
from dotdo_redis.durability.reading import EXPIRY, RAW, Reading, read_key
from dotdo_redis.durability.vault import RowVault, kinds_of
from dotdo_redis.engine.cold import ColdKeys
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.rdb import save
from dotdo_redis.engine.types import Value, type_name
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.lists import List

OWNER = API = "redis"
APPLIED = "redis applied"
CATALOG = "redis catalog"
"""The calls that make indexes, aliases and dictionaries of search again."""
Change = tuple[int, bytes, Value | None, int | None]
"""Database, key, what it holds now, and until when (milliseconds since 1970)."""


class Rows:
    """The nouns of a keyspace in one store."""

    def __init__(self, store: Store, config: Config) -> None:
        self.config = config
        self.session: Session = store.session(api=API, owner=OWNER)
        self.applied = int(self.session.fact(APPLIED) or 0)
        self._position: int | None = None
        self.vaults: list[RowVault] = []
        """What the keys of each database lie in, by its number."""

    def define(self, names: Iterable[str]) -> None:
        """Define the nouns that are not there yet, so that others find them."""
        for name in sorted(set(names) - {noun.name for noun in self.session.catalog.nouns}):
            noun = define_documents(self.session, name)
            checks = checks_of(kind_of(name))
            alter_noun(self.session, msgspec.structs.replace(noun, owner=OWNER, checks=checks))

    def define_all(self) -> None:
        """Define the nouns of database 0."""
        self.define(NOUNS.values())
        define_elements(self.session, 0, OWNER)

    def nouns(self) -> Iterator[tuple[Noun, bytes, int]]:
        """The nouns that are there, each with its type and database."""
        for kind, plural in NOUNS.items():
            for noun in self.session.catalog.nouns:
                name, _, number = noun.name.rpartition("_")
                if noun.owner == OWNER and noun.name == plural:
                    yield noun, kind, 0
                elif noun.owner == OWNER and name == plural and number.isdigit():
                    yield noun, kind, int(number)

    @property
    def mapped(self) -> tuple[Mapped, ...]:
        """The nouns whose things are hashes under a prefix."""
        return mapped_nouns(self.session.catalog)

    def mapped_to(self, database: int, key: bytes) -> Mapped | None:
        """The noun that a key names a thing of, if it holds a hash."""
        for mapped in self.mapped:
            if mapped.database == database and key.startswith(mapped.prefix):
                return mapped
        return None

    def written_by_others(self) -> list[tuple[int, int]]:
        """Rows of ours that other doors have written since this was last asked; none the first time."""
        since, self._position = self._position, head(self.session)
        if since is None:
            return []
        ours = {noun.id for noun, _, _ in self.nouns()} | {m.noun.id for m in self.mapped}
        ours |= self.element_nouns().keys()
        return [
            (entry.noun, entry.row)
            for transaction in takewhile(lambda t: t.last > since, transactions(self.session))
            if transaction.api != API
            for entry in entries(self.session, transaction.first - 1, transaction.last)
            if entry.noun in ours
        ]

    def element_nouns(self) -> dict[int, int]:
        """The nouns of elements, each with the number of its database."""
        found = {noun.id: database_of(noun.name) for noun in self.session.catalog.nouns}
        return {noun: number for noun, number in found.items() if number is not None}

    def is_mapped(self, noun_id: int) -> bool:
        """Whether a noun's things are hashes."""
        return any(mapped.noun.id == noun_id for mapped in self.mapped)

    def write_through(self, changes: Iterable[tuple[int, bytes, Value | None]]) -> None:
        """Make things what their hashes are, all or nothing, waiting for no transaction.

        Raises:
            DotdoError: a noun refuses it.
            Blocked: a transaction of others holds one.
        """
        listed = list(changes)

        def work() -> None:
            for database, key, value in listed:
                mapped = self.mapped_to(database, key)
                if mapped is not None:
                    write(self.session, mapped, key, value if isinstance(value, Hash) else None)

        for mapped in self.mapped:
            if mapped.noun.layout == "document":
                shape_of(self.session, mapped.noun)  # before the transaction, so that it is kept
        self.session.mutate(work, wait=False)

    def reread(self, database: int, key: bytes) -> Hash | None:
        """Read the thing that a key names, as a hash."""
        mapped = self.mapped_to(database, key)
        return None if mapped is None else reread(self.session, mapped, key, self.config)

    def holds(self, noun_id: int, database: int, key: bytes, value: Value) -> bool:
        """Whether a value in memory is to be found in a noun."""
        mapped = self.mapped_to(database, key) if isinstance(value, Hash) else None
        if mapped is not None:
            return mapped.noun.id == noun_id
        kind = type_name(value)
        return any(
            noun.id == noun_id and kind == its_kind and database == number
            for noun, its_kind, number in self.nouns()
        )

    def fill(self, databases: Sequence[Database]) -> None:
        """Let databases take their keys from here when they are asked for."""
        self.vaults = []
        for database in databases:
            kinds = kinds_of(self.nouns(), database.index, self.session)
            vault = RowVault(self.session, database.index, kinds, self.config)
            if kinds:
                database.keys = ColdKeys(database, vault, database.keys)
                database.order = None
            self.vaults.append(vault)
        for mapped in self.mapped:
            for key, value in load_things(self.session, mapped, self.config):
                databases[mapped.database].keys[key] = value

    def read(self, noun_id: int, row_id: int) -> tuple[int, bytes, Value, int | None] | None:
        """Read one key by its row; None when the row is gone."""
        for noun, kind, database in self.nouns():
            if noun.id == noun_id:
                table = quoted(noun.table)
                sql = f"select id, case when bson is null then json(data) end, bson from {table} where _id = ?"  # noqa: S608 - a quoted name
                found = self.session.read(sql, (row_id,))
                reading = Reading(self.session, database, self.config)
                row = reading(kind, found[0]) if found else None
                return None if row is None else (database, *row)
        for mapped in self.mapped:
            if mapped.noun.id == noun_id:
                thing = read_thing(self.session, mapped, row_id, self.config)
                return None if thing is None else (mapped.database, *thing, None)
        return None

    def keys(self, noun_id: int) -> tuple[int, set[bytes]] | None:
        """Database and all keys of a noun; None when it holds none of ours."""
        for noun, _, database in self.nouns():
            if noun.id == noun_id:
                found = self.session.read(f"select id from {quoted(noun.table)}")  # noqa: S608 - a quoted name
                return database, {read_key(row[0]) for row in found}
        for mapped in self.mapped:
            if mapped.noun.id == noun_id:
                things = load_things(self.session, mapped, self.config)
                return mapped.database, {key for key, _ in things}
        return None

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
        listed = [
            change
            if not isinstance(change[2], Hash) or self.mapped_to(change[0], change[1]) is None
            else (change[0], change[1], None, None)  # a thing, which was written through
            for change in changes
        ]
        calls = list(catalog)
        for database in {db for db, _, value, _ in listed if is_large(value)}:
            define_elements(self.session, database, OWNER)
        self.define({noun_of(type_name(v), db) for db, _, v, _ in listed if v is not None})
        self.session.mutate(lambda: self._write(listed, applied, calls))
        settled(listed)
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
        self._write_elements(changes)
        if catalog or self.session.fact(CATALOG) is not None:
            self.session.set_fact(CATALOG, msgspec.msgpack.encode(catalog).hex())
        self.session.set_fact(APPLIED, applied)

    def _write_elements(self, changes: list[Change]) -> None:
        for database in {change[0] for change in changes}:
            noun = find_elements(self.session, database)
            if noun is None:
                continue
            whole = []
            for number, key, value, _ in changes:
                if number == database and is_large(value):
                    write_elements(self.session, noun, key, value, (number, key))
                elif number == database:
                    whole.append(key)
            if self.session.read(f"select 1 from {quoted(noun.table)} limit 1"):  # noqa: S608 - a quoted name
                drop_elements(self.session, noun, whole)

    def _row(self, number: int, change: Change) -> tuple[Any, ...]:
        _, key, value, expires_ms = change
        assert value is not None
        if is_large(value):
            form = bytes((PARTS,))
            document = encode(document_of(None, expires_ms) | {ELEMENTS: len(value)})
        else:
            form = bytes((RAW,)) + value if isinstance(value, bytes) else self._saved(value)
            document = encode(document_of(value, expires_ms))
        payload = EXPIRY.pack(-1 if expires_ms is None else expires_ms) + form
        return number, key_to_storage(text(key)), document, payload

    def _saved(self, value: Value) -> bytes:
        compresses = bool(self.config.list_compress_depth) and isinstance(value, List)
        return save(value, self.config, compresses=compresses)

    def close(self) -> None:
        """Give the session back."""
        self.session.close()
