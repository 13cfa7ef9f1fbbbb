"""Set operators on arrays: members alike in BSON order are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.expressions.declare import (
    VARIADIC,
    Expr,
    Family,
    Scope,
    arguments_of,
    folded,
)
from dotdo_mongo.engine.expressions.logic import is_true
from dotdo_mongo.engine.values import NULLISH, Key, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("sets")
SortKey = Callable[[Any], Key]


def _array(value: Any, code: int, text: str) -> list[Any]:
    if not isinstance(value, list):
        raise failure(code, text.format(type_name(value)))
    return value


@FAMILY.operator("$allElementsTrue")
def all_elements_true(array: Any) -> bool:
    """Whether no member is false. Code 17040."""
    _array(array, 17040, "$allElementsTrue's argument must be an array, but is {}")
    return all(is_true(member) for member in array)


@FAMILY.operator("$anyElementTrue")
def any_element_true(array: Any) -> bool:
    """Whether a member is true. Code 17041."""
    _array(array, 17041, "$anyElementTrue's argument must be an array, but is {}")
    return any(is_true(member) for member in array)


@FAMILY.operator("$setDifference", 2, null=True, key=True)
def set_difference(key: SortKey, left: Any, right: Any) -> Any:
    """Give the members of the first that the second has not. Codes 17048, 17049."""
    _array(
        left, 17048, "both operands of $setDifference must be arrays. First argument is of type: {}"
    )
    _array(
        right,
        17049,
        "both operands of $setDifference must be arrays. Second argument is of type: {}",
    )
    seen = {key(member) for member in right}
    found = []
    for member in left:
        its = key(member)
        if its not in seen:
            seen.add(its)
            found.append(member)
    return found


@FAMILY.form("$setEquals")
def set_equals(argument: Any, scope: Scope) -> Expr:
    """Whether all arrays have the same members. Codes 17044, 17045, 5887502."""
    given = arguments_of(argument)
    if len(given) < 2:
        raise failure(17045, f"$setEquals needs at least two arguments had: {len(given)}")
    parts = [scope.compile(one) for one in given]
    for part in parts:
        if part.is_constant:
            _array(
                part.constant,
                5887502,
                "All operands of $setEquals must be arrays. One argument is of type: {}",
            )
    key = scope.key

    def evaluate(document: Any, variables: Any) -> bool:
        sets = []
        for part in parts:
            value = part.evaluate(document, variables)
            _array(
                value,
                17044,
                "All operands of $setEquals must be arrays. One argument is of type: {}",
            )
            sets.append({key(member) for member in value})
        return all(one == sets[0] for one in sets)

    return folded(evaluate, parts)


def _distinct(array: list[Any], key: SortKey) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for member in array:
        found.setdefault(key(member), member)
    return found


@FAMILY.operator("$setIntersection", 0, VARIADIC, key=True, commutes=True)
def set_intersection(key: SortKey, *arrays: Any) -> Any:
    """Give the members that all arrays have. Code 17047."""
    common: dict[Key, Any] | None = None
    for array in arrays:
        if type(array) in NULLISH:
            return None
        _array(
            array,
            17047,
            "All operands of $setIntersection must be arrays. One argument is of type: {}",
        )
        if common is None:
            common = _distinct(array, key)
        elif common:
            here = {key(member) for member in array}
            common = {its: member for its, member in common.items() if its in here}
    return [member for _, member in sorted((common or {}).items(), key=lambda pair: pair[0])]


@FAMILY.operator("$setUnion", 0, VARIADIC, key=True, commutes=True)
def set_union(key: SortKey, *arrays: Any) -> Any:
    """Give the members that any array has. Code 17043."""
    found: dict[Key, Any] = {}
    for array in arrays:
        if type(array) in NULLISH:
            return None
        _array(
            array, 17043, "All operands of $setUnion must be arrays. One argument is of type: {}"
        )
        for member in array:
            found.setdefault(key(member), member)
    return [member for _, member in sorted(found.items(), key=lambda pair: pair[0])]


@FAMILY.operator("$setIsSubset", 2, key=True)
def set_is_subset(key: SortKey, left: Any, right: Any) -> bool:
    """Whether the second array has all members of the first. Codes 17042, 17046."""
    _array(
        left, 17046, "both operands of $setIsSubset must be arrays. First argument is of type: {}"
    )
    _array(
        right, 17042, "both operands of $setIsSubset must be arrays. Second argument is of type: {}"
    )
    return {key(member) for member in left} <= {key(member) for member in right}
