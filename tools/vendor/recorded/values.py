"""Canonical Extended JSON read strictly: number types differ, and an operator inside a command stays one."""

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

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

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class AnyId:
    """An id that the server made: any ObjectId is right."""


def date(milliseconds: int) -> Any:
    """Return a date, beyond Python's years as milliseconds."""
    try:
        return EPOCH + dt.timedelta(milliseconds=milliseconds)
    except OverflowError:
        return DatetimeMS(milliseconds)


def _binary(value: Any) -> Any:
    subtype = int(value["subType"], 16)
    content = base64.b64decode(value["base64"])
    return Binary(content, subtype) if subtype else content


_WRAPPERS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    "$numberInt": (lambda value: isinstance(value, str), int),
    "$numberLong": (lambda value: isinstance(value, str), lambda value: Int64(int(value))),
    "$numberDouble": (lambda value: isinstance(value, str), float),
    "$numberDecimal": (lambda value: isinstance(value, str), Decimal128),
    "$oid": (lambda value: isinstance(value, str), ObjectId),
    "$generatedOid": (lambda value: isinstance(value, str), lambda _: AnyId()),
    "$date": (lambda value: type(value) in {int, Int64}, date),
    "$timestamp": (
        lambda value: isinstance(value, dict) and set(value) == {"t", "i"},
        lambda value: Timestamp(value["t"], value["i"]),
    ),
    "$binary": (lambda value: isinstance(value, dict) and "base64" in value, _binary),
    "$regularExpression": (
        lambda value: isinstance(value, dict),
        lambda value: Regex(value["pattern"], value["options"]),
    ),
    "$minKey": (lambda value: value == 1, lambda _: MinKey()),
    "$maxKey": (lambda value: value == 1, lambda _: MaxKey()),
    "$code": (lambda value: isinstance(value, str), Code),
    "$undefined": (lambda value: value is True, lambda _: None),
}


def _value(pairs: list[tuple[str, Any]]) -> Any:
    if len(pairs) == 1:
        name, value = pairs[0]
        wrapper = _WRAPPERS.get(name)
        if wrapper and wrapper[0](value):
            return wrapper[1](value)
    if len(pairs) == 2 and pairs[0][0] == "$code" and pairs[1][0] == "$scope":
        return Code(pairs[0][1], pairs[1][1])
    return dict(pairs)


def loads(text: str) -> Any:
    """Return the value of a text."""
    return json.loads(text, object_pairs_hook=_value)
