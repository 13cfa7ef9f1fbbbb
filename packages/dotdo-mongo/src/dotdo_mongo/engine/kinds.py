"""Kinds of command arguments: each checks one value and gives what the command works with; the errors are MongoDB's."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import (
    Decimal128,
    Int64,
    ObjectId,
)

from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
Check = Callable[[Any, str], Any]
INT32_MAX = (1 << 31) - 1
INT64_MAX = (1 << 63) - 1
_UUID = 4

_NUMBERS = (int, float, Decimal128)


def wrong_type(where: str, value: object, expected: str) -> CommandFailure:
    """Return the failure of an argument of another type."""
    many = f"types '[{expected}]'" if "," in expected else f"type '{expected}'"
    return failure(
        14, f"BSON field '{where}' is the wrong type '{type_name(value)}', expected {many}"
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of argument.

    Args:
        check: Gives the value to work with, or fails; called with the value and where it stands.
        takes_null: null is a value of it; else null stands for a missing argument.
        refuses_null: null is refused like any other wrong type.
    """

    check: Check
    takes_null: bool = False
    refuses_null: bool = False


def _of_type(expected: str, *types: type) -> Check:
    def check(value: Any, where: str) -> Any:
        if type(value) in types:
            return value
        raise wrong_type(where, value, expected)

    return check


def _safe_bool(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal128):
        return value.to_decimal() != 0
    if isinstance(value, (int, float)):
        return value != 0
    raise wrong_type(where, value, "bool, long, int, decimal, double")


def as_long(value: float | Decimal128) -> int:
    """Return a number as a long: cut off, kept within 64 bits, 0 for NaN."""
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        if number.is_nan():
            return 0
        if number.is_infinite() or abs(number) > INT64_MAX:
            return INT64_MAX if number > 0 else -INT64_MAX - 1
        return int(number.to_integral_value())
    if isinstance(value, float):
        if math.isnan(value):
            return 0
        if abs(value) > INT64_MAX:
            return INT64_MAX if value > 0 else -INT64_MAX - 1
    return int(value)


def is_number(value: object) -> bool:
    """It is a number of any type."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def safe_long(minimum: int | None = None, maximum: int | None = None) -> Kind:
    """Return the kind of whole numbers given as a number of any type, fractions cut off."""

    def check(value: Any, where: str) -> int:
        if not is_number(value):
            raise wrong_type(where, value, "long, int, decimal, double")
        number = as_long(value)
        check_bounds(number, where, minimum, maximum)
        return number

    return Kind(check)


def check_bounds(number: int, where: str, minimum: int | None, maximum: int | None) -> None:
    """See that a number lies within its bounds.

    Raises:
        CommandFailure: It does not (code 2).
    """
    if minimum is not None and number < minimum:
        raise failure(
            2, f"BSON field '{where}' value must be >= {minimum}, actual value '{number}'"
        )
    if maximum is not None and number > maximum:
        raise failure(
            2, f"BSON field '{where}' value must be < {maximum + 1}, actual value '{number}'"
        )


def exact_long(value: Any, what: str) -> int:
    """Return a number that is whole.

    Raises:
        CommandFailure: It is no number (code 14), or no whole one in 64 bits (code 9).
    """
    if not is_number(value):
        raise failure(14, f"{what} must be a number")
    if isinstance(value, int):
        return int(value)
    number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
    if not number.is_finite() or abs(number) > INT64_MAX:
        raise failure(9, f"Cannot represent as a 64-bit integer: {what}: {value}")
    if number != number.to_integral_value():
        raise failure(9, f"Expected an integer: {what}: {value}")
    return int(number)


def _max_time(value: Any, where: str) -> int:
    name = where.rpartition(".")[2]
    number = exact_long(value, name)
    if not 0 <= number <= INT32_MAX:
        raise failure(2, f"{number} value for {name} is out of range [0, {INT32_MAX}]")
    return number


def _hint(value: Any, _where: str) -> Any:
    if type(value) is str or isinstance(value, dict):
        return value
    raise failure(9, "Hint must be a string or an object")


_SUBTYPES = {0: "general", 1: "function", 2: "binary", 3: "UUID (old)", 5: "MD5"}


def _subtype_name(value: bytes) -> str:
    return _SUBTYPES.get(getattr(value, "subtype", 0), "other")


def _uuid(value: Any, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise wrong_type(where, value, "binData")
    if getattr(value, "subtype", 0) != _UUID:
        raise failure(
            14,
            f"BSON field '{where}' is the wrong binData type '{_subtype_name(value)}', expected type 'UUID'",
        )
    if len(value) != 16:
        raise failure(207, "uuid must be a 16-byte binary field with UUID (4) subtype")
    return bytes(value)


def _array_of_objects(value: Any, where: str) -> list[dict[str, Any]]:
    if type(value) is not list:
        raise wrong_type(where, value, "array")
    for i, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong_type(f"{where}.{i}", item, "object")
    return value


def _pipeline(value: Any, _where: str) -> list[Any]:
    if type(value) is not list:
        raise failure(14, "A pipeline must be an array of objects")
    for item in value:
        if not isinstance(item, dict):
            raise failure(14, "Each element of the 'pipeline' array must be an object")
    return value


def _updates(value: Any, _where: str) -> Any:
    if isinstance(value, dict):
        return value
    if type(value) is list:
        for item in value:
            if not isinstance(item, dict):
                raise failure(14, "Each element of the 'pipeline' array must be an object")
        return value
    raise failure(9, "Update argument must be either an object or an array")


def _anything(value: Any, _where: str) -> Any:
    return value


def one_of(*names: str) -> Kind:
    """Return the kind of an enumeration of strings."""

    def check(value: Any, where: str) -> str:
        if type(value) is not str:
            raise wrong_type(where, value, "string")
        if value not in names:
            raise failure(
                2, f"Enumeration value '{value}' for field '{where}' is not a valid value."
            )
        return value

    return Kind(check)


OBJECT = Kind(_of_type("object", dict))
ARRAY = Kind(_of_type("array", list))
STRING = Kind(_of_type("string", str))
BOOL = Kind(_of_type("bool", bool))
STRICT_BOOL = Kind(_of_type("bool", bool), refuses_null=True)
SAFE_BOOL = Kind(_safe_bool)
OBJECT_ID = Kind(_of_type("objectId", ObjectId))
LONG = Kind(_of_type("long", Int64, int))
INT = Kind(_of_type("int", int))
EXACT_LONG = Kind(_of_type("long", Int64))
ANY = Kind(_anything, takes_null=True)
HINT = Kind(_hint, takes_null=True)
MAX_TIME = Kind(_max_time)
UUID = Kind(_uuid)
OBJECTS = Kind(_array_of_objects)
PIPELINE = Kind(_pipeline)
UPDATE = Kind(_updates, takes_null=True)
OBJECT_OR_STRING = Kind(_of_type("string, object", str, dict))
NUMBER = Kind(_of_type("long, int, decimal, double", int, Int64, float, Decimal128))


# --- arguments -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its kind, and whether it must be there."""

    kind: Kind
    is_required: bool = False
    default: Any = None


def required(kind: Kind) -> Argument:
    """Return an argument that must be there."""
    return Argument(kind, is_required=True)


def optional(kind: Kind, default: Any = None) -> Argument:
    """Return an argument that has a default."""
    return Argument(kind, default=default)


Declared = Mapping[str, Argument | Kind]
"""Arguments by name; a kind alone is that of an argument that may be missing."""


def as_arguments(declared: Declared) -> dict[str, Argument]:
    """Return arguments by name, those given as a kind alone made such."""
    return {k: v if isinstance(v, Argument) else Argument(v) for k, v in declared.items()}


def missing(where: str) -> Exception:
    """Return the failure of an argument that is not there."""
    return failure(40414, f"BSON field '{where}' is missing but a required field")


def parse_part(declared: Declared, body: Document, where: str) -> Document:
    """Return the members of a part of a command, such as one update statement, with their defaults.

    Raises:
        CommandFailure: See `parse`.
    """
    arguments = as_arguments(declared)
    found = {key: argument.default for key, argument in arguments.items()}
    for key, value in body.items():
        argument = arguments.get(key)
        if argument is None:
            raise failure(40415, f"BSON field '{where}.{key}' is an unknown field.")
        kind = argument.kind
        if value is None and not kind.takes_null and not kind.refuses_null:
            continue
        found[key] = kind.check(value, f"{where}.{key}")
    for key, argument in arguments.items():
        is_given = found[key] is not None or (argument.kind.takes_null and key in body)
        if argument.is_required and not is_given:
            raise missing(f"{where}.{key}")
    return found
