"""A key as its row spells it: its name, its value, and when it ends; it refuses SQL."""

from struct import Struct
from typing import Any

from dotdo.sql import key_to_python
from dotdo.values import decode
from dotdo_redis.durability.documents import value_of, word
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb import Reader, load
from dotdo_redis.engine.types import Value

RAW = 0xFF
"""A string as it is, which RDB has no such byte for."""
EXPIRY = Struct("<q")
"""Milliseconds since 1970, negative for never; it stands before the value."""
Row = tuple[Any, ...]  # what SQLite has


def read_key(identity: Any) -> bytes:
    """The key that an id names."""
    return word(key_to_python(identity))


def read_row(kind: bytes, row: Row, config: Config) -> tuple[bytes, Value, int | None]:
    """Read a key of a type.

    Args:
        kind: the type.
        row: the id, the document as JSON where there is no payload, the payload.
        config: for the value.
    """
    identity, data, payload = row
    key = read_key(identity)
    if payload is None:
        value, expires_ms = value_of(kind, decode(data), config)
        return key, value, expires_ms
    (expires_ms,) = EXPIRY.unpack_from(payload)
    deadline = expires_ms if expires_ms >= 0 else None
    if payload[EXPIRY.size] == RAW:
        return key, payload[EXPIRY.size + 1 :], deadline
    reader = Reader(payload)
    reader.take(EXPIRY.size)
    return key, load(reader, config), deadline
