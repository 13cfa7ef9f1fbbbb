"""String operators; positions count bytes or code points as their names say."""

from __future__ import annotations

import string
from decimal import ROUND_HALF_EVEN
from typing import TYPE_CHECKING, Any

from bson import Decimal128, Timestamp

from dotdo_mongo.engine import calendar
from dotdo_mongo.engine.expressions.declare import VARIADIC, Expr, Family, Named, Scope, folded
from dotdo_mongo.engine.numbers import is_finite, whole32, whole64
from dotdo_mongo.engine.values import DATES, INT64_MIN, MISSING, NULLISH, NUMBERS, millis, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("strings")
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
BLANKS = (
    "\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
"""What $trim takes away when it is not told."""


@FAMILY.operator("$concat", 0, VARIADIC)
def concat(*values: Any) -> Any:
    """Join strings. Code 16702."""
    is_null = False
    parts = []
    for value in values:
        if type(value) in NULLISH:
            is_null = True
            break
        if type(value) is not str:
            raise failure(16702, f"$concat only supports strings, not {type_name(value)}")
        parts.append(value)
    return None if is_null else "".join(parts)


def number_text(value: Any) -> str:
    """Return a number as the old string operators write it: doubles with six digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def coerced(value: Any) -> str:
    """Return what the old string operators make of a value. Code 16007."""
    if isinstance(value, str) and getattr(value, "scope", None) is None:
        return str(value)
    if type(value) in NULLISH:
        return ""
    if type(value) in NUMBERS:
        return number_text(value)
    if type(value) in DATES:
        return calendar.iso_text(millis(value))
    if isinstance(value, Timestamp):
        return timestamp_text(value)
    raise failure(16007, f"can't convert from BSON type {type_name(value)} to String")


def timestamp_text(value: Timestamp) -> str:
    """Return a timestamp as the old string operators write it."""
    moment = calendar.parts_of(value.time * 1000, calendar.UTC_ZONE)
    return (
        f"{calendar.MONTHS[moment.month - 1][:3].title()} {moment.day:2d} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}:{value.inc}"
    )


@FAMILY.operator("$toUpper")
def to_upper(value: Any) -> str:
    """Raise ASCII letters. Code 16007."""
    return coerced(value).translate(_UPPER)


@FAMILY.operator("$toLower")
def to_lower(value: Any) -> str:
    """Lower ASCII letters. Code 16007."""
    return coerced(value).translate(_LOWER)


@FAMILY.operator("$strcasecmp", 2)
def strcasecmp(left: Any, right: Any) -> int:
    """Compare, ASCII letters alike in both cases. Code 16007."""
    a, b = (coerced(one).translate(_UPPER).encode() for one in (left, right))
    return (a > b) - (a < b)


@FAMILY.operator("$strLenBytes")
def str_len_bytes(value: Any) -> int:
    """Count bytes of UTF-8. Code 34473."""
    if type(value) is not str:
        raise failure(34473, f"$strLenBytes requires a string argument, found: {type_name(value)}")
    return len(value.encode())


@FAMILY.operator("$strLenCP")
def str_len_cp(value: Any) -> int:
    """Count code points. Code 34471."""
    if type(value) is not str:
        raise failure(34471, f"$strLenCP requires a string argument, found: {type_name(value)}")
    return len(value)


def _position(name: str, value: Any, code_type: int, code_whole: int, what: str) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            code_type,
            f"{name}: {what} must be a numeric type (is BSON type {type_name(value)})",
        )
    number = whole32(value)
    if number is None:
        raise failure(
            code_whole, f"{name}: {what} cannot be represented as a 32-bit integral value: {value}"
        )
    return number


@FAMILY.operator("$substrCP", 3)
def substr_cp(value: Any, start: Any, count: Any) -> str:
    """Give code points from a position. Codes 16007, 34450 to 34455."""
    text = coerced(value)
    first = _position("$substrCP", start, 34450, 34451, "starting index")
    length = _position("$substrCP", count, 34452, 34453, "length")
    if length < 0:
        raise failure(34454, "$substrCP: length must be a nonnegative integer.")
    if first < 0:
        raise failure(34455, "$substrCP: the starting index must be nonnegative integer.")
    return text[first : first + length]


def _byte_position(name: str, value: Any, code: int, what: str) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            code, f"{name}: {what} must be a numeric type (is BSON type {type_name(value)})"
        )
    if isinstance(value, Decimal128):
        return _rounded_long(value)
    if not is_finite(value) or whole64(int(value)) is None:
        raise failure(31109, f"Can't coerce out of range value {value} to long")
    return int(value)


def _rounded_long(value: Decimal128) -> int:
    """Return a decimal rounded to a long, beyond its range the least long, as processors do."""
    if not is_finite(value) or value.to_decimal().adjusted() > 18:
        return INT64_MIN
    return int(value.to_decimal().to_integral_value(ROUND_HALF_EVEN))


def _is_continuation(content: bytes, index: int) -> bool:
    return index < len(content) and content[index] & 0xC0 == 0x80


def _substr_bytes(name: str) -> Callable[[Any, Any, Any], str]:
    def apply(value: Any, start: Any, count: Any) -> str:
        content = coerced(value).encode()
        first = _byte_position(name, start, 16034, "starting index")
        length = _byte_position(name, count, 16035, "length")
        if first < 0:
            raise failure(50752, f"{name}: starting index must be non-negative (got: {first})")
        end = len(content) if length < 0 else min(first + length, len(content))
        if _is_continuation(content, first):
            raise failure(
                28656, f"{name}:  Invalid range, starting index is a UTF-8 continuation byte."
            )
        if first < end and _is_continuation(content, end):
            raise failure(
                28657,
                f"{name}:  Invalid range, ending index is in the middle of a UTF-8 character.",
            )
        return content[first:end].decode()

    apply.__doc__ = f"Apply {name}. Codes 16007, 16034, 16035, 28656, 28657, 31109, 50752."
    return apply


for _name in ("$substr", "$substrBytes"):
    FAMILY.operator(_name, 3)(_substr_bytes(_name))


def _check_place(name: str, what: str, value: Any) -> int:
    number = whole32(value)
    if number is None:
        raise failure(
            40096,
            f"{name} requires an integral {what} index, found a value of type: {type_name(value)}, with value: {value}",
        )
    if number < 0:
        raise failure(40097, f"{name} requires a nonnegative {what} index, found: {value}")
    return number


def _index_of(
    name: str,
    first_code: int,
    second_code: int,
    encode: Callable[[str], Any],
    find: Callable[..., int],
) -> None:
    def apply(value: Any, wanted: Any, start: Any = 0, end: Any = MISSING) -> Any:
        if type(value) in NULLISH:
            return None
        if type(value) is not str:
            raise failure(
                first_code,
                f"{name} requires a string as the first argument, found: {type_name(value)}",
            )
        if type(wanted) is not str:
            raise failure(
                second_code,
                f"{name} requires a string as the second argument, found: {type_name(wanted)}",
            )
        content = encode(value)
        first = _check_place(name, "starting", start)
        last = len(content)
        if end is not MISSING:
            last = min(_check_place(name, "ending", end), last)
        if first > len(content) or last < first:
            return -1
        return find(content, encode(wanted), first, last)

    FAMILY.operator(name, 2, 4)(apply)


_index_of("$indexOfBytes", 40091, 40092, str.encode, bytes.find)


def _find_starting(text: str, wanted: str, start: int, end: int) -> int:
    """Return where a text begins before `end`, wherever it ends."""
    if not text and not wanted:
        return 0
    found = text.find(wanted, start)
    return found if found < end else -1


_index_of("$indexOfCP", 40093, 40094, str, _find_starting)


@FAMILY.operator("$split", 2)
def split(value: Any, separator: Any) -> Any:
    """Cut a string at a separator. Codes 40085, 40087, 10503900."""
    if type(value) in NULLISH or type(separator) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(
            40085,
            f"$split requires an expression that evaluates to a string as a first argument, found: {type_name(value)}",
        )
    if type(separator) is not str:
        raise failure(
            10503900,
            f"$split requires an expression that evaluates to a string as a second argument, found: {type_name(separator)}",
        )
    if not separator:
        raise failure(40087, "$split requires a non-empty separator")
    return value.split(separator)


_REPLACE_CODES = {
    "input": (51749, 10503904),
    "find": (51748, 10503901),
    "replacement": (51747, 10503902),
}


def _replace(name: str, most: int) -> None:
    named = Named(
        name=name,
        required={
            part: (code, f"{name} requires '{part}' to be specified")
            for part, (code, _) in _REPLACE_CODES.items()
        },
        not_object=(51751, f"{name} requires an object as an argument"),
        unknown=(51750, f"{name} found an unknown argument: {{}}"),
    )

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = named.compiled(argument, scope)

        def evaluate(document: Any, variables: Any) -> Any:
            given = [parts[part].evaluate(document, variables) for part in _REPLACE_CODES]
            for (part, (_, code)), value in zip(_REPLACE_CODES.items(), given, strict=True):
                if type(value) not in NULLISH and type(value) is not str:
                    raise failure(
                        code,
                        f"{name} requires that '{part}' be a string, found: {value}",
                    )
            if any(type(value) in NULLISH for value in given):
                return None
            text, find, replacement = given
            return text.replace(find, replacement, most)

        return folded(evaluate, parts.values())

    FAMILY.form(name)(parse)


_replace("$replaceOne", 1)
_replace("$replaceAll", -1)


def _trim(name: str, cut: Callable[[str, str], str]) -> None:
    named = Named(
        name=name,
        required={"input": (50695, f"{name} requires an 'input' field")},
        optional=("chars",),
        not_object=(50696, f"{name} only supports an object as an argument"),
        unknown=(50694, f"{name} found an unknown argument: {{}}"),
    )

    def parse(argument: Any, scope: Scope) -> Expr:
        has_chars = isinstance(argument, dict) and "chars" in argument
        parts = named.compiled(argument, scope)

        def evaluate(document: Any, variables: Any) -> Any:
            text = parts["input"].evaluate(document, variables)
            if type(text) in NULLISH:
                return None
            if type(text) is not str:
                raise failure(
                    50699,
                    f"{name} requires its input to be a string, got {text} (of type {type_name(text)}) instead.",
                )
            if not has_chars:
                return cut(text, BLANKS)
            chars = parts["chars"].evaluate(document, variables)
            if type(chars) in NULLISH:
                return None
            if type(chars) is not str:
                raise failure(
                    50700,
                    f"{name} requires 'chars' to be a string, got {chars} (of type {type_name(chars)}) instead.",
                )
            return cut(text, chars) if chars else text

        return folded(evaluate, parts.values())

    FAMILY.form(name)(parse)


_trim("$trim", str.strip)
_trim("$ltrim", str.lstrip)
_trim("$rtrim", str.rstrip)
