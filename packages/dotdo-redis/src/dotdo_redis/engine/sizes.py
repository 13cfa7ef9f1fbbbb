"""Estimates of the memory that values take; it refuses to be exact, which Python does not offer."""

from collections.abc import Sized
from sys import getsizeof
from typing import TYPE_CHECKING

from dotdo_redis.engine.cold import is_cold

if TYPE_CHECKING:
    from dotdo_redis.engine.core import Engine

PER_KEY_BYTES = 96
PER_ELEMENT_BYTES = 100
PER_EXPIRY_BYTES = 130


def size_of_name(key: bytes) -> int:
    """Bytes of a key whose value is not in memory."""
    return PER_KEY_BYTES + getsizeof(key)


def size_of(key: bytes, value: object) -> int:
    """Bytes of a key and its value."""
    size = PER_KEY_BYTES + getsizeof(key) + getsizeof(value)
    if isinstance(value, (bytes, bytearray)) or not isinstance(value, Sized):
        return size
    return size + PER_ELEMENT_BYTES * len(value)


def size_of_keys(engine: "Engine", sample: int = 64) -> int:
    """Bytes of all keys: from the ledger while there is one, else reckoned from the first ones of each database."""
    ledger = engine.instance.memory.ledger
    if ledger.is_open:
        return ledger.size_bytes()
    total = 0
    for database in engine.databases:
        count = len(database.keys)
        if not count:
            continue
        first = [item for item, _ in zip(dict.items(database.keys), range(sample), strict=False)]
        sizes = [size_of_name(k) if is_cold(value) else size_of(k, value) for k, value in first]
        total += sum(sizes) * count // len(first)
        total += len(database.expires) * PER_EXPIRY_BYTES
    return total


def human(size: float) -> str:
    """Spell a size as INFO does: `1.50M`."""
    for unit in ("B", "K", "M", "G"):
        if size < 1024 or unit == "G":
            return f"{size:.0f}B" if unit == "B" else f"{size:.2f}{unit}"
        size /= 1024
    return ""
