"""$eq, $gt and their like, $in, $mod, $bits..., $type, $exists, $size."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bson import Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex

from dotdo_mongo.engine.match.declare import Family, Predicate, Scope
from dotdo_mongo.engine.match.regex import regex_test
from dotdo_mongo.engine.numbers import is_infinite, is_nan, truncated64, whole32, whole64
from dotdo_mongo.engine.values import (
    MISSING,
    NULLISH,
    NUMBERS,
    R_MISSING,
    R_NAN,
    R_NULL,
    R_NUMBER,
    TYPE_ORDER,
    binary_parts,
    stored_parts,
    type_number,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.match.paths import Test

_MOST_INT = (1 << 31) - 1
FAMILY = Family("comparison")
Siblings = Mapping[str, Any]


def _is_null(value: Any) -> bool:
    return type(value) in NULLISH


def equal_test(wanted: Any, scope: Scope) -> Test:
    """Return the test of equality; null is also what is absent."""
    kind = type(wanted)
    if kind in NULLISH:
        return _is_null
    if (kind is str and scope.context.collation is None) or kind is ObjectId:
        return lambda value: type(value) is kind and value == wanted
    key = scope.key
    goal = key(wanted)
    if kind in {int, Int64, float} and wanted == wanted:

        def same_number(value: Any) -> bool:
            its = type(value)
            if its is Decimal128:
                return key(value) == goal
            return its in NUMBERS and bool(value == wanted)

        return same_number
    return lambda value: key(value) == goal


@FAMILY.operator("$eq")
def eq(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """Equal in BSON order. Code 2 for a regular expression."""
    return Predicate(equal_test(argument, scope))


@FAMILY.operator("$ne")
def ne(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """Not equal. Code 2 for a regular expression."""
    if isinstance(argument, Regex):
        raise failure(2, "Can't have regex as arg to $ne.")
    return Predicate(equal_test(argument, scope), is_negated=True)


def _rank(key: tuple[Any, ...]) -> int:
    rank = int(key[0])
    if rank == R_NAN:
        return R_NUMBER
    return R_NULL if rank == R_MISSING else rank


def _order(name: str, holds: Callable[[Any, Any], bool], *, is_strict: bool) -> None:
    def parse(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:
        del siblings
        if isinstance(argument, Regex):
            raise failure(2, f"Can't have RegEx as arg to predicate over field '{scope.path}'.")
        if isinstance(argument, (MinKey, MaxKey)):
            return Predicate(_extreme_test(argument, holds, scope))
        if type(argument) in NULLISH:
            return Predicate((lambda _: False) if is_strict else _is_null)
        key = scope.key
        goal = key(argument)
        rank = _rank(goal)
        if goal[0] == R_NAN:
            return Predicate((lambda _: False) if is_strict else (lambda value: key(value) == goal))

        def test(value: Any) -> bool:
            found = key(value)
            return found[0] == rank and holds(found, goal)

        return Predicate(test)

    parse.__doc__ = f"{name}: of the same type, by BSON order. Code 2 for a regular expression."
    FAMILY.operator(name)(parse)


def _extreme_test(argument: Any, holds: Callable[[Any, Any], bool], scope: Scope) -> Test:
    key, goal = scope.key, scope.key(argument)
    return lambda value: value is not MISSING and holds(key(value), goal)


_order("$gt", operator.gt, is_strict=True)
_order("$gte", operator.ge, is_strict=False)
_order("$lt", operator.lt, is_strict=True)
_order("$lte", operator.le, is_strict=False)


def _is_expression(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    first = next(iter(value), "")
    return first[:1] == "$" and first not in {"$ref", "$id", "$db"}


def in_test(name: str, argument: Any, scope: Scope) -> Test:
    """Return the test of membership; regular expressions match. Code 2."""
    if not isinstance(argument, list):
        raise failure(2, f"{name} needs an array")
    tests = []
    keys = set()
    has_null = False
    for member in argument:
        if _is_expression(member):
            raise failure(2, f"cannot nest $ under {name}")
        if isinstance(member, Regex):
            tests.append(regex_test(member))
        elif type(member) in NULLISH:
            has_null = True
        else:
            keys.add(scope.key(member))
    key = scope.key

    def test(value: Any) -> bool:
        if type(value) in NULLISH:
            return has_null
        return key(value) in keys or any(one(value) for one in tests)

    return test


@FAMILY.operator("$in")
def in_(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """One of an array. Code 2."""
    return Predicate(in_test("$in", argument, scope))


@FAMILY.operator("$nin")
def nin(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """None of an array. Code 2."""
    return Predicate(in_test("$nin", argument, scope), is_negated=True)


def truth(value: Any) -> bool:
    """Return what a flag's value means: all but false, null and zero is true."""
    if type(value) in NUMBERS:
        return bool((value.to_decimal() if isinstance(value, Decimal128) else value) != 0)
    return value is not False and value is not None


@FAMILY.operator("$exists")
def exists(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """Whether the field is there."""
    return Predicate(
        lambda value: value is not MISSING, enters=False, is_negated=not truth(argument)
    )


_NUMBERS_BY_ALIAS = {alias: number for _, alias, number in TYPE_ORDER.values() if number} | {
    "undefined": 6,
    "dbPointer": 12,
    "symbol": 14,
    "javascriptWithScope": 15,
}
_KNOWN = frozenset(_NUMBERS_BY_ALIAS.values())
NUMERIC = frozenset({1, 16, 18, 19})


def type_numbers(argument: Any, what: str = "type") -> frozenset[int]:
    """Read one alias or number of a type, or several. Codes 2, 9, 14."""
    if isinstance(argument, list):
        if not argument:
            raise failure(9, f"{what} must match at least one type")
        return frozenset().union(*[_type_number(one) for one in argument])
    return _type_number(argument)


def _type_number(value: Any) -> frozenset[int]:
    if type(value) is str:
        if value == "number":
            return NUMERIC
        if value not in _NUMBERS_BY_ALIAS:
            raise failure(2, f"Unknown type name alias: {value}")
        return frozenset({_NUMBERS_BY_ALIAS[value]})
    if type(value) not in NUMBERS:
        raise failure(14, "type must be represented as a number or a string")
    number = whole32(value)
    if number is None or number not in _KNOWN:
        raise failure(2, f"Invalid numerical type code: {value}")
    return frozenset({number})


def type_test(numbers: frozenset[int]) -> Test:
    """Return the test of a type."""
    return lambda value: value is not MISSING and type_number(value) in numbers


@FAMILY.operator("$type")
def type_(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """Of one of the types. Codes 2, 9, 14."""
    return Predicate(type_test(type_numbers(argument)))


@FAMILY.operator("$size")
def size(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """An array of so many members. Code 2."""
    if type(argument) not in NUMBERS:
        raise failure(2, f"Failed to parse $size. Expected a number in: $size: {argument}")
    count = whole64(argument)
    if count is None:
        raise failure(2, f"Failed to parse $size. Expected an integer: $size: {argument}")
    if count < 0:
        raise failure(
            2, f"Failed to parse $size. Expected a non-negative number in: $size: {argument}"
        )
    if count > _MOST_INT:
        raise failure(
            2, f"Failed to parse $size. Cannot represent as a 32-bit integer: $size: {argument}"
        )
    return Predicate(lambda value: isinstance(value, list) and len(value) == count, enters=False)


def _mod_number(value: Any, what: str) -> int:
    if type(value) not in NUMBERS:
        raise failure(2, f"malformed mod, {what} not a number")
    if is_nan(value) or is_infinite(value):
        raise failure(
            2,
            f"malformed mod, {what} value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type",
        )
    number = int(value.to_decimal() if isinstance(value, Decimal128) else value)
    if not -(2**63) <= number < 2**63:
        raise failure(
            2,
            f"malformed mod, {what} value is invalid :: caused by :: Out of bounds coercing to integral value",
        )
    return number


@FAMILY.operator("$mod")
def mod(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """A number with this remainder. Code 2."""
    if not isinstance(argument, list):
        raise failure(2, "malformed mod, needs to be an array")
    if len(argument) < 2:
        raise failure(2, "malformed mod, not enough elements")
    if len(argument) > 2:
        raise failure(2, "malformed mod, too many elements")
    divisor = _mod_number(argument[0], "divisor")
    remainder = _mod_number(argument[1], "remainder")
    if divisor == 0:
        raise failure(2, "divisor cannot be 0")

    def test(value: Any) -> bool:
        if type(value) not in NUMBERS or is_nan(value) or is_infinite(value):
            return False
        number = int(value.to_decimal() if isinstance(value, Decimal128) else value)
        if not -(2**63) <= number < 2**63:
            return False
        return abs(number) % abs(divisor) * (-1 if number < 0 else 1) == remainder

    return Predicate(test)


def _bit_positions(name: str, argument: Any) -> frozenset[int]:
    """Read a mask: a number, positions, or bytes. Codes 2, 9."""
    if isinstance(argument, list):
        return frozenset(_bit_position(name, one) for one in argument)
    if isinstance(argument, bytes):
        _, content = binary_parts(argument)
        return frozenset(
            8 * index + bit
            for index, byte in enumerate(content)
            for bit in range(8)
            if byte >> bit & 1
        )
    if type(argument) in NUMBERS:
        number = whole64(argument)
        if number is None:
            raise failure(9, f"Expected an integer: {name}: {argument}")
        if number < 0:
            raise failure(9, f"Expected a non-negative number in: {name}: {argument}")
        return frozenset(bit for bit in range(64) if number >> bit & 1)
    raise failure(
        2, f"{name} takes an Array, a number, or a BinData but received: {name}: {argument}"
    )


def _bit_position(name: str, value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(2, f"bit positions must be an integer but got: {value}")
    number = whole32(value)
    if number is None:
        raise failure(
            2,
            f"Failed to parse bit position. Expected an integer: {value}",
        )
    if number < 0:
        raise failure(2, f"bit positions must be >= 0 but got: {name}: {value}")
    return number


def _bits(value: Any) -> Callable[[int], bool] | None:
    if isinstance(value, bytes):
        _, content = stored_parts(value)
        return lambda bit: bit // 8 < len(content) and bool(content[bit // 8] >> bit % 8 & 1)
    if type(value) not in NUMBERS:
        return None
    if is_nan(value) or is_infinite(value) or whole64(value) is None:
        return None
    number = truncated64(value)
    return lambda bit: bool(number >> min(bit, 63) & 1)


def _bit_operator(name: str, wanted: bool, choose: Callable[[Any], bool]) -> None:
    def parse(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:
        del scope, siblings
        positions = _bit_positions(name, argument)

        def test(value: Any) -> bool:
            bits = _bits(value)
            return bits is not None and choose(bits(bit) is wanted for bit in positions)

        return Predicate(test)

    parse.__doc__ = f"{name} of numbers and binary data. Codes 2, 9."
    FAMILY.operator(name)(parse)


_bit_operator("$bitsAllSet", True, all)
_bit_operator("$bitsAllClear", False, all)
_bit_operator("$bitsAnySet", True, any)
_bit_operator("$bitsAnyClear", False, any)
