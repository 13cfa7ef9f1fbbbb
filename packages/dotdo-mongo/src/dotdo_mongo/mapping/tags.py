"""Documents as canonical JSON, the form that other doors read: BSON types that JSON lacks are tagged, everything comes back as it was."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import orjson
from bson import (
    Binary,
    Code,
    DatetimeMS,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)

from dotdo.values import Canonical
from dotdo_mongo.mapping.codec import Document, Value

Json: TypeAlias = object

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT32 = 1 << 31
_UUID = 4
_UUID_MARK, _OLD_UUID_MARK = b"\x10\0\0\0\4", b"\x10\0\0\0\3"
_FAST = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME


def to_json(document: Document, data: bytes) -> bytes:
    """Return the JSON text of a document.

    Args:
        document: As decoded.
        data: Its BSON, which tells whether the short way may be taken.
    """
    if b"$" not in data:  # no name or text that could be taken for a tag
        text = orjson.dumps(document, default=_tag, option=_FAST)
        if b"null" not in text:  # orjson writes NaN and the infinities as null
            return text
    return orjson.dumps(tagged(document))


def given_json(document: Document, data: bytes) -> bytes | None:
    """Return the JSON text of a document as an application holds it, None when what is encoded is to be decoded for that.

    Args:
        document: Whose values are of BSON's own types; those that a registry of types encodes are not told apart.
        data: Its BSON.
    """
    if b"$" in data or _UUID_MARK in data or _OLD_UUID_MARK in data:
        return None
    try:
        text = orjson.dumps(document, default=_tag_given, option=_FAST)
    except TypeError:
        return None
    return None if b"null" in text else text  # NaN and the infinities are, beside null


def tagged(value: Value) -> Json:
    """Return the value with everything that JSON lacks in tagged form."""
    kind = type(value)
    if kind is dict:
        return _tagged_document(value)  # type: ignore[arg-type]  # just seen
    if kind is list:
        return [tagged(item) for item in value]  # type: ignore[attr-defined]  # just seen
    encoder = _ENCODERS.get(kind)
    return value if encoder is None else encoder(value)


def _tagged_document(value: Document) -> Json:
    members = {name: tagged(item) for name, item in value.items()}
    if any(name.startswith("$") for name in value):
        return {"$o": [[name, item] for name, item in members.items()]}
    return members


def _tag(value: Value) -> Json:
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise TypeError(type(value))
    return encoder(value)


def _tag_given(value: Value) -> Json:
    encoder = _GIVEN_ENCODERS.get(type(value))
    if encoder is None:
        raise TypeError(type(value))
    return encoder(value)


def from_json(text: str | bytes) -> Document:
    """Read the JSON text of a document."""
    value = orjson.loads(text)
    return untagged(value) if isinstance(value, dict) else {}  # type: ignore[return-value]  # a dict stays one


def untagged(value: Json) -> Value:
    """Return the value that the tagged form stands for."""
    kind = type(value)
    if kind is int:
        return value if -_INT32 <= value < _INT32 else Int64(value)  # type: ignore[operator,call-overload]  # just seen
    if kind is dict:
        if len(value) == 1:  # type: ignore[arg-type]  # just seen
            ((name, inner),) = value.items()  # type: ignore[attr-defined]  # just seen
            decoder = _DECODERS.get(name)
            if decoder is not None:
                return decoder(inner)
        return {name: untagged(item) for name, item in value.items()}  # type: ignore[attr-defined]  # just seen
    if kind is list:
        return [untagged(item) for item in value]  # type: ignore[attr-defined]  # just seen
    return value


# --- encoders ------------------------------------------------------------------------------------


def _tagged_int64(value: Value) -> Json:
    number = int(value)  # type: ignore[call-overload]  # an Int64
    return {"$long": number} if -_INT32 <= number < _INT32 else number


def _tagged_float(value: Value) -> Json:
    number = float(value)  # type: ignore[arg-type]  # a float
    if math.isfinite(number) and (number or math.copysign(1, number) > 0):
        return number
    return {"$f": repr(number)}


def _tagged_datetime(value: Value) -> Json:
    assert isinstance(value, datetime)
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return {"$t": (aware - _EPOCH) // _MICROSECOND}


def _tagged_given_datetime(value: Value) -> Json:
    moment = _tagged_datetime(value)["$t"]  # type: ignore[index]  # an object of one member
    return {"$t": moment // 1000 * 1000}  # BSON knows no finer ones


def _tagged_binary(value: Value) -> Json:
    assert isinstance(value, bytes)
    subtype = value.subtype if isinstance(value, Binary) else 0
    if subtype == 0:
        return {"$b": value.hex()}
    if subtype == _UUID and len(value) == 16:
        return {"$u": str(UUID(bytes=bytes(value)))}
    return {"$bin": [subtype, value.hex()]}


def _tagged_code(value: Value) -> Json:
    assert isinstance(value, Code)
    return {"$js": [str(value)] if value.scope is None else [str(value), tagged(dict(value.scope))]}


def _tagged_regex(value: Value) -> Json:
    assert isinstance(value, Regex)
    pattern = value.pattern
    return {"$re": [pattern if isinstance(pattern, str) else pattern.decode(), value.flags]}


_ENCODERS: dict[type, Callable[[Value], Json]] = {
    Int64: _tagged_int64,
    float: _tagged_float,
    ObjectId: lambda v: {"$oid": str(v)},
    datetime: _tagged_datetime,
    DatetimeMS: lambda v: {"$ms": int(v)},  # type: ignore[call-overload]
    Decimal128: lambda v: {"$n": str(v)},
    bytes: _tagged_binary,
    Binary: _tagged_binary,
    Regex: _tagged_regex,
    Timestamp: lambda v: {"$ts": [v.time, v.inc]},  # type: ignore[attr-defined]
    Code: _tagged_code,
    MinKey: lambda _: {"$min": 1},
    MaxKey: lambda _: {"$max": 1},
}

_GIVEN_ENCODERS: dict[type, Callable[[Value], Json]] = {
    Int64: _tagged_int64,
    ObjectId: _ENCODERS[ObjectId],
    datetime: _tagged_given_datetime,
    Decimal128: _ENCODERS[Decimal128],
    bytes: _tagged_binary,
    Binary: _tagged_binary,
}

# --- decoders ------------------------------------------------------------------------------------


def _code(parts: Json) -> Value:
    assert isinstance(parts, list)
    return Code(parts[0], None if len(parts) == 1 else untagged(parts[1]))  # type: ignore[arg-type]


def _moment(microseconds: Json) -> Value:
    milliseconds = microseconds // 1000  # type: ignore[operator]  # BSON knows no finer ones
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _text_moment(text: Json) -> Value:
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)


_DECODERS: dict[str, Callable[[Canonical], Value]] = {
    "$long": Int64,
    "$oid": ObjectId,
    "$t": _moment,
    "$ms": DatetimeMS,
    "$l": _text_moment,
    "$d": _text_moment,
    "$c": lambda v: v,
    "$s": untagged,
    "$n": lambda v: Decimal128(str(v)),
    "$i": lambda v: Decimal128(str(v)),
    "$f": float,
    "$b": bytes.fromhex,
    "$u": lambda v: Binary(UUID(v).bytes, _UUID),
    "$bin": lambda v: Binary(bytes.fromhex(v[1]), v[0]),
    "$re": lambda v: Regex(v[0], v[1]),
    "$ts": lambda v: Timestamp(v[0], v[1]),
    "$js": _code,
    "$min": lambda _: MinKey(),
    "$max": lambda _: MaxKey(),
    "$o": lambda v: {name: untagged(item) for name, item in v},
}
