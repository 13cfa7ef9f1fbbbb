"""The keys in memory that are things: which ones a command has changed, written to their nouns before it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.errors import DotdoError
from dotdo.storage import Blocked
from dotdo_redis.durability.undoing import Undo
from dotdo_redis.engine import notifications
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.errors import ReplyError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo_redis.durability.rows import Rows
    from dotdo_redis.engine import Engine
    from dotdo_redis.engine.types import Value

Change = tuple[int, bytes]
_EVENTS: dict[bytes, tuple[int, bytes]] = {
    b"string": (notifications.STRING, b"set"),
    b"hash": (notifications.HASH, b"hset"),
    b"list": (notifications.LIST, b"rpush"),
    b"set": (notifications.SET, b"sadd"),
    b"zset": (notifications.ZSET, b"zadd"),
    b"stream": (notifications.STREAM, b"xadd"),
}


def event_of(value: Value | None) -> tuple[int, bytes]:
    """Class and name of the keyspace event by which a key that others wrote is told of; None: they deleted it."""
    if value is None:
        return notifications.GENERIC, b"del"
    kind = b"string" if isinstance(value, bytes | bytearray) else value.type_name
    return _EVENTS.get(kind, (notifications.MODULE, b"set"))


class DirtyKeys(dict[bytes, None]):
    """Keys that are newer than the rows, with those apart that are things.

    Args:
        prefixes: What the keys of things begin with.
    """

    def __init__(self, prefixes: tuple[bytes, ...]) -> None:
        super().__init__()
        self._prefixes = prefixes
        self.things: dict[bytes, None] = {}

    def __setitem__(self, key: bytes, value: None) -> None:
        super().__setitem__(key, value)
        if key.startswith(self._prefixes):
            self.things[key] = None

    def update(self, keys: Iterable[bytes] | dict[bytes, None]) -> None:  # type: ignore[override]  # as it is called
        """Add keys."""
        for key in keys:
            self[key] = None


class MappedKeys:
    """The keys of one engine that are things.

    Args:
        engine: whose databases hold them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rows: Rows | None = None
        self._undo = Undo(engine)
        self._prefixes: dict[int, tuple[bytes, ...]] = {}

    def dirty_keys(self, database: int) -> dict[bytes, None]:
        """An empty set of dirty keys of a database."""
        prefixes = self._prefixes.get(database)
        return {} if prefixes is None else DirtyKeys(prefixes)

    def learn(self, rows: Rows) -> None:
        """Take note of what is mapped; hashes under a prefix that is no longer are gone with their noun."""
        self._rows = rows
        prefixes: dict[int, tuple[bytes, ...]] = {}
        for mapped in rows.mapped:
            prefixes[mapped.database] = (*prefixes.get(mapped.database, ()), mapped.prefix)
        if prefixes == self._prefixes:
            return
        before, self._prefixes = self._prefixes, prefixes
        for database in {*before, *prefixes}:
            self._replace(database, before.get(database, ()))
        self._undo.prefixes = prefixes
        audience = self._engine.audience
        audience.call_after(self._keep if prefixes else None)
        if prefixes:
            audience.add_gate(self._undo.remember)
        else:
            audience.drop_gate(self._undo.remember)

    def _replace(self, database: int, before: tuple[bytes, ...]) -> None:
        db = self._engine.databases[database]
        known = self._prefixes.get(database, ())
        gone = tuple(prefix for prefix in before if prefix not in known)
        for key, value in list(db.keys.items()) if gone else ():
            if key.startswith(gone) and isinstance(value, Hash):
                db.remove(key)
        dirty = self.dirty_keys(database)
        dirty.update(db.dirty or {})
        if isinstance(dirty, DirtyKeys):
            dirty.things.clear()
        db.dirty = dirty

    def adopt(self, rows: Rows, database: int, prefix: bytes) -> None:
        """Make things of the hashes that are there.

        Raises:
            InvalidValue: one has a time to live, or its noun cannot hold it.
            ConstraintViolation: its noun refuses it.
        """
        db = self._engine.databases[database]
        keys = [k for k, v in db.keys.items() if k.startswith(prefix) and isinstance(v, Hash)]
        rows.write_through((database, key, db.keys[key]) for key in keys)
        for key in keys:
            assert db.dirty is not None
            db.dirty[key] = None  # the row that it had as a key goes

    def _take(self) -> list[Change]:
        found: list[Change] = []
        for number in self._prefixes:
            dirty = self._engine.databases[number].dirty
            if isinstance(dirty, DirtyKeys) and dirty.things:
                found += [(number, key) for key in dirty.things]
                dirty.things.clear()
        return found

    def _keep(self) -> None:
        """Write the things that a command has changed.

        Raises:
            ReplyError: their noun refuses it; they are as before, and so is what else the call names.
        """
        changes = self._take()
        if not changes:
            return
        rows, databases = self._rows, self._engine.databases
        assert rows is not None
        try:
            self._refuse_ends(changes)
            rows.write_through(
                (number, key, databases[number].keys.get(key)) for number, key in changes
            )
        except Blocked:
            self._take_back(rows, changes)
            raise TryAgain("a transaction is changing the thing that the key is") from None
        except DotdoError as error:
            self._take_back(rows, changes)
            raise ReplyError(" ".join(str(error).split())) from None

    def _refuse_ends(self, changes: list[Change]) -> None:
        for number, key in changes:
            db = self._engine.databases[number]
            value = db.keys.get(key)
            if isinstance(value, Hash) and (key in db.expires or value.expires):
                raise _Ends("a key that is a thing cannot expire")

    def _take_back(self, rows: Rows, changes: list[Change]) -> None:
        """Have the things as their rows are, and the other keys of the call as they were."""
        self._restore(rows, changes)
        self._undo.run()

    def _restore(self, rows: Rows, changes: list[Change]) -> None:
        for number, key in changes:
            db = self._engine.databases[number]
            kept = rows.reread(number, key)
            if kept is None:
                db.remove(key)
            else:
                db.replace(key, kept)

    def restore(self, rows: Rows | None) -> None:
        """Take things as their rows have them, after the append file was run again: the rows are never behind it."""
        changes = self._take()
        if rows is not None:
            self._restore(rows, changes)


class _Ends(DotdoError):
    """A thing would come to an end by itself."""
