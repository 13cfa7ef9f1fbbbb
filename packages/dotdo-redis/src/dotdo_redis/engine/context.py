"""What a command's function sees of the engine and of its caller; it refuses the caller's connection."""

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING

from dotdo_redis.engine import notifications

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.database import Database
    from dotdo_redis.engine.declaration import Command

Effect = tuple[int, Sequence[bytes]]
"""Database and words of a command that has the same effect whenever it is run on the same state."""


class Context:
    """One call of a command; a client has one context, which its calls use in turn."""

    __slots__ = ("client", "command", "db", "engine", "is_nested", "logged", "modified", "words")

    command: "Command"

    def __init__(self, engine: "Engine", client: "ClientState") -> None:
        self.engine = engine
        self.client = client
        self.db: Database = engine.databases[client.db]
        self.words: list[bytes] = []
        """The call as it was made, the name included."""
        self.modified = 0
        """Changes by this call, as INFO's `rdb_changes_since_last_save` counts them."""
        self.logged: list[Effect] | None = None
        self.is_nested = False
        """Inside EXEC or a script: commands do not wait."""

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970, the same during one command, transaction or script."""
        return self.engine.now_ms

    @property
    def resp(self) -> int:
        """The client's protocol, 2 or 3: some replies differ by more than their encoding."""
        return self.client.resp

    def changed(self, key: bytes, event: bytes, kind: int, count: int = 1) -> None:
        """Say that a key was written, in this call's database.

        Args:
            key: whose value, expiry or existence changed.
            event: the keyspace event's name, as `b"hset"`.
            kind: its class in `dotdo_redis.engine.notifications`.
            count: how many changes this is to INFO.
        """
        self.modified += count
        engine, db = self.engine, self.db
        if db.dirty is not None:
            db.dirty[key] = None
        if db.fresh is not None:
            db.fresh[key] = None
        if engine.watchers or engine.observers or engine.waiters.by_key:
            engine.modified(self.client, db.index, key)
        if engine.config.notify & kind:
            engine.notify(kind, event, key, db.index)

    def touched(self, key: bytes) -> None:
        """Say that a key was written in a way that breaks no WATCH and wakes nobody."""
        self.modified += 1
        if self.db.dirty is not None:
            self.db.dirty[key] = None
        for observer in self.engine.observers:
            observer(self.client, self.db.index, key)

    def recorded(self, key: bytes, event: bytes, kind: int) -> None:
        """Say that something beside a key's value was written, as of a stream its groups: that breaks no WATCH."""
        self.modified += 1
        if self.db.dirty is not None:
            self.db.dirty[key] = None
        self.notify(key, event, kind)

    def changed_in(self, db: "Database", key: bytes, event: bytes, kind: int) -> None:
        """Say that a key of any database was written, as part of a change already counted."""
        self.engine.modified(self.client, db.index, key)
        self.engine.notify(kind, event, key, db.index)

    def notify(self, key: bytes, event: bytes, kind: int) -> None:
        """Send a further keyspace event of a change already told."""
        if self.engine.notifies & kind:
            self.engine.notify(kind, event, key, self.db.index)

    def delete(self, key: bytes) -> bool:
        """Delete a key with its `del` event, as a change of its own; whether it was there."""
        if not self.db.live(key):
            if key in self.db.keys:
                self.db.expire(key)
            return False
        return self.drop(key)

    def drop(self, key: bytes) -> bool:
        """Delete a key in place of which nothing is stored, its time over or not; whether it was there."""
        if self.db.remove(key) is None:
            return False
        self.changed(key, b"del", notifications.GENERIC)
        return True

    def discard_empty(self, key: bytes, value: Sized) -> bool:
        """Delete a key whose collection has become empty, with its `del` event; whether it was."""
        if len(value):
            return False
        self.db.remove(key)
        if self.engine.notifies & notifications.GENERIC:
            self.engine.notify(notifications.GENERIC, b"del", key, self.db.index)
        return True

    def log(self, *words: bytes) -> None:
        """Log this command in place of the call; without words the call is not logged at all."""
        if self.logged is None:
            self.logged = []
        if words:
            self.logged.append((self.db.index, words))

    def select(self, index: int) -> None:
        """Make a database the client's."""
        self.client.db = index
        self.db = self.engine.databases[index]
