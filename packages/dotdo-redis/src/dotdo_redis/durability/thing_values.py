"""Fields of things as fields of hashes and back: bytes that say what was there, types that follow from the noun; it asks no file."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

from dotdo.errors import InvalidValue
from dotdo.graph import Kinds
from dotdo.storage import Column
from dotdo.values import Tagged, decode, encode

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_INT64 = 1 << 63
_TRUTHS = {"true": True, "false": False}
_MICROSECOND = timedelta(microseconds=1)


def told(value: Any) -> bytes | None:
    """Return a field's value as a hash holds it; None for null, which no hash holds."""
    if value is None or isinstance(value, bytes):
        return value
    if type(value) is Tagged and "$oid" in value:
        return str(value["$oid"]).encode()
    tell = next((tell for kinds, tell in _TELL if isinstance(value, kinds)), encode)
    return tell(value).encode()


_TELL: tuple[tuple[tuple[type, ...], Callable[[Any], str]], ...] = (
    ((str,), str),
    ((bool,), lambda value: "true" if value else "false"),
    ((int, float, Decimal, UUID), str),
    ((datetime, date, time), lambda value: str(value.isoformat())),
    ((timedelta,), lambda value: str(value // _MICROSECOND)),
)
"""The first whose kinds a value is of; other values are JSON."""


def text_of(word: bytes) -> str | bytes:
    """Return bytes as text where they are UTF-8."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word


def _whole(text: str) -> Any:
    if _WHOLE.fullmatch(text) and -_INT64 <= int(text) < _INT64:
        return int(text)
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return value


def _whole_or_finite(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else _finite(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _span(text: str) -> timedelta:
    return timedelta(microseconds=_whole(text))


def _json(text: str) -> Any:
    value = decode(text)
    if not isinstance(value, dict | list):
        raise TypeError(text)
    return value


def _object_id(text: str) -> Tagged:
    if not re.fullmatch("[0-9a-f]{24}", text):
        raise ValueError(text)
    return Tagged({"$oid": text})


_BY_KINDS: tuple[tuple[Kinds, Callable[[str], Any]], ...] = (
    (frozenset({"integer", "bigint", "$long"}), _whole),
    (frozenset({"integer", "real"}), _whole_or_finite),
    (frozenset({"boolean"}), _TRUTHS.__getitem__),
    (frozenset({"$n"}), _decimal),
    (frozenset({"$t"}), datetime.fromisoformat),
    (frozenset({"$l"}), datetime.fromisoformat),
    (frozenset({"$d"}), date.fromisoformat),
    (frozenset({"$c"}), time.fromisoformat),
    (frozenset({"$s"}), _span),
    (frozenset({"$u"}), UUID),
    (frozenset({"$oid"}), _object_id),
    (frozenset({"object", "array"}), _json),
)
_WRONG = (ValueError, KeyError, TypeError, orjson.JSONDecodeError)


def for_document(word: bytes, kinds: Kinds) -> Any:
    """Return what a hash holds as a document's field does whose values have all been of these kinds; else text, or bytes.

    Args:
        word: The hash's.
        kinds: Those seen in the field, none for a new one.
    """
    text, seen = text_of(word), kinds - {"null"}
    if isinstance(text, bytes) or not seen or seen == {"$b"}:
        return word if seen == {"$b"} else text
    read = next((read for known, read in _BY_KINDS if seen <= known), None)
    if read is None:
        return text
    try:
        return read(text)
    except _WRONG:
        return text


_BY_TYPE: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: _TRUTHS[{"t": "true", "f": "false", "1": "true", "0": "false"}.get(text, text)],
    "smallint": _whole, "integer": _whole, "bigint": _whole, "real": _finite, "double": _finite, "numeric": _decimal,
    "json": decode, "jsonb": decode,
}  # fmt: skip


def for_column(word: bytes, column: Column) -> Any:
    """Return what a hash holds as a column takes it.

    Raises:
        InvalidValue: The column cannot hold it; the message names the field.
    """
    kind = column.type.partition("(")[0]
    if kind == "bytes":
        return word
    text = text_of(word)
    read = _BY_TYPE.get(kind)
    if isinstance(text, bytes):
        raise InvalidValue(f"field {column.name!r}: {text!r} is no text")
    try:
        return text if read is None else read(text)
    except _WRONG:
        raise InvalidValue(f"field {column.name!r}: {text!r} is no {column.type}") from None
