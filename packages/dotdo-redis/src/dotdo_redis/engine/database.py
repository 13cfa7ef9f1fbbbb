"""One numbered database: keys, their values and when they expire; it refuses who may see what."""

from typing import TYPE_CHECKING, TypeVar

from dotdo_redis.engine import notifications
from dotdo_redis.engine.cold import ColdKeys
from dotdo_redis.engine.expiry import Deadlines
from dotdo_redis.engine.types import Value, string_encoding
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.order import Order
from dotdo_redis.errors import WrongType

if TYPE_CHECKING:
    from dotdo_redis.engine.core import Engine

V = TypeVar("V")


class Database:
    """The keys of one database.

    A value is `bytes` (a string; `bytearray` once it was edited in place, which Redis calls raw), or an object of
    `dotdo_redis.engine.types`. An empty collection is never kept.
    """

    __slots__ = (
        "accessed",
        "deadlines",
        "dirty",
        "engine",
        "expires",
        "field_deadlines",
        "frequency",
        "fresh",
        "index",
        "keys",
        "order",
        "texts",
    )

    def __init__(self, engine: "Engine", index: int) -> None:
        self.engine = engine
        self.index = index
        self.keys: dict[bytes, Value] = {}
        self.expires: dict[bytes, int] = {}
        """Key -> milliseconds since 1970 after which it is gone."""
        self.deadlines = Deadlines()
        self.field_deadlines = Deadlines()
        """When a field of which hash may expire first; the hash decides."""
        self.accessed: dict[bytes, int] = {}
        """Key -> seconds since 1970 of its last use."""
        self.frequency: dict[bytes, tuple[int, int]] = {}
        """Key -> the minute of its last use, and the counter of `Uses`."""
        self.order: Order | None = None
        self.texts: set[bytes] = set()
        """Keys of strings that look like integers and that Redis keeps as text all the same."""
        self.dirty: dict[bytes, None] | None = None
        """Takes note of changed keys for whoever keeps them beyond memory."""
        self.fresh: dict[bytes, None] | None = None
        """Takes note of keys that are, or have become, something else in memory, for the ledger."""

    def find(self, key: bytes) -> Value | None:
        """The value of a key that is there, or None; an expired key is deleted."""
        if self.expires and key in self.expires and self.engine.now_ms > self.expires[key]:
            self.expire(key)
            self.engine.missed(self.index, key)
            return None
        value = self.keys.get(key)
        if value is None:
            self.engine.missed(self.index, key)
            return None
        self.accessed[key] = self.engine.now_s
        return value

    def get(self, key: bytes, kind: type[V]) -> V | None:
        """The collection at a key, or None.

        Raises:
            WrongType: the key holds another type.
        """
        if self.expires and key in self.expires and self.engine.now_ms > self.expires[key]:
            self.expire(key)
            self.engine.missed(self.index, key)
            return None
        value = self.keys.get(key)
        if value is None:
            self.engine.missed(self.index, key)
            return None
        self.accessed[key] = self.engine.now_s
        if value.__class__ is Hash and value.expires and self.purge_fields(key, value):
            value = self.keys.get(key)
        if value is None or value.__class__ is kind:
            return value
        raise WrongType

    def string(self, key: bytes) -> bytes | bytearray | None:
        """The string at a key, or None.

        Raises:
            WrongType: the key holds another type.
        """
        if self.expires and key in self.expires and self.engine.now_ms > self.expires[key]:
            self.expire(key)
            self.engine.missed(self.index, key)
            return None
        value = self.keys.get(key)
        if value is None:
            self.engine.missed(self.index, key)
            return None
        self.accessed[key] = self.engine.now_s
        if value.__class__ is bytes or value.__class__ is bytearray:
            return value
        raise WrongType

    def put(self, key: bytes, value: Value) -> None:
        """Set the value of a key; its expiry stays."""
        if key not in self.keys:
            if self.order is not None:
                self.order.add(key)
            if self.engine.config.notify & notifications.NEW:
                self.engine.notify(notifications.NEW, b"new", key, self.index)
        elif self.texts:
            self.texts.discard(key)
        self.keys[key] = value
        self.accessed[key] = self.engine.now_s

    def replace(self, key: bytes, value: Value) -> None:
        """Set the value of a key as SET does: it never expires."""
        if self.keys.__class__ is not dict:
            self.keys.get(key)  # a key that lies elsewhere may bring an end with it
        if self.expires and key in self.expires:
            if self.engine.now_ms > self.expires[key]:
                self.expire(key)
            self.expires.pop(key, None)
        if key in self.keys:
            if self.texts:
                self.texts.discard(key)
            self.keys[key] = value
            self.accessed[key] = self.engine.now_s
        else:
            self.put(key, value)

    def note_ends(self, key: bytes, value: Value, expires_ms: int | None) -> None:
        """Take note of when a key ends that was kept elsewhere and that nobody has used yet, and of when its fields do."""
        if expires_ms is not None:
            self.expire_at(key, expires_ms)
        self.adopt(key, value)

    def remove(self, key: bytes) -> Value | None:
        """Take a key away with its expiry; return what it held."""
        held = self.keys.pop(key, None)
        if self.expires:
            self.expires.pop(key, None)
        if self.frequency:
            self.frequency.pop(key, None)
        if self.texts:
            self.texts.discard(key)
        self.accessed.pop(key, None)
        return held

    def peek(self, key: bytes) -> Value | None:
        """The value of a key that is there, which does not count as a use of it."""
        last = self.accessed.get(key)
        value = self.find(key)
        if value is not None:
            if last is None:
                del self.accessed[key]
            else:
                self.accessed[key] = last
        return value

    def encoding(self, key: bytes, value: Value) -> bytes:
        """As OBJECT ENCODING says it of what a key holds."""
        if not isinstance(value, bytes | bytearray):
            return value.encoding()
        return b"embstr" if key in self.texts else string_encoding(value)

    def expire_at(self, key: bytes, when_ms: int) -> None:
        """Let a key expire after `when_ms` (milliseconds since 1970)."""
        self.expires[key] = when_ms
        self.deadlines.add(when_ms, key)

    def persist(self, key: bytes) -> bool:
        """Let a key live for ever; whether it had a time to live."""
        return self.expires.pop(key, None) is not None

    def expire(self, key: bytes) -> None:
        """Delete a key whose time is over, and tell everyone; while writes are paused it only looks gone."""
        if self.engine.now_ms < self.engine.instance.pause.until_ms:
            return
        self.remove(key)
        self.engine.expired(self.index, key)

    def purge_fields(self, key: bytes, value: Hash) -> int:
        """Delete the fields of a hash whose time is over, and the hash when none is left; return how many."""
        gone = value.purge(self.engine.now_ms)
        if gone:
            if not len(value):
                self.remove(key)
            self.engine.expired_fields(self.index, key, gone, is_empty=not len(value))
        return len(gone)

    def purge(self, limit: int) -> int:
        """Delete up to `limit` keys whose time is over; return how many."""
        gone = 0
        for key in self.deadlines.due(self.expires, self.engine.now_ms, limit):
            self.expire(key)
            gone += 1
        return gone + self._purge_hashes(limit)

    def _purge_hashes(self, limit: int) -> int:
        gone = 0
        for key in self.field_deadlines.passed(self.engine.now_ms, limit):
            value = self.keys.get(key)
            if value.__class__ is Hash and value.expires:
                gone += self.purge_fields(key, value)
                self.adopt(key, value)
        return gone

    def clear(self) -> int:
        """Drop all keys; return how many there were."""
        count = len(self.keys)
        self.keys = {}
        self.expires = {}
        self.deadlines = Deadlines()
        self.field_deadlines = Deadlines()
        self.accessed = {}
        self.frequency = {}
        self.texts = set()
        self.order = None
        return count

    def swap(self, other: "Database") -> None:
        """Exchange the contents with another database."""
        self.know_all()
        other.know_all()
        for slot in (
            "accessed",
            "deadlines",
            "expires",
            "field_deadlines",
            "frequency",
            "keys",
            "order",
            "texts",
        ):
            mine, theirs = getattr(self, slot), getattr(other, slot)
            setattr(self, slot, theirs)
            setattr(other, slot, mine)
        for database in (self, other):
            if isinstance(database.keys, ColdKeys):
                database.keys.belong_to(database)

    def adopt(self, key: bytes, value: Value) -> None:
        """Remember when fields of a value that came from elsewhere expire."""
        if value.__class__ is Hash and value.deadlines is not None:
            when_ms = value.deadlines.next_ms()
            if when_ms is not None:
                self.field_deadlines.add(when_ms, key)

    def ordered(self) -> Order:
        """The keys by the order of SCAN."""
        if self.order is None:
            self.know_all()
            self.order = Order(self.keys)
        return self.order

    def know_all(self) -> None:
        """Learn of the keys that lie elsewhere and that nobody has asked for."""
        if isinstance(self.keys, ColdKeys):
            self.keys.complete()

    def know_more(self) -> None:
        """Learn of some of them, so that they expire in time."""
        if isinstance(self.keys, ColdKeys):
            self.keys.advance()

    def live(self, key: bytes) -> bool:
        """Whether a key is there and its time is not over, without touching it."""
        return key in self.keys and self.engine.now_ms <= self.expires.get(key, self.engine.now_ms)
