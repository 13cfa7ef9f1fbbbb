"""Values of one BSON type made into another, as $convert does; it refuses the pairs that MongoDB refuses."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from typing import Any

from bson import DatetimeMS, Decimal128, Int64, ObjectId

from dotdo_mongo.engine.calendar import iso_text
from dotdo_mongo.engine.conversions.binaries import (
    binary_number,
    binary_to_binary,
    binary_to_text,
    number_to_binary,
    text_to_binary,
)
from dotdo_mongo.engine.conversions.target import Target, Unconvertible
from dotdo_mongo.engine.conversions.texts import (
    double_text,
    text_to_date,
    text_to_decimal,
    text_to_double,
    text_to_id,
    text_to_whole,
)
from dotdo_mongo.engine.numbers import decimal128, double_as_decimal, is_finite
from dotdo_mongo.engine.values import (
    INT32_MAX,
    INT32_MIN,
    INT64_MAX,
    INT64_MIN,
    millis,
    type_name,
)


def id_seconds(value: ObjectId) -> int:
    """Return the time in an id, which MongoDB reads as a signed number."""
    return int.from_bytes(value.binary[:4], signed=True)


def _whole(value: Any, lowest: int, highest: int) -> int:
    if not is_finite(value):
        word = "NaN" if str(value).lower().endswith("nan") else "infinity"
        raise Unconvertible(
            f"Attempt to convert {word} value to integer type in $convert with no onError value"
        )
    if isinstance(value, Decimal128):
        number = (
            int(value.to_decimal().to_integral_value(decimal.ROUND_DOWN))
            if value.to_decimal().adjusted() < 40
            else INT64_MAX * 4
        )
    else:
        number = int(value)
    if not lowest <= number <= highest:
        raise Unconvertible(
            f"Conversion would overflow target type in $convert with no onError value: {value}"
        )
    return number


def _to_int(value: Any, target: Target) -> Any:
    del target
    return _whole(value, INT32_MIN, INT32_MAX)


def _to_long(value: Any, target: Target) -> Any:
    del target
    return Int64(_whole(value, INT64_MIN, INT64_MAX))


def _to_double(value: Any, target: Target) -> Any:
    del target
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        found = float(number)
        if math.isinf(found) and number.is_finite():
            raise Unconvertible(
                f"Conversion would overflow target type in $convert with no onError value: {value}"
            )
        return found
    return float(value)


def _to_decimal(value: Any, target: Target) -> Any:
    del target
    if isinstance(value, float):
        return decimal128(double_as_decimal(value))
    return Decimal128(str(int(value)))


def _number_to_date(value: Any, target: Target) -> Any:
    del target
    return DatetimeMS(_whole(value, INT64_MIN, INT64_MAX))


def _same(value: Any, target: Target) -> Any:
    del target
    return value


def _date_number(kind: Callable[[int], Any]) -> Callable[[Any, Target], Any]:
    return lambda value, _: kind(millis(value))


Conversion = Callable[[Any, Target], Any]


def _true(value: Any, target: Target) -> bool:
    del value, target
    return True


def _nonzero(value: Any, target: Target) -> bool:
    del target
    return bool((value.to_decimal() if isinstance(value, Decimal128) else value) != 0)


_WHOLE_BYTES = {1: "b", 2: "h", 4: "i"}
_FROM_NUMBER: dict[str, Conversion] = {
    "bool": _nonzero,
    "int": _to_int,
    "long": _to_long,
    "double": _to_double,
    "decimal": _to_decimal,
}
_CONVERSIONS: dict[str, dict[str, Conversion]] = {
    "double": {
        **_FROM_NUMBER,
        "date": _number_to_date,
        "string": lambda value, _: double_text(value),
        "binData": number_to_binary("d"),
    },
    "int": {
        **_FROM_NUMBER,
        "string": lambda value, _: str(value),
        "binData": number_to_binary("i"),
    },
    "long": {
        **_FROM_NUMBER,
        "date": _number_to_date,
        "string": lambda value, _: str(int(value)),
        "binData": number_to_binary("q"),
    },
    "decimal": {
        **_FROM_NUMBER,
        "decimal": _same,
        "date": _number_to_date,
        "string": lambda value, _: str(value),
    },
    "bool": {
        "bool": _same,
        "int": lambda value, _: int(value),
        "long": lambda value, _: Int64(value),
        "double": lambda value, _: float(value),
        "decimal": lambda value, _: Decimal128(str(int(value))),
        "string": lambda value, _: "true" if value else "false",
    },
    "string": {
        "bool": _true,
        "string": _same,
        "int": lambda value, _: text_to_whole(value, INT32_MIN, INT32_MAX),
        "long": lambda value, _: Int64(text_to_whole(value, INT64_MIN, INT64_MAX)),
        "double": text_to_double,
        "decimal": text_to_decimal,
        "date": text_to_date,
        "objectId": text_to_id,
        "binData": text_to_binary,
    },
    "objectId": {
        "bool": _true,
        "objectId": _same,
        "string": lambda value, _: str(value),
        "date": lambda value, _: DatetimeMS(id_seconds(value) * 1000),
    },
    "date": {
        "bool": _true,
        "date": _same,
        "long": _date_number(Int64),
        "double": _date_number(float),
        "decimal": _date_number(lambda number: Decimal128(str(number))),
        "string": lambda value, _: iso_text(millis(value)),
    },
    "timestamp": {
        "bool": _true,
        "timestamp": _same,
        "date": lambda value, _: DatetimeMS(value.time * 1000),
    },
    "binData": {
        "bool": _true,
        "binData": binary_to_binary,
        "string": binary_to_text,
        "int": lambda value, target: binary_number(value, target, _WHOLE_BYTES),
        "long": lambda value, target: Int64(binary_number(value, target, {**_WHOLE_BYTES, 8: "q"})),
        "double": lambda value, target: float(binary_number(value, target, {4: "f", 8: "d"})),
    },
}
_ONLY_BOOL: dict[str, Conversion] = {"bool": _true}


def convert(value: Any, target: Target) -> Any:
    """Return the value in the target type.

    Raises:
        Unconvertible: there is none.
        CommandFailure: 4341115 binary data and text with no format, 18537 dates beyond year 9999.
    """
    source = type_name(value)
    conversion = _CONVERSIONS.get(source, _ONLY_BOOL).get(target.kind)
    if conversion is None:
        raise Unconvertible(
            f"Unsupported conversion from {source} to {target.kind} in $convert with no onError value"
        )
    return conversion(value, target)
