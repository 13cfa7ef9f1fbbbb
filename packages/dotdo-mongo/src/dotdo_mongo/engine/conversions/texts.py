"""Text made into numbers, dates and ids, and doubles into text."""

from __future__ import annotations

import decimal
import math
import re
from decimal import Decimal

from bson import DatetimeMS, Decimal128, ObjectId

from dotdo_mongo.engine import dateformat
from dotdo_mongo.engine.conversions.target import Target, Unconvertible
from dotdo_mongo.engine.numbers import DECIMAL_CONTEXT, decimal128


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


_TOWARD_ZERO = DECIMAL_CONTEXT.copy()
_TOWARD_ZERO.rounding = decimal.ROUND_DOWN
_MOST_EXPONENT = 6144  # of a decimal
_DECIMAL_TEXT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_HEX_DOUBLE = re.compile(r"[+-]?0[xX]")


def _parse_error(text: str, reason: str) -> Unconvertible:
    return Unconvertible(
        f"Failed to parse number '{text}' in $convert with no onError value: {reason}"
    )


def text_to_whole(text: str, lowest: int, highest: int) -> int:
    """Read a whole number within bounds."""
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


def text_to_double(text: str, target: Target) -> float:
    """Read a double, decimal or hexadecimal."""
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


def text_to_decimal(text: str, target: Target) -> Decimal128:
    """Read a decimal, further digits than 34 cut off."""
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


def text_to_id(text: str, target: Target) -> ObjectId:
    """Read an id of 24 hexadecimal digits."""
    del target
    if not re.fullmatch(r"[0-9a-fA-F]{24}", text):
        raise Unconvertible(
            f"Failed to parse objectId '{text}' in $convert with no onError value: Invalid string length for parsing to OID, expected 24 but found {len(text)}"
        )
    return ObjectId(text)


def text_to_date(text: str, target: Target) -> DatetimeMS:
    """Read a date as MongoDB guesses it."""
    del target
    try:
        return DatetimeMS(dateformat.read_free(text, None))
    except dateformat.BadDate as error:
        raise Unconvertible(str(error)) from error
