"""Array operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.expressions.declare import (
    VARIADIC,
    Expr,
    Family,
    Named,
    Scope,
    folded,
)
from dotdo_mongo.engine.numbers import whole32, whole64
from dotdo_mongo.engine.values import MISSING, NULLISH, NUMBERS, Key, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("arrays")
SortKey = Callable[[Any], Key]


def check_array(value: Any, code: int, text: str) -> list[Any]:
    """Return the array; the error's text may hold {} for the type."""
    if not isinstance(value, list):
        raise failure(code, text.format(type_name(value)))
    return value


@FAMILY.operator("$arrayElemAt", 2, null=True)
def array_elem_at(array: Any, index: Any) -> Any:
    """Give the member at an index, from the end when negative. Codes 28689 to 28691."""
    check_array(array, 28689, "$arrayElemAt's first argument must be an array, but is {}")
    if type(index) not in NUMBERS:
        raise failure(
            28690,
            f"$arrayElemAt's second argument must be a numeric value, but is {type_name(index)}",
        )
    place = whole32(index)
    if place is None:
        raise failure(
            28691,
            f"$arrayElemAt's second argument must be representable as a 32-bit integer: {index}",
        )
    return array[place] if -len(array) <= place < len(array) else MISSING


def _end(name: str, index: int) -> None:
    def apply(array: Any) -> Any:
        check_array(array, 28689, f"{name}'s argument must be an array, but is {{}}")
        return array[index] if array else MISSING

    FAMILY.operator(name, null=True)(apply)


_end("$first", 0)
_end("$last", -1)


@FAMILY.operator("$concatArrays", 0, VARIADIC)
def concat_arrays(*arrays: Any) -> Any:
    """Join arrays. Code 28664."""
    joined: list[Any] = []
    for array in arrays:
        if type(array) in NULLISH:
            return None
        joined += check_array(array, 28664, "$concatArrays only supports arrays, not {}")
    return joined


@FAMILY.operator("$isArray")
def is_array(value: Any) -> bool:
    """Whether it is an array."""
    return isinstance(value, list)


@FAMILY.operator("$in", 2, key=True)
def in_(key: SortKey, value: Any, array: Any) -> bool:
    """Whether an array holds a value. Code 40081."""
    check_array(array, 40081, "$in requires an array as a second argument, found: {}")
    wanted = key(value)
    return any(key(member) == wanted for member in array)


def check_index(name: str, what: str, value: Any) -> int:
    """Read a start or end. Codes 9711600 type, 9711601 negative."""
    number = whole32(value)
    if number is None:
        raise failure(
            9711600,
            f"{name} requires an integral {what} index, found a value of type: {type_name(value)}, with value: {value}",
        )
    if number < 0:
        raise failure(9711601, f"{name} requires a nonnegative {what} index, found: {value}")
    return number


@FAMILY.operator("$indexOfArray", 2, 4, key=True)
def index_of_array(key: SortKey, array: Any, value: Any, start: Any = 0, end: Any = None) -> Any:
    """Give where a value first is, -1 where it is not. Codes 40090, 9711600, 9711601."""
    if type(array) in NULLISH:
        return None
    check_array(array, 40090, "$indexOfArray requires an array as a first argument, found: {}")
    first = check_index("$indexOfArray", "starting", start)
    last = len(array) if end is None else check_index("$indexOfArray", "ending", end)
    wanted = key(value)
    for index in range(first, min(last, len(array))):
        if key(array[index]) == wanted:
            return index
    return -1


@FAMILY.operator("$range", 2, 3)
def range_(start: Any, end: Any, step: Any = 1) -> list[int]:
    """Give the numbers from start up to end. Codes 34443 to 34449."""
    bounds = []
    for value, what, code in ((start, "start", 34443), (end, "end", 34445), (step, "step", 34447)):
        if type(value) not in NUMBERS:
            raise failure(
                code,
                f"$range requires a numeric {what}ing value, found value of type: {type_name(value)}",
            )
        number = whole32(value)
        if number is None:
            raise failure(
                code + 1,
                f"$range requires a {what}ing value that can be represented as a 32-bit integer, found value: {value}",
            )
        bounds.append(number)
    if bounds[2] == 0:
        raise failure(34449, "$range requires a non-zero step value")
    return list(range(*bounds))


@FAMILY.operator("$reverseArray", null=True)
def reverse_array(array: Any) -> Any:
    """Give the array backwards. Code 34435."""
    return check_array(
        array, 34435, "The argument to $reverseArray must be an array, but was of type: {}"
    )[::-1]


@FAMILY.operator("$size")
def size(array: Any) -> int:
    """Count the members. Code 17124."""
    return len(
        check_array(array, 17124, "The argument to $size must be an array, but was of type: {}")
    )


def _slice_number(value: Any, place: str, code: int) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            code, f"{place} argument to $slice must be numeric, but is of type: {type_name(value)}"
        )
    number = whole32(value)
    if number is None:
        raise failure(
            code + 1,
            f"{place} argument to $slice can't be represented as a 32-bit integer: {value}",
        )
    return number


@FAMILY.operator("$slice", 2, 3, null=True)
def slice_array(array: Any, *bounds: Any) -> Any:
    """Give the first or last n members, or n from a position. Codes 28724 to 28729."""
    check_array(array, 28724, "First argument to $slice must be an array, but is of type: {}")
    first = _slice_number(bounds[0], "Second", 28725)
    if len(bounds) == 1:
        return array[:first] if first >= 0 else array[first:]
    count = _slice_number(bounds[1], "Third", 28727)
    if count <= 0:
        raise failure(28729, f"Third argument to $slice must be positive: {count}")
    start = max(len(array) + first, 0) if first < 0 else first
    return array[start : start + count]


def n_named(name: str) -> Named:
    """Return the declaration of {n, input}. Codes 5787801, 5787900 to 5787907."""
    return Named(
        name=name,
        required={
            "n": (5787906, "Missing value for 'n'"),
            "input": (5787907, "Missing value for 'input'"),
        },
        not_object=(5787900, f"specification must be an object; found {name}"),
        unknown=(5787901, "Unknown argument for 'n' operator: {}"),
    )


def check_n(value: Any) -> int:
    """Read the `n` of $firstN and its like. Codes 5787902, 5787903, 5787908."""
    if type(value) not in NUMBERS:
        raise failure(5787902, f"Value for 'n' must be of integral type, but found {value}")
    number = whole64(value)
    if number is None:
        raise failure(5787903, f"Value for 'n' must be of integral type, but found {value}")
    if number <= 0:
        raise failure(5787908, f"'n' must be greater than 0, found {number}")
    return number


def n_operator(name: str, pick: Callable[[SortKey, list[Any], int], list[Any]]) -> None:
    """Declare an operator of {n, input}. Code 5788200 when the input is no array."""
    named = n_named(name)

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = named.compiled(argument, scope)
        count, source, key = parts["n"], parts["input"], scope.key

        def evaluate(document: Any, variables: Any) -> Any:
            most = check_n(count.evaluate(document, variables))
            array = source.evaluate(document, variables)
            if not isinstance(array, list):
                raise failure(5788200, f"Input must be an array, found {type_name(array)}")
            return pick(key, array, most)

        return folded(evaluate, (count, source))

    FAMILY.form(name)(parse)


def _present(array: list[Any]) -> list[Any]:
    return [member for member in array if type(member) not in NULLISH]


n_operator("$firstN", lambda _, array, count: array[:count])
n_operator("$lastN", lambda _, array, count: array[-count:])
n_operator(
    "$maxN", lambda key, array, count: sorted(_present(array), key=key, reverse=True)[:count]
)
n_operator("$minN", lambda key, array, count: sorted(_present(array), key=key)[:count])
