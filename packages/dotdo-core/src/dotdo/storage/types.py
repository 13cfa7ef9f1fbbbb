"""Canonical column types and the SQLite storage of each."""

import re

_STORAGE = {
    "boolean": "INTEGER",
    "smallint": "INTEGER",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "real": "REAL",
    "double": "REAL",
    "numeric": "BLOB",
    "text": "TEXT",
    "bytes": "BLOB",
    "uuid": "BLOB",
    "date": "INTEGER",
    "time": "INTEGER",
    "timestamp": "INTEGER",
    "timestamptz": "INTEGER",
    "interval": "BLOB",
    "json": "TEXT",
    "jsonb": "BLOB",
    "any": "ANY",
}
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
SCALED_PRECISION = 18  # digits that fit 64 bits

INTEGERS = frozenset({"smallint", "integer", "bigint"})


def storage_of(type_name: str) -> str:
    """Return the strict storage type of a canonical type.

    Raises:
        KeyError: No such type.
    """
    return "INTEGER" if scale_of(type_name) is not None else _STORAGE[type_name.partition("(")[0]]


def scale_of(type_name: str) -> int | None:
    """Return the scale of a numeric kept as a scaled integer, None for every other type."""
    found = _NUMERIC.fullmatch(type_name)
    if found is None or int(found[1]) > SCALED_PRECISION or int(found[2]) < 0:
        return None
    return int(found[2])


def is_known(type_name: str) -> bool:
    """The name is a canonical type."""
    return scale_of(type_name) is not None or type_name.partition("(")[0] in _STORAGE
