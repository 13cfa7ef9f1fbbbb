"""A key as its row spells it: its name, its value, and when it ends; it refuses SQL."""

from struct import Struct
from typing import Any, TypeGuard

from dotdo.sql import key_to_python
from dotdo.storage import Session
from dotdo.values import decode
from dotdo_redis.durability.documents import value_of, word
from dotdo_redis.durability.elements import ELEMENTS, PARTS, read_elements
from dotdo_redis.engine.cold import Found
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb import Reader, load

RAW = 0xFF
"""A string as it is, which RDB has no such byte for."""
EXPIRY = Struct("<q")
"""Milliseconds since 1970, negative for never; it stands before the value."""
Row = tuple[Any, ...]  # what SQLite has


def read_key(identity: Any) -> bytes:
    """The key that an id names."""
    return word(key_to_python(identity))


class Reading:
    """Reads the keys of one database.

    Args:
        session: for the elements of large values.
        database: its number.
        config: for the values.
    """

    def __init__(self, session: Session, database: int, config: Config) -> None:
        self._session, self._database, self._config = session, database, config

    def __call__(self, kind: bytes, row: Row) -> Found | None:
        """Read a key of a type; None when nothing is left of a large value.

        Args:
            kind: the type.
            row: the id, the document as JSON where there is no payload, the payload.
        """
        identity, data, payload = row
        key = read_key(identity)
        if payload is None:
            document = decode(data)
            if not is_apart(document):
                return (key, *value_of(kind, document, self._config))
            ends = document.get("expires_at")
            return self._large(kind, key, None if ends is None else int(ends))
        (expires_ms,) = EXPIRY.unpack_from(payload)
        deadline = expires_ms if expires_ms >= 0 else None
        form = payload[EXPIRY.size]
        if form == RAW:
            return key, payload[EXPIRY.size + 1 :], deadline
        if form == PARTS:
            return self._large(kind, key, deadline)
        reader = Reader(payload)
        reader.take(EXPIRY.size)
        return key, load(reader, self._config), deadline

    def _large(self, kind: bytes, key: bytes, expires_ms: int | None) -> Found | None:
        value = read_elements(self._session, self._database, kind, key, self._config)
        return None if value is None else (key, value, expires_ms)


def is_apart(document: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a document says that the elements of its value are rows."""
    return isinstance(document, dict) and document.get("value") is None and ELEMENTS in document
