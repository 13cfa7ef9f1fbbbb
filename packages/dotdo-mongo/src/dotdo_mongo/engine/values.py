"""BSON values: their types, names and the one order over all of them; it refuses what is no BSON value."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bson import (
    SON,
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.raw_bson import RawBSONDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Key = tuple[Any, ...]


class Missing:
    """The type of MISSING."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
"""What an absent field evaluates to; it is never stored."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001  pymongo's naive datetimes are UTC
_MILLISECOND = timedelta(milliseconds=1)
INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)

# ranks of the canonical types, in order
R_MINKEY, R_MISSING, R_NULL, R_NAN, R_NUMBER, R_STRING, R_OBJECT, R_ARRAY = (
    -1,
    0,
    5,
    9,
    10,
    15,
    20,
    25,
)
R_BINARY, R_OBJECTID, R_BOOL, R_DATE, R_TIMESTAMP, R_REGEX = 30, 35, 40, 45, 47, 50
R_DBREF, R_CODE, R_SCOPED, R_MAXKEY = 55, 60, 65, 127

TYPE_ORDER: dict[type, tuple[int, str, int]] = {  # type -> rank, alias, BSON number
    Missing: (R_MISSING, "missing", 0),
    type(None): (R_NULL, "null", 10),
    int: (R_NUMBER, "int", 16),
    Int64: (R_NUMBER, "long", 18),
    float: (R_NUMBER, "double", 1),
    Decimal128: (R_NUMBER, "decimal", 19),
    str: (R_STRING, "string", 2),
    dict: (R_OBJECT, "object", 3),
    RawBSONDocument: (R_OBJECT, "object", 3),
    SON: (R_OBJECT, "object", 3),
    DBRef: (R_OBJECT, "object", 3),
    list: (R_ARRAY, "array", 4),
    tuple: (R_ARRAY, "array", 4),
    bytes: (R_BINARY, "binData", 5),
    Binary: (R_BINARY, "binData", 5),
    UUID: (R_BINARY, "binData", 5),
    ObjectId: (R_OBJECTID, "objectId", 7),
    bool: (R_BOOL, "bool", 8),
    datetime: (R_DATE, "date", 9),
    DatetimeMS: (R_DATE, "date", 9),
    Timestamp: (R_TIMESTAMP, "timestamp", 17),
    Regex: (R_REGEX, "regex", 11),
    re.Pattern: (R_REGEX, "regex", 11),
    Code: (R_CODE, "javascript", 13),
    MinKey: (R_MINKEY, "minKey", -1),
    MaxKey: (R_MAXKEY, "maxKey", 127),
}

NUMBERS: frozenset[type] = frozenset({int, Int64, float, Decimal128})
INTEGERS: frozenset[type] = frozenset({int, Int64})
DATES: frozenset[type] = frozenset({datetime, DatetimeMS})
ARRAYS: frozenset[type] = frozenset({list, tuple})
OBJECTS: frozenset[type] = frozenset({dict, SON})
NULLISH: frozenset[type] = frozenset({type(None), Missing})


def _described(kind: type) -> tuple[int, str, int]:
    for base in kind.__mro__:
        if base in TYPE_ORDER:
            TYPE_ORDER[kind] = TYPE_ORDER[base]
            return TYPE_ORDER[base]
    raise TypeError(kind)


def rank(value: Any) -> int:
    """Return the place of the value's type in BSON order; NaN ranks as a number."""
    kind = type(value)
    found = TYPE_ORDER.get(kind) or _described(kind)
    if kind is Code and value.scope is not None:
        return R_SCOPED
    return found[0]


def type_name(value: Any) -> str:
    """Return the alias that $type gives: "double", "string", "object", ... "missing"."""
    kind = type(value)
    if kind is int and not INT32_MIN <= value <= INT32_MAX:
        return "long"
    if kind is Code and value.scope is not None:
        return "javascriptWithScope"
    return (TYPE_ORDER.get(kind) or _described(kind))[1]


def type_number(value: Any) -> int:
    """Return BSON's number of the value's type."""
    kind = type(value)
    if kind is int and not INT32_MIN <= value <= INT32_MAX:
        return 18
    if kind is Code and value.scope is not None:
        return 15
    return (TYPE_ORDER.get(kind) or _described(kind))[2]


def is_number(value: Any) -> bool:
    """Whether the value is an int, long, double or decimal."""
    return type(value) in NUMBERS


def millis(value: Any) -> int:
    """Return the milliseconds since 1970 of a date."""
    if type(value) is DatetimeMS:
        return int(value)
    start = _EPOCH_NAIVE if value.tzinfo is None else EPOCH
    return int((value - start) // _MILLISECOND)


def binary_parts(value: Any) -> tuple[int, bytes]:
    """Return subtype and bytes of binary data."""
    if isinstance(value, UUID):
        return 4, value.bytes
    return getattr(value, "subtype", 0), bytes(value)


def stored_parts(value: Any) -> tuple[int, bytes]:
    """Return subtype and bytes as BSON stores them: subtype 2 repeats its length."""
    subtype, content = binary_parts(value)
    return subtype, struct.pack("<i", len(content)) + content if subtype == 2 else content


def regex_parts(value: Any) -> tuple[str, str]:
    """Return pattern and options of a regular expression."""
    pattern = value.pattern
    flags = value.flags
    letters = (
        (re.IGNORECASE, "i"),
        (re.LOCALE, "l"),
        (re.MULTILINE, "m"),
        (re.DOTALL, "s"),
        (re.UNICODE, "u"),
        (re.VERBOSE, "x"),
    )
    text = pattern.decode() if isinstance(pattern, bytes) else pattern
    is_compiled = isinstance(value, re.Pattern)
    return text, "".join(
        letter for flag, letter in letters if flags & flag and not (is_compiled and letter == "u")
    )


_NAN: Key = (R_NAN,)
_NULL: Key = (R_NULL,)


def _float_key(value: float) -> Key:
    return (R_NUMBER, value) if value == value else _NAN


def _decimal_key(value: Decimal128) -> Key:
    number = value.to_decimal()
    return _NAN if number.is_nan() else (R_NUMBER, number)


def _document_key(value: Mapping[str, Any]) -> Key:
    parts = []
    for name, member in value.items():
        key = sort_key(member)
        parts.append((R_NUMBER if key[0] == R_NAN else key[0], name, key))
    return (R_OBJECT, tuple(parts))


def _array_key(value: list[Any]) -> Key:
    return (R_ARRAY, tuple([sort_key(member) for member in value]))


def _binary_key(value: Any) -> Key:
    subtype, content = binary_parts(value)
    return (R_BINARY, len(content), subtype, content)


def _timestamp_key(value: Timestamp) -> Key:
    return (R_TIMESTAMP, value.time, value.inc)


def _regex_key(value: Any) -> Key:
    return (R_REGEX, *regex_parts(value))


def _code_key(value: Code) -> Key:
    if value.scope is not None:
        return (R_SCOPED, str(value), _document_key(value.scope))
    return (R_CODE, str(value))


_KEYS: dict[type, Callable[[Any], Key]] = {
    Missing: lambda _: (R_MISSING,),
    type(None): lambda _: _NULL,
    int: lambda value: (R_NUMBER, value),
    Int64: lambda value: (R_NUMBER, value),
    float: _float_key,
    Decimal128: _decimal_key,
    str: lambda value: (R_STRING, value),
    dict: _document_key,
    SON: _document_key,
    DBRef: lambda value: _document_key(value.as_doc()),
    list: _array_key,
    tuple: _array_key,
    bytes: _binary_key,
    Binary: _binary_key,
    UUID: _binary_key,
    ObjectId: lambda value: (R_OBJECTID, value.binary),
    bool: lambda value: (R_BOOL, value),
    datetime: lambda value: (R_DATE, millis(value)),
    DatetimeMS: lambda value: (R_DATE, int(value)),
    Timestamp: _timestamp_key,
    Regex: _regex_key,
    re.Pattern: _regex_key,
    Code: _code_key,
    MinKey: lambda _: (R_MINKEY,),
    MaxKey: lambda _: (R_MAXKEY,),
}


def _key_of(kind: type) -> Callable[[Any], Key]:
    for base in kind.__mro__:
        if base in _KEYS:
            _KEYS[kind] = _KEYS[base]
            return _KEYS[base]
    raise TypeError(kind)


def sort_key(value: Any) -> Key:
    """Return what compares and hashes as the value does in BSON order: int 1, long 1, 1.0 and decimal 1 are alike."""
    kind = type(value)
    return (_KEYS.get(kind) or _key_of(kind))(value)


def collated_key(fold: Callable[[str], Any] | None) -> Callable[[Any], Key]:
    """Return `sort_key` for a collation, whose strings compare by `fold`; None is the plain one."""
    if fold is None:
        return sort_key

    def of_document(value: Mapping[str, Any]) -> Key:
        parts = []
        for name, member in value.items():
            found = key(member)
            parts.append((R_NUMBER if found[0] == R_NAN else found[0], name, found))
        return (R_OBJECT, tuple(parts))

    own: dict[type, Callable[[Any], Key]] = {
        str: lambda value: (R_STRING, fold(value)),
        dict: of_document,
        SON: of_document,
        list: lambda value: (R_ARRAY, tuple([key(member) for member in value])),
    }

    def key(value: Any) -> Key:
        found = own.get(type(value))
        return found(value) if found else sort_key(value)

    return key


def compare(left: Any, right: Any, key: Callable[[Any], Key] = sort_key) -> int:
    """Return -1, 0 or 1 by BSON order."""
    a, b = key(left), key(right)
    return (a > b) - (a < b)


def equals(left: Any, right: Any) -> bool:
    """Whether both are the same in BSON order, numbers of all types alike."""
    return sort_key(left) == sort_key(right)


def is_identical(left: Any, right: Any) -> bool:
    """Whether both are the same bytes of BSON: types and the order of members count."""
    kind = type(left)
    if kind is not type(right):
        return type_number(left) == type_number(right) and equals(left, right)
    if kind is dict:
        return len(left) == len(right) and all(
            a == b and is_identical(x, y)
            for (a, x), (b, y) in zip(left.items(), right.items(), strict=True)
        )
    if kind is list:
        return len(left) == len(right) and all(map(is_identical, left, right))
    if kind is float:
        return repr(left) == repr(right)
    if kind is Decimal128:
        return bool(left.bid == right.bid)
    if kind in {bytes, Binary}:
        return binary_parts(left) == binary_parts(right)
    return bool(left == right) and type_number(left) == type_number(right)
