"""Estimates of the memory that values take; it refuses to be exact, which Python does not offer."""

from collections.abc import Sized
from sys import getsizeof
from typing import TYPE_CHECKING

from dotdo_redis.engine.cold import ColdKeys, held, is_cold

if TYPE_CHECKING:
    from dotdo_redis.engine.core import Engine

PER_KEY_BYTES = 96
PER_ELEMENT_BYTES = 100
PER_EXPIRY_BYTES = 130
COLD_SAMPLE = 256


def size_of(key: bytes, value: object) -> int:
    """Bytes of a key and its value, where that is in memory."""
    size = PER_KEY_BYTES + getsizeof(key)
    if is_cold(value):
        return size
    size += getsizeof(value)
    if isinstance(value, (bytes, bytearray)) or not isinstance(value, Sized):
        return size
    return size + PER_ELEMENT_BYTES * len(value)


def size_of_keys(engine: "Engine", sample: int = 64) -> int:
    """Bytes of all keys, reckoned from the first ones of each database, or from some of all where values are outside."""
    total = 0
    for database in engine.databases:
        keys = database.keys
        count = len(keys)
        if not count:
            continue
        if isinstance(keys, ColdKeys):
            some = [(key, held(keys, key)) for key in keys.some(engine.random, COLD_SAMPLE)]
        else:
            some = [item for item, _ in zip(keys.items(), range(sample), strict=False)]
        total += sum(size_of(key, value) for key, value in some) * count // len(some)
        total += len(database.expires) * PER_EXPIRY_BYTES
    return total


def human(size: float) -> str:
    """Spell a size as INFO does: `1.50M`."""
    for unit in ("B", "K", "M", "G"):
        if size < 1024 or unit == "G":
            return f"{size:.0f}B" if unit == "B" else f"{size:.2f}{unit}"
        size /= 1024
    return ""
