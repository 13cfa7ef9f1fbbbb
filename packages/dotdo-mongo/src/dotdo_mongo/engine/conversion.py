"""Values of one BSON type made into another, as $convert does; it refuses the pairs that MongoDB refuses."""

from __future__ import annotations

import base64
import binascii
import decimal
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from bson import Binary, DatetimeMS, Decimal128, Int64, ObjectId

from dotdo_mongo.engine import dateformat
from dotdo_mongo.engine.calendar import iso_text
from dotdo_mongo.engine.numbers import DECIMAL_CONTEXT, decimal128, double_as_decimal, is_finite
from dotdo_mongo.engine.values import (
    INT32_MAX,
    INT32_MIN,
    INT64_MAX,
    INT64_MIN,
    binary_parts,
    millis,
    type_name,
)
from dotdo_mongo.errors import failure


def id_seconds(value: ObjectId) -> int:
    """Return the time in an id, which MongoDB reads as a signed number."""
    return int.from_bytes(value.binary[:4], signed=True)


class Unconvertible(Exception):
    """The value has no counterpart of the type; onError catches it."""


@dataclass(slots=True, frozen=True)
class Target:
    """What to convert to.

    Args:
        kind: the type's alias.
        subtype: of binary data.
        format: how binary data is written as text, None where it was not told.
        is_little: the byte order of numbers in binary data.
    """

    kind: str
    subtype: int = 0
    format: str | None = None
    is_little: bool = True


def double_text(value: float) -> str:
    """Return a double as MongoDB writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, exponent = text.split("e")
    return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0').rjust(2, '0')}"


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


_TOWARD_ZERO = DECIMAL_CONTEXT.copy()
_TOWARD_ZERO.rounding = decimal.ROUND_DOWN
_MOST_EXPONENT = 6144  # of a decimal
_DECIMAL_TEXT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_HEX_DOUBLE = re.compile(r"[+-]?0[xX]")


def _parse_error(text: str, reason: str) -> Unconvertible:
    return Unconvertible(
        f"Failed to parse number '{text}' in $convert with no onError value: {reason}"
    )


def _text_to_whole(text: str, lowest: int, highest: int) -> int:
    if _HEX_DOUBLE.match(text):
        raise Unconvertible(f"Illegal hexadecimal input in $convert with no onError value: {text}")
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise _parse_error(text, "Did not consume whole string." if text else "No digits")
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > 19:
        raise _parse_error(text, "Overflow")
    number = int(digits or "0") * (-1 if text[0] == "-" else 1)
    if not lowest <= number <= highest:
        raise _parse_error(text, "Overflow")
    return number


def _text_to_double(text: str, target: Target) -> float:
    del target
    if _HEX_DOUBLE.match(text):
        return _hex_double(text)
    lower = text.lower().lstrip("+-")
    if lower in {"inf", "infinity", "nan"}:
        return float(text)
    if not _DECIMAL_TEXT.fullmatch(text):
        raise _parse_error(text, "Did not consume whole string." if text else "Empty string")
    number = float(text)
    if math.isinf(number):
        raise _parse_error(text, "Out of range")
    if number == 0 and any(char in "123456789" for char in re.split("[eE]", text)[0]):
        raise _parse_error(text, "Out of range")
    return number


def _hex_double(text: str) -> float:
    try:
        return float.fromhex(text)
    except (ValueError, OverflowError) as error:
        raise _parse_error(text, "Did not consume whole string.") from error


def _text_to_decimal(text: str, target: Target) -> Decimal128:
    del target
    if _HEX_DOUBLE.match(text):
        raise Unconvertible(f"Illegal hexadecimal input in $convert with no onError value: {text}")
    lower = text.lower().lstrip("+-")
    if lower in {"inf", "infinity", "nan"}:
        return (
            Decimal128(lower if text[:1] != "-" else text) if lower != "nan" else Decimal128("NaN")
        )
    if not _DECIMAL_TEXT.fullmatch(text):
        raise _parse_error(text, "Failed to parse string to decimal")
    exact = Decimal(text)
    number = _TOWARD_ZERO.create_decimal(exact)
    if exact and exact.adjusted() > _MOST_EXPONENT:
        raise _parse_error(text, "Conversion from string to decimal would overflow")
    if number == 0 and any(char in "123456789" for char in re.split("[eE]", text)[0]):
        raise _parse_error(text, "Conversion from string to decimal would underflow")
    return decimal128(number)


def _text_to_id(text: str, target: Target) -> ObjectId:
    del target
    if not re.fullmatch(r"[0-9a-fA-F]{24}", text):
        raise Unconvertible(
            f"Failed to parse objectId '{text}' in $convert with no onError value: Invalid string length for parsing to OID, expected 24 but found {len(text)}"
        )
    return ObjectId(text)


def _text_to_date(text: str, target: Target) -> DatetimeMS:
    del target
    try:
        return DatetimeMS(dateformat.read_free(text, None))
    except dateformat.BadDate as error:
        raise Unconvertible(str(error)) from error


def _url_bytes(text: str) -> bytes:
    if re.search(r"[^A-Za-z0-9_=-]", text):
        raise ValueError("not base64url")
    padded = text + "=" * (-len(text) % 4)
    if len(text.rstrip("=")) % 4 == 1:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(padded)


_TO_BYTES: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "base64url": _url_bytes,
    "hex": binascii.unhexlify,
    "utf8": str.encode,
    "uuid": lambda text: UUID(text).bytes,
}


_UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _need_format(target: Target, source: str) -> str:
    if target.format is None:
        raise failure(
            4341115,
            f"$convert requires 'format' to be specified when converting from {source} to {target.kind}",
        )
    return target.format


def _text_to_binary(text: str, target: Target) -> Any:
    form = _need_format(target, "string")
    if (form == "uuid") != (target.subtype == 4):
        raise Unconvertible("Only the UUID string format is allowed with the UUID subtype")
    if form == "auto" or (form == "uuid" and not _UUID_TEXT.fullmatch(text)):
        raise Unconvertible(f"Input string is not a valid {form} string: {text}")
    try:
        content = _TO_BYTES[form](text)
    except (ValueError, binascii.Error) as error:
        raise Unconvertible(f"Input string is not a valid {form} string: {text}") from error
    return _binary(content, target.subtype)


def _binary(content: bytes, subtype: int) -> Any:
    return Binary(content, subtype) if subtype else content


def _uuid_text(content: bytes) -> str:
    if len(content) != 16:
        raise ValueError("not a UUID")
    return str(UUID(bytes=content))


_FROM_BYTES: dict[str, Callable[[bytes], str]] = {
    "base64": lambda content: base64.b64encode(content).decode(),
    "base64url": lambda content: base64.urlsafe_b64encode(content).decode().rstrip("="),
    "hex": lambda content: content.hex().upper(),
    "utf8": lambda content: content.decode(),
    "uuid": _uuid_text,
}


def _stored(value: Any) -> tuple[int, bytes]:
    """Return subtype and bytes as BSON stores them: subtype 2 repeats its length."""
    subtype, content = binary_parts(value)
    return subtype, struct.pack("<i", len(content)) + content if subtype == 2 else content


def _binary_to_text(value: Any, target: Target) -> str:
    subtype, content = _stored(value)
    form = _need_format(target, "binData")
    if form == "auto":
        form = "uuid" if subtype == 4 and len(content) == 16 else "base64"
    elif form == "uuid" and subtype != 4:
        raise Unconvertible("Only the UUID subtype can be converted with the uuid format")
    try:
        return _FROM_BYTES[form](content)
    except ValueError as error:
        raise Unconvertible(f"BinData content is not valid {form}") from error


def _binary_to_binary(value: Any, target: Target) -> Any:
    subtype, content = binary_parts(value)
    if subtype != target.subtype:
        raise Unconvertible("Conversions between different BinData subtypes are not supported")
    return _binary(content, subtype)


def _binary_number(value: Any, target: Target, formats: dict[int, str]) -> Any:
    _, content = _stored(value)
    form = formats.get(len(content))
    if form is None:
        raise Unconvertible(
            f"Failed to convert '{content!r}' to number in $convert because of invalid length: {len(content)}"
        )
    return struct.unpack(("<" if target.is_little else ">") + form, content)[0]


def _number_to_binary(form: str) -> Callable[[Any, Target], Any]:
    def convert(value: Any, target: Target) -> Any:
        content = struct.pack(("<" if target.is_little else ">") + form, value)
        return _binary(content, target.subtype)

    return convert


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
        "binData": _number_to_binary("d"),
    },
    "int": {
        **_FROM_NUMBER,
        "string": lambda value, _: str(value),
        "binData": _number_to_binary("i"),
    },
    "long": {
        **_FROM_NUMBER,
        "date": _number_to_date,
        "string": lambda value, _: str(int(value)),
        "binData": _number_to_binary("q"),
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
        "int": lambda value, _: _text_to_whole(value, INT32_MIN, INT32_MAX),
        "long": lambda value, _: Int64(_text_to_whole(value, INT64_MIN, INT64_MAX)),
        "double": _text_to_double,
        "decimal": _text_to_decimal,
        "date": _text_to_date,
        "objectId": _text_to_id,
        "binData": _text_to_binary,
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
        "binData": _binary_to_binary,
        "string": _binary_to_text,
        "int": lambda value, target: _binary_number(value, target, _WHOLE_BYTES),
        "long": lambda value, target: Int64(
            _binary_number(value, target, {**_WHOLE_BYTES, 8: "q"})
        ),
        "double": lambda value, target: float(_binary_number(value, target, {4: "f", 8: "d"})),
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
