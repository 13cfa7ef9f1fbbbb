"""Canonical values and their one JSON encoding.

None, bool, int, float, str, list and dict are JSON's own. The others are objects of one member whose name begins with `$`:
bytes `$b` (hex), Decimal `$n`, whole numbers beyond 64 bits `$i`, floats that JSON lacks `$f`, moments `$t` (microseconds since
1970), local date and time `$l`, date `$d`, time of day `$c`, timedelta `$s` (microseconds), UUID `$u`. A dict that has a member of
such a name is wrapped as `{"$o": [[name, value], ...]}`, so everything comes back as it went in. What a package tags itself (`$oid`) is read
as `Tagged` by the others, and is written back by them as it was.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from dotdo.errors import InvalidValue

Canonical = Any  # type: ignore[explicit-any]  # what a field holds is known when it is read, not before
"""A canonical value: any of the kinds above."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = 1 << 63
_PLAIN = frozenset({str, bool, type(None)})
_MAX_DEPTH = 200
_MAX_INT_BITS = 14_000  # a little less than Python reads back from text
_MAX_SHOWN = 80


class Tagged(dict[str, Canonical]):
    """A value of a kind that only the package which stored it knows: one member, the tag, and what it holds."""

    __slots__ = ()


def shown(value: object) -> str:
    """Return a value as messages show it: its representation, cut short, and whatever it is never an error."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of too many digits, a value that holds itself
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def require_text(value: str) -> str:
    """Return text that can be stored.

    Raises:
        InvalidValue: It holds half a surrogate pair.
    """
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            msg = f"{shown(value)} holds half a surrogate pair"
            raise InvalidValue(msg) from None
    return value


def encode(value: object) -> str:
    """Return the JSON text of a canonical value.

    Raises:
        InvalidValue: It, or something in it, is no canonical value.
    """
    try:
        return orjson.dumps(tagged(value)).decode()
    except TypeError as error:
        msg = f"a value cannot be stored: {error}"
        raise InvalidValue(msg) from None


def decode(text: str | bytes) -> Canonical:
    """Read the JSON text of a canonical value."""
    value = orjson.loads(text)
    if ('"$' in text) if isinstance(text, str) else (b'"$' in text):
        return untagged(value)
    return value


def tagged(value: object, depth: int = 0) -> object:
    """Return the value with everything that JSON lacks in tagged form.

    Raises:
        InvalidValue: It, or something in it, is no canonical value.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth > _MAX_DEPTH:
        msg = f"a value is nested deeper than {_MAX_DEPTH}"
        raise InvalidValue(msg)
    if kind is Tagged:
        return dict(value)  # type: ignore[call-overload]  # just seen
    if isinstance(value, Mapping):
        return _tagged_mapping(value, depth)
    if isinstance(value, (list, tuple)):
        return [tagged(item, depth + 1) for item in value]
    encoder = _ENCODERS.get(kind) or next(
        (e for k, e in _ENCODERS.items() if isinstance(value, k)), None
    )
    if encoder is None:
        msg = f"a value of type {kind.__name__} cannot be stored"
        raise InvalidValue(msg)
    return encoder(value)


def _tagged_mapping(value: Mapping[object, object], depth: int) -> object:
    has_dollar = False
    members = {}
    for name, item in value.items():
        if type(name) is not str:
            msg = f"a member's name must be text, not {type(name).__name__}"
            raise InvalidValue(msg)
        has_dollar = has_dollar or name.startswith("$")
        members[name] = item if type(item) in _PLAIN else tagged(item, depth + 1)
    return {"$o": [[name, item] for name, item in members.items()]} if has_dollar else members


def untagged(value: Canonical) -> Canonical:
    """Return the value that the tagged form stands for."""
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        decoder = _DECODERS.get(name)
        if decoder is not None:
            return decoder(inner)
        if name.startswith("$"):
            return Tagged(value)
    return {name: untagged(item) for name, item in value.items()}


def _tagged_int(value: int) -> object:
    if -_INT64 <= value < _INT64:
        return int(value)
    if value.bit_length() > _MAX_INT_BITS:
        msg = "a whole number has too many digits"
        raise InvalidValue(msg)
    return {"$i": str(value)}


def _tagged_float(value: float) -> object:
    if math.isfinite(value) and (value or math.copysign(1, value) > 0):
        return float(value)
    return {"$f": repr(float(value))}


def _tagged_datetime(value: datetime) -> object:
    if value.tzinfo is None:
        return {"$l": value.isoformat()}
    return {"$t": (value - _EPOCH) // _MICROSECOND}


_ENCODERS: dict[type, Callable[[Canonical], object]] = {
    int: _tagged_int,
    float: _tagged_float,
    str: str,
    Decimal: lambda v: {"$n": str(v)},
    bytes: lambda v: {"$b": v.hex()},
    bytearray: lambda v: {"$b": v.hex()},
    memoryview: lambda v: {"$b": v.hex()},
    datetime: _tagged_datetime,
    date: lambda v: {"$d": v.isoformat()},
    time: lambda v: {"$c": v.isoformat()},
    timedelta: lambda v: {"$s": _tagged_int(v // _MICROSECOND)},
    UUID: lambda v: {"$u": str(v)},
}
_DECODERS: dict[str, Callable[[Canonical], Canonical]] = {
    "$o": lambda v: {name: untagged(item) for name, item in v},
    "$i": int,
    "$f": float,
    "$n": Decimal,
    "$b": bytes.fromhex,
    "$t": lambda v: _EPOCH + timedelta(microseconds=v),
    "$l": datetime.fromisoformat,
    "$d": date.fromisoformat,
    "$c": time.fromisoformat,
    "$s": lambda v: timedelta(microseconds=untagged(v)),
    "$u": UUID,
}
