"""Canonical column types and the SQLite storage of each."""

import re

from dotdo.storage.collations import CASELESS

_STORAGE = {
    "boolean": "INTEGER",
    "smallint": "INTEGER",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "real": "REAL",
    "double": "REAL",
    "numeric": "BLOB",
    "text": "TEXT",
    "citext": "TEXT",
    "varchar": "TEXT",
    "char": "TEXT",
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
_NUMERIC = re.compile(r"numeric\((\d{1,4}),(-?\d{1,4})\)")
_LIMITED = re.compile(r"(varchar|char)\((\d{1,8})\)")
_MAX_DIGITS = 1_000
_MAX_CHARACTERS = 10_485_760
SCALED_PRECISION = 18  # digits that fit 64 bits

JSON_TYPES = frozenset({"json", "jsonb"})
INTEGERS = frozenset({"smallint", "integer", "bigint"})


def storage_of(type_name: str) -> str:
    """Return the strict storage type of a canonical type.

    Raises:
        KeyError: No such type.
    """
    return "INTEGER" if scale_of(type_name) is not None else _STORAGE[type_name.partition("(")[0]]


def declared_of(type_name: str) -> str:
    """Return the type that a column is declared with: floating point numbers have the text `NaN` beside them, some text has no case.

    Raises:
        KeyError: No such type.
    """
    found = storage_of(type_name)
    if type_name == "citext":
        return f"{found} collate {CASELESS}"
    return "ANY" if found == "REAL" else found


def scale_of(type_name: str) -> int | None:
    """Return the scale of a numeric kept as a scaled integer, None for every other type."""
    found = digits_of(type_name)
    if found is None or found[0] > SCALED_PRECISION or not 0 <= found[1] <= found[0]:
        return None
    return found[1]


def digits_of(type_name: str) -> tuple[int, int] | None:
    """Return precision and scale of `numeric(p,s)`, None for every other type."""
    found = _NUMERIC.fullmatch(type_name)
    return None if found is None else (int(found[1]), int(found[2]))


def length_of(type_name: str) -> tuple[str, int] | None:
    """Return kind and length of `varchar(n)` or `char(n)`, None for every other type."""
    found = _LIMITED.fullmatch(type_name)
    return None if found is None else (found[1], int(found[2]))


def is_known(type_name: object) -> bool:
    """The name is a canonical type."""
    if not isinstance(type_name, str):
        return False
    if (digits := digits_of(type_name)) is not None:
        return 1 <= digits[0] <= _MAX_DIGITS and abs(digits[1]) <= _MAX_DIGITS
    if (limit := length_of(type_name)) is not None:
        return 1 <= limit[1] <= _MAX_CHARACTERS
    return type_name in _STORAGE and type_name not in {"varchar", "char"}
