"""Estimates of the memory that JSON values would take in Redis; it refuses to be exact."""

from dotdo_redis.engine.json_values.texts import Json

POINTER = 8


def size_of_json(value: Json) -> int:
    """Bytes of a value and of all below it."""
    if isinstance(value, bool) or value is None:
        return POINTER
    if isinstance(value, int | float):
        is_small = isinstance(value, int) and -(1 << 23) <= value < 1 << 23
        return POINTER if is_small else 24
    if isinstance(value, str):
        return POINTER if not value else POINTER + 8 + len(value.encode())
    if not value:
        return POINTER
    if isinstance(value, list):
        return POINTER + 16 + sum(map(size_of_json, value))
    names = sum(16 + len(name.encode()) for name in value)
    return POINTER + 32 + 8 * len(value) + names + sum(map(size_of_json, value.values()))
