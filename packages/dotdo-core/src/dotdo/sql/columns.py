"""Canonical column types: a Python value as SQLite stores it, and back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from dotdo.errors import InvalidValue
from dotdo.sql import limits, numeric
from dotdo.storage import Column
from dotdo.storage.types import INTEGERS, digits_of, length_of, scale_of
from dotdo.values import Canonical, decode, encode, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (local times have no zone)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
INFINITY = (1 << 63) - 1
"""Stored form of the moment after all others; its negative precedes them."""
_ENDS = {"infinity": INFINITY, "-infinity": -INFINITY}


@dataclass(frozen=True, slots=True)
class ColumnCodec:
    """How one canonical type is stored; None means as it is.

    Args:
        to_storage: Of a Python value, not None.
        to_python: Of a stored value, not None.
        to_compared: Of a value that stored ones are compared with, where it may lie beyond what the column holds.
    """

    to_storage: Callable[[Canonical], Canonical] | None
    to_python: Callable[[Canonical], Canonical] | None
    to_compared: Callable[[Canonical], Canonical] | None = None


@lru_cache(maxsize=512)
def codec_of(type_name: str) -> ColumnCodec:
    """Return the codec of a canonical type.

    Raises:
        KeyError: No such type.
    """
    digits = digits_of(type_name)
    if digits is not None:
        return _numeric(*digits, scale=scale_of(type_name))
    limited = length_of(type_name)
    if limited is not None:
        kind, length = limited
        return ColumnCodec(limits.limited_text(length, is_padded=kind == "char"), None, limits.text)
    return _CODECS[type_name]


def _numeric(precision: int, fraction: int, *, scale: int | None) -> ColumnCodec:
    if scale is None:
        fit = limits.digits(precision, fraction)
        return ColumnCodec(lambda v: numeric.encode(fit(v)), numeric.decode, numeric.encode)
    to_storage, to_compared = limits.scaled(precision, scale)
    return ColumnCodec(to_storage, lambda stored: Decimal(stored).scaleb(-scale), to_compared)


def _bytes(value: object) -> object:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        msg = f"{shown(value)} is not bytes"
        raise InvalidValue(msg)
    return value


def _boolean(value: object) -> int:
    if not isinstance(value, int) or value not in {0, 1}:
        msg = f"{shown(value)} is neither true nor false"
        raise InvalidValue(msg)
    return int(value)


def _uuid(value: object) -> bytes:
    try:
        return value.bytes if isinstance(value, UUID) else UUID(limits.text(value)).bytes
    except ValueError:
        msg = f"{shown(value)} is no UUID"
        raise InvalidValue(msg) from None


def _moment(value: object) -> int:
    if isinstance(value, str):
        if value in _ENDS:
            return _ENDS[value]
        value = _parsed(datetime.fromisoformat, value)
    if not isinstance(value, datetime):
        msg = f"{shown(value)} is no date and time"
        raise InvalidValue(msg)
    return (value - (_EPOCH if value.tzinfo else _LOCAL_EPOCH)) // _MICROSECOND


def _day(value: object) -> int:
    if isinstance(value, str):
        if value in _ENDS:
            return _ENDS[value]
        value = _parsed(date.fromisoformat, value)
    if not isinstance(value, date):
        msg = f"{shown(value)} is no date"
        raise InvalidValue(msg)
    return value.toordinal() - _EPOCH_DAY


def _clock_time(value: object) -> int:
    if isinstance(value, str):
        value = _parsed(time.fromisoformat, value)
    if not isinstance(value, time) or value.tzinfo is not None:
        msg = f"{shown(value)} is no local time of day"
        raise InvalidValue(msg)
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _parsed(read: Callable[[str], Canonical], text: str) -> Canonical:
    try:
        return read(text)
    except ValueError:
        msg = f"{shown(text)} is not in ISO 8601 form"
        raise InvalidValue(msg) from None


def _infinite(stored: int) -> str | None:
    return {INFINITY: "infinity", -INFINITY: "-infinity"}.get(stored)


def _to_moment(stored: int) -> datetime | str:
    return _infinite(stored) or _EPOCH + timedelta(microseconds=stored)


def _to_local(stored: int) -> datetime | str:
    return _infinite(stored) or _LOCAL_EPOCH + timedelta(microseconds=stored)


def _to_day(stored: int) -> date | str:
    return _infinite(stored) or date.fromordinal(stored + _EPOCH_DAY)


def key_to_storage(value: object) -> object:
    """Return how an id of any type is stored: numbers and text as they are, everything else as tagged JSON.

    Raises:
        InvalidValue: It is no canonical value.
    """
    if isinstance(value, str) and not _is_json(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return encode(value)


def key_to_python(stored: object) -> Canonical:
    """Return an id of any type from its stored form."""
    return decode(stored) if isinstance(stored, str) and _is_json(stored) else stored


def _is_json(text: str) -> bool:
    """The text of an id has the form in which ids of other types are stored."""
    return text.startswith(("{", "[", '"')) or text in {"true", "false", "null"}


def stored_value(column: Column, value: object) -> Canonical:
    """Return a Python value as the column stores it.

    Raises:
        InvalidValue: The column cannot hold it; the message names the field.
    """
    return _converted(column, value, codec_of(column.type).to_storage)


def compared_value(column: Column, value: object) -> Canonical:
    """Return a Python value in the form in which stored ones compare with it; it may lie beyond what the column can hold.

    Raises:
        InvalidValue: It is of another kind; the message names the field.
    """
    codec = codec_of(column.type)
    return _converted(column, value, codec.to_compared or codec.to_storage)


def _converted(
    column: Column, value: object, convert: Callable[[Canonical], Canonical] | None
) -> Canonical:
    if value is None or convert is None:
        return value
    try:
        return convert(value)
    except InvalidValue as error:
        msg = f"field {column.name!r}: {error}"
        raise InvalidValue(msg) from None


_WHOLE = limits.whole("bigint")

_CODECS = {
    "boolean": ColumnCodec(_boolean, bool),
    **{name: ColumnCodec(limits.whole(name), None, _WHOLE) for name in INTEGERS},
    "real": ColumnCodec(limits.single, float, limits.double),
    "double": ColumnCodec(limits.double, float),
    "numeric": ColumnCodec(numeric.encode, numeric.decode),
    "text": ColumnCodec(limits.text, None),
    "citext": ColumnCodec(limits.text, None),
    "bytes": ColumnCodec(_bytes, None),
    "uuid": ColumnCodec(_uuid, lambda b: UUID(bytes=b)),
    "date": ColumnCodec(_day, _to_day),
    "time": ColumnCodec(_clock_time, lambda us: (_LOCAL_EPOCH + timedelta(microseconds=us)).time()),
    "timestamp": ColumnCodec(_moment, _to_local),
    "timestamptz": ColumnCodec(_moment, _to_moment),
    "interval": ColumnCodec(_bytes, None),
    "json": ColumnCodec(encode, decode),
    "jsonb": ColumnCodec(encode, decode),
    "any": ColumnCodec(key_to_storage, key_to_python),
}
