"""A document's `_id` as the key of its row and back: values that BSON holds for equal have one key."""

import math
from decimal import Decimal
from typing import TypeAlias

import orjson
from bson import Binary, Decimal128, Int64, ObjectId

from dotdo_mongo.mapping.codec import Value
from dotdo_mongo.mapping.tags import Json, tagged, untagged

Key: TypeAlias = int | float | str | bytes | None

_INT64 = 1 << 63
_INT32 = 1 << 31
_EXACT = frozenset({ObjectId, str, bool, bytes, type(None), int, Binary})
_NAMES = frozenset({"true", "false", "null"})


def key_of(identity: Value) -> Key:
    """Return the key of an `_id`: numbers and text as they are, everything else as tagged JSON."""
    kind = type(identity)
    if kind is int:
        return identity  # type: ignore[return-value]  # just seen
    if kind is ObjectId:
        return '{"$oid":"' + str(identity) + '"}'
    if kind is str:
        return orjson.dumps(identity).decode() if _is_json(identity) else identity  # type: ignore[return-value]
    normal = _normal(identity)
    if type(normal) in {int, float}:
        return normal  # type: ignore[return-value]  # just seen
    return orjson.dumps(normal).decode()


def identity_of(key: Key) -> Value:
    """Return the `_id` that a key stands for, when the document does not say more exactly."""
    if isinstance(key, str):
        return untagged(orjson.loads(key)) if _is_json(key) else key
    if isinstance(key, int):
        return key if -_INT32 <= key < _INT32 else Int64(key)
    return key


def is_exact(identity: Value) -> bool:
    """The key of this `_id` gives it back with its very type."""
    kind = type(identity)
    if kind in _EXACT:
        return True
    return identity_equals(identity, identity_of(key_of(identity)))


def identity_equals(left: Value, right: Value) -> bool:
    """Both have the same type and value, inside documents too."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(identity_equals(left[n], right[n]) for n in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(identity_equals, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    return str(left) == str(right) if isinstance(left, Decimal128) else left == right


def _normal(value: Value) -> Json:
    """Return the tagged form, equal for values that BSON holds for equal."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _normal_float(value)
    if isinstance(value, Decimal128):
        return _normal_decimal(value)
    if isinstance(value, dict):
        return {"$o": [[name, _normal(item)] for name, item in value.items()]}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return tagged(value)


def _normal_float(value: float) -> Json:
    if not math.isfinite(value):
        return {"$f": repr(value)}
    if value.is_integer() and -_INT64 <= value < _INT64:
        return int(value)
    return value


def _normal_decimal(value: Decimal128) -> Json:
    number = value.to_decimal()
    if number.is_nan():
        return {"$f": "nan"}
    if number.is_infinite():
        return {"$f": "inf" if number > 0 else "-inf"}
    if abs(number) < _INT64 and number == number.to_integral_value():
        return int(number)
    near = float(number)
    if math.isfinite(near) and Decimal(near) == number:
        return near
    return {"$n": format(number.normalize(), "E")}


def _is_json(text: object) -> bool:
    return isinstance(text, str) and (text.startswith(("{", "[", '"')) or text in _NAMES)
