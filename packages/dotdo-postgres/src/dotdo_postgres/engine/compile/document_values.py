"""Values inside documents to those of SQL and back, where SQLite cannot: Python routines that compiled text calls."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from dotdo.errors import InvalidValue
from dotdo.sql import codec_of, key_to_python, key_to_storage
from dotdo.values import decode, encode
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import jsons
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DIGITS = 34
"""Of a decimal number that every door reads."""
_OBJECT_ID_DIGITS = 24
_HEX = frozenset("0123456789abcdef")


def _routine(
    name: str, body: Callable[..., Any], argument: int, result: int, *, is_strict: bool = True
) -> Routine:
    full = f"pg__doc_{name}"
    return Routine(
        "function", name, (argument,), result, body=body, is_strict=is_strict, sql_name=full
    )


# --- reading: the JSON text of a field -> a value ------------------------------------------------


def _numeric(text: str) -> Any:
    value = decode(text)
    return None if value is None else Decimal(str(value))


def _reader(type_name: str) -> Callable[[str], Any]:
    to_storage = codec_of(type_name).to_storage
    assert to_storage is not None  # only such types are read by it

    def read(text: str) -> Any:
        value = decode(text)
        return None if value is None else to_storage(value)

    return read


def _interval(text: str) -> Any:
    value = orjson.loads(text)
    if value is None:
        return None
    span = value["$s"]
    us = int(span["$i"]) if isinstance(span, dict) else span
    days = abs(us) // DAY_US * (1 if us >= 0 else -1)
    return Interval(0, days, us - days * DAY_US)


def _jsonb(text: str) -> str | None:
    return None if text == "null" else jsons.jsonb_from_text(text)


def _key_json(stored: object) -> str:
    return jsons.jsonb_from_text(encode(key_to_python(stored)))


def _scalar_text(text: str) -> str | None:
    value = orjson.loads(text)
    if isinstance(value, dict):
        ((_, value),) = value.items()
    if value is None or isinstance(value, str):
        return value
    return text if isinstance(value, (bool, float)) else str(value)


def _raw(text: str) -> bytes | None:
    value = decode(text)
    return value if value is None or isinstance(value, bytes) else str(value).encode()


def _of_raw(value: bytes) -> str:
    return encode(_text_or_bytes(value))


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


RAW = _routine("raw", _raw, t.TEXT, t.BYTEA)
OF_RAW = _routine("of_raw", _of_raw, t.BYTEA, t.TEXT)
SCALAR_TEXT = _routine("scalar_text", _scalar_text, t.TEXT, t.TEXT)
NUMERIC = _routine("numeric", _numeric, t.TEXT, t.NUMERIC)
TIMESTAMP = _routine("timestamp", _reader("timestamp"), t.TEXT, t.TIMESTAMP)
DATE = _routine("date", _reader("date"), t.TEXT, t.DATE)
TIME = _routine("time", _reader("time"), t.TEXT, t.TIME)
INTERVAL = _routine("interval", _interval, t.TEXT, t.INTERVAL)
JSONB = _routine("jsonb", _jsonb, t.TEXT, t.JSONB)
KEY_JSON = _routine("key_json", _key_json, t.TEXT, t.JSONB)


# --- writing: a value -> JSON text ---------------------------------------------------------------


def _of_numeric(value: Decimal) -> str:
    if len(value.as_tuple().digits) > MAX_DIGITS:
        detail = f"A document holds decimal numbers of up to {MAX_DIGITS} digits."
        raise error("22003", "numeric field overflow", detail=detail)
    return encode(value)


def _of_interval(value: Interval) -> str:
    if value.months:
        detail = "A document holds spans of a fixed length, and a month has none."
        raise error("22015", "interval field value out of range", detail=detail)
    return encode(timedelta(microseconds=value.days * DAY_US + value.us))


def _stored(type_name: str) -> Callable[[Any], str]:
    to_python = codec_of(type_name).to_python

    def write(stored: Any) -> str:
        try:
            value = stored if to_python is None else to_python(stored)
        except (OverflowError, ValueError):
            value = "infinity"
        if value in {"infinity", "-infinity"}:
            detail = "A document holds dates of the years 1 to 9999."
            raise error("22008", f"{type_name} out of range", detail=detail)
        return encode(value)

    return write


def _of_jsonb(text: str) -> str:
    if '"$' in text:
        _check_tags(text)
    return text


def _check_tags(text: str) -> None:
    """See that what looks like a tagged value is one, or other doors could not read it.

    Raises:
        PostgresError: it is not (22P02).
    """
    try:
        decode(text)
    except (ValueError, TypeError, ArithmeticError, InvalidValue, AttributeError):
        detail = "A member whose name begins with $ stands for a value that JSON lacks, and this one is malformed."
        raise error("22P02", "invalid input syntax for a document", detail=detail) from None


def _whole_document(text: str) -> str:
    if not text.startswith("{"):
        detail = "The whole document is an object."
        raise error("22023", "cannot store a scalar or an array as a document", detail=detail)
    return _of_jsonb(text)


_WRITERS: dict[int, Callable[[Any], str]] = {
    t.NUMERIC: _of_numeric, t.INTERVAL: _of_interval, t.JSONB: _of_jsonb, t.FLOAT8: lambda value: encode(float(value)),
    t.TIMESTAMPTZ: _stored("timestamptz"), t.TIMESTAMP: _stored("timestamp"), t.DATE: _stored("date"), t.TIME: _stored("time"),
    t.UUID: _stored("uuid"), t.BYTEA: _stored("bytes"),
}  # fmt: skip


@cache
def writer_of(oid: int) -> Routine:
    """Return the routine that writes a value of a type as JSON text."""
    return _routine(f"of_{oid}", _WRITERS[oid], oid, t.TEXT)


DOCUMENT = _routine("whole", _whole_document, t.JSONB, t.TEXT)


# --- ids -----------------------------------------------------------------------------------------


def is_object_id(text: str) -> bool:
    """Tell whether a text is how an ObjectId is shown."""
    return len(text) == _OBJECT_ID_DIGITS and _HEX.issuperset(text)


def _object_id(text: str) -> str:
    return '{"$oid":"' + text + '"}' if is_object_id(text) else str(key_to_storage(text))


def _oid_json(text: str) -> str:
    return '{"$oid":"' + text + '"}' if is_object_id(text) else orjson.dumps(text).decode()


def _text_key(text: str) -> str:
    return str(key_to_storage(text))


def _key_text(stored: object) -> str:
    value = key_to_python(stored)
    return str(value["$oid"]) if isinstance(value, dict) else str(value)


def shown_key(stored: object) -> str:
    """Write a stored id as messages show it."""
    return "null" if stored is None else _key_text(stored)


def _json_key(text: str) -> object:
    _of_jsonb(text)
    try:
        value = decode(text)
    except InvalidValue:
        value = None
    if value is None or (isinstance(value, (dict, list)) and not text.startswith('{"$')):
        raise error("22023", "the id of a document is a single value")
    return key_to_storage(value)


def _raw_key(value: bytes) -> str:
    return str(key_to_storage(_text_or_bytes(value)))


def _key_raw(stored: object) -> bytes:
    value = key_to_python(stored)
    return value if isinstance(value, bytes) else str(value).encode()


KEY_OF_RAW = _routine("key_of_raw", _raw_key, t.BYTEA, t.TEXT)
KEY_RAW = _routine("key_raw", _key_raw, t.TEXT, t.BYTEA)
KEY_OF_OBJECT_ID = _routine("key_of_oid", _object_id, t.TEXT, t.TEXT)
KEY_OF_TEXT = _routine("key_of_text", _text_key, t.TEXT, t.TEXT)
KEY_OF_JSON = _routine("key_of_json", _json_key, t.JSONB, t.TEXT)
KEY_TEXT = _routine("key_text", _key_text, t.TEXT, t.TEXT)
OBJECT_ID_JSON = _routine("oid_json", _oid_json, t.TEXT, t.TEXT)
