"""The bytes of the keys in memory, kept up as they change while values may be spilled; it refuses to look at all of them each time."""

from typing import TYPE_CHECKING

from dotdo_redis.engine.cold import held, is_cold
from dotdo_redis.engine.sizes import PER_EXPIRY_BYTES, size_of, size_of_name

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.database import Database


class Ledger:
    """What each key of an engine takes."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._sizes: list[dict[bytes, int]] = []
        self._bytes = 0
        self.is_open = False

    def open(self) -> None:
        """Look at all keys, and at those that change from now on."""
        if self.is_open:
            return
        self._sizes = [{} for _ in self._engine.databases]
        self._bytes = 0
        for database in self._engine.databases:
            database.fresh = dict.fromkeys(database.keys)
        if self._start_over not in self._engine.flush_observers:
            self._engine.flush_observers.append(self._start_over)
        self.is_open = True

    def close(self) -> None:
        """Look no more."""
        self.is_open = False
        self._sizes.clear()
        for database in self._engine.databases:
            database.fresh = None

    def _start_over(self, _client: "ClientState | None", _index: int) -> None:
        """All keys of a database change at once."""
        self.close()

    def size_bytes(self) -> int:
        """What all keys take now, their deadlines included."""
        self.open()
        expiring = 0
        for database in self._engine.databases:
            if database.fresh:
                self._look(database)
            expiring += len(database.expires)
        return self._bytes + expiring * PER_EXPIRY_BYTES

    def _look(self, database: "Database") -> None:
        sizes, keys = self._sizes[database.index], database.keys
        fresh, database.fresh = database.fresh or {}, {}
        for key in fresh:
            value = held(keys, key)
            self._bytes -= sizes.pop(key, 0)
            if value is not None:
                size = sizes[key] = size_of_name(key) if is_cold(value) else size_of(key, value)
                self._bytes += size
