"""Hashes with their encodings and the times to live of their fields; it refuses commands."""

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.expiry import Deadlines
from dotdo_redis.engine.types.order import Order

if TYPE_CHECKING:
    from dotdo_redis.engine.types.kept import Kept

LISTPACK, LISTPACK_TTL, HASHTABLE = b"listpack", b"listpackex", b"hashtable"
FEW = 128


class Hash:
    """Fields and values of a hash; the encoding only ever grows, as in Redis."""

    __slots__ = ("config", "deadlines", "expires", "fields", "form", "kept", "order")

    type_name = b"hash"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.fields: dict[bytes, bytes] = {}
        self.form = LISTPACK
        self.order: Order | None = None
        self.expires: dict[bytes, int] = {}
        """Field -> milliseconds since 1970 from which on it is gone."""
        self.deadlines: Deadlines | None = None
        self.kept: Kept | None = None

    def __len__(self) -> int:
        return len(self.fields)

    def set(self, field: bytes, value: bytes) -> bool:
        """Set a field, which then lives for ever; whether it is new."""
        fields = self.fields
        is_new = field not in fields
        fields[field] = value
        if self.kept is not None:
            self.kept.touched[field] = None
        if self.form is not HASHTABLE:
            config = self.config
            longest = config.hash_max_listpack_value
            if (
                len(value) > longest
                or len(field) > longest
                or len(fields) > config.hash_max_listpack_entries
            ):
                self.form = HASHTABLE
        if is_new:
            if self.order is not None:
                self.order.add(field)
        elif self.expires:
            self.expires.pop(field, None)
        return is_new

    def edit(self, field: bytes, value: bytes) -> None:
        """Set a field; its time to live stays."""
        when = self.expires.get(field)
        self.set(field, value)
        if when is not None:
            self.expires[field] = when

    def discard(self, field: bytes) -> bool:
        """Remove a field; whether it was there."""
        if self.fields.pop(field, None) is None:
            return False
        if self.kept is not None:
            self.kept.touched[field] = None
        if self.expires:
            self.expires.pop(field, None)
        return True

    def make_room_for_times(self) -> None:
        """Take the encoding that has room for times to live."""
        if self.form is LISTPACK:
            self.form = LISTPACK_TTL

    def expire_at(self, field: bytes, when_ms: int) -> None:
        """Let a field be gone from `when_ms` (milliseconds since 1970) on."""
        if self.deadlines is None:
            self.deadlines = Deadlines()
        self.make_room_for_times()
        self.expires[field] = when_ms
        self.deadlines.add(when_ms, field)

    def purge(self, now_ms: int) -> list[bytes]:
        """Remove the fields whose time is over; return them."""
        if self.deadlines is None:
            return []
        gone = list(self.deadlines.due(self.expires, now_ms + 1, len(self.expires)))
        for field in gone:
            self.discard(field)
        return gone

    def choose(self, random: Random) -> bytes:
        """Draw one field."""
        if len(self.fields) <= FEW:
            return random.choice(list(self.fields))
        return self.ordered().choose(random)

    def ordered(self) -> Order:
        """The fields by the order of SCAN."""
        if self.order is None:
            self.order = Order(self.fields)
        return self.order

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Fields and values as they came."""
        return iter(self.fields.items())

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return self.form

    def copy(self) -> "Hash":
        """Give a hash that shares nothing that can change."""
        twin = Hash(self.config)
        twin.fields = self.fields.copy()
        twin.form = self.form
        for field, when_ms in self.expires.items():
            twin.expire_at(field, when_ms)
        return twin
