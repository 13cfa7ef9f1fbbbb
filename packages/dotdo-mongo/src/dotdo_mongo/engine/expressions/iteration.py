"""Array operators that evaluate an expression for each member, sort or join members."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from dotdo_mongo.engine.expressions.arrays import check_array
from dotdo_mongo.engine.expressions.declare import (
    Expr,
    Family,
    Named,
    Scope,
    constant,
    folded,
)
from dotdo_mongo.engine.expressions.logic import is_true
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.numbers import whole32
from dotdo_mongo.engine.ordering import parse_sort_by
from dotdo_mongo.engine.values import MISSING, NULLISH, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("iteration")


_FILTER = Named(
    name="$filter",
    required={
        "input": (28648, "Missing 'input' parameter to $filter"),
        "cond": (28650, "Missing 'cond' parameter to $filter"),
    },
    optional=("as", "limit"),
    not_object=(28646, "$filter only supports an object as its argument"),
    unknown=(28647, "Unrecognized parameter to $filter: {}"),
)
_MAP = Named(
    name="$map",
    required={
        "input": (16880, "Missing 'input' parameter to $map"),
        "in": (16882, "Missing 'in' parameter to $map"),
    },
    optional=("as",),
    not_object=(16878, "$map only supports an object as its argument"),
    unknown=(16879, "Unrecognized parameter to $map: {}"),
)
_REDUCE = Named(
    name="$reduce",
    required={
        "input": (40077, "$reduce requires 'input' to be specified"),
        "initialValue": (40078, "$reduce requires 'initialValue' to be specified"),
        "in": (40079, "$reduce requires 'in' to be specified"),
    },
    not_object=(40075, "$reduce requires an object as an argument"),
    unknown=(40076, "$reduce found an unknown argument: {}"),
)


def _loop_variable(parts: dict[str, Any]) -> str:
    name = parts.get("as", "this")
    if "as" not in parts:
        return "this"
    if type(name) is not str:
        raise failure(9, f"'as' must be a string, found: {type_name(name)}")
    check_variable_write(name)
    return name


def _limit(value: Any) -> int | None:
    if type(value) in NULLISH:
        return None
    number = whole32(value)
    if number is None:
        raise failure(
            327391,
            f"$filter: limit must be represented as a 32-bit integral value: {value}",
        )
    if number <= 0:
        raise failure(327392, f"$filter: limit must be greater than 0: {number}")
    return number


@FAMILY.form("$filter")
def filter_(argument: Any, scope: Scope) -> Expr:
    """Keep what meets a condition. Codes 9, 28646 to 28651, 327391, 327392."""
    parts = _FILTER.parts(argument)
    name = _loop_variable(parts)
    source = scope.compile(parts["input"])
    condition = scope.defining(name).compile(parts["cond"])
    limit = scope.compile(parts["limit"]) if "limit" in parts else constant(None)
    keep = condition.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 28651, "input to $filter must be an array not {}")
        most = _limit(limit.evaluate(document, variables))
        inner = dict(variables)
        found = []
        for member in array:
            inner[name] = member
            if is_true(keep(document, inner)):
                found.append(member)
                if len(found) == most:
                    break
        return found

    return folded(evaluate, (source, condition, limit))


@FAMILY.form("$map")
def map_(argument: Any, scope: Scope) -> Expr:
    """Apply an expression to each member. Codes 9, 16878 to 16883."""
    parts = _MAP.parts(argument)
    name = _loop_variable(parts)
    source = scope.compile(parts["input"])
    body = scope.defining(name).compile(parts["in"])
    each = body.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 16883, "input to $map must be an array not {}")
        inner = dict(variables)
        found = []
        for member in array:
            inner[name] = member
            value = each(document, inner)
            found.append(None if value is MISSING else value)
        return found

    return folded(evaluate, (source, body))


@FAMILY.form("$reduce")
def reduce(argument: Any, scope: Scope) -> Expr:
    """Fold an array. Codes 40075 to 40080."""
    parts = _REDUCE.parts(argument)
    source = scope.compile(parts["input"])
    start = scope.compile(parts["initialValue"])
    body = scope.defining("this", "value").compile(parts["in"])
    step = body.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 40080, "$reduce requires that 'input' be an array, found: {}")
        inner = dict(variables)
        inner["value"] = start.evaluate(document, variables)
        for member in array:
            inner["this"] = member
            inner["value"] = step(document, inner)
        return inner["value"]

    return folded(evaluate, (source, start, body))


_SORT = Named(
    name="$sortArray",
    required={
        "input": (2942502, "$sortArray requires 'input' to be specified"),
        "sortBy": (2942503, "$sortArray requires 'sortBy' to be specified"),
    },
    not_object=(2942500, "$sortArray requires an object as an argument"),
    unknown=(2942501, "$sortArray found an unknown argument: {}"),
)


@FAMILY.form("$sortArray")
def sort_array(argument: Any, scope: Scope) -> Expr:
    """Sort an array by its members or their fields. Codes 2942500 to 2942507."""
    parts = _SORT.parts(argument)
    source = scope.compile(parts["input"])
    sort = parse_sort_by(parts["sortBy"], scope.key)

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        return sort(
            check_array(
                array,
                2942504,
                "The input argument to $sortArray must be an array, but was of type: {}",
            )
        )

    return folded(evaluate, (source,))


def _zip_inputs(argument: Any) -> dict[str, Any]:
    if not isinstance(argument, Mapping):
        raise failure(
            34460, f"$zip only supports an object as an argument, found {type_name(argument)}"
        )
    for name, part in argument.items():
        if name not in {"inputs", "defaults", "useLongestLength"}:
            raise failure(34464, f"$zip found an unknown argument: {name}")
        if name == "useLongestLength" and not isinstance(part, bool):
            raise failure(34463, f"useLongestLength must be a bool, found {type_name(part)}")
        if name != "useLongestLength" and not isinstance(part, list):
            code = 34461 if name == "inputs" else 34462
            raise failure(code, f"{name} must be an array of expressions, found {type_name(part)}")
    if not argument.get("inputs"):
        raise failure(34465, "$zip requires at least one input array")
    if argument.get("defaults"):
        if not argument.get("useLongestLength"):
            raise failure(34466, "cannot specify defaults unless useLongestLength is true")
        if len(argument["defaults"]) != len(argument["inputs"]):
            raise failure(34467, "defaults and inputs must have the same length")
    return dict(argument)


@FAMILY.form("$zip")
def zip_(argument: Any, scope: Scope) -> Expr:
    """Transpose arrays. Codes 34460 to 34468."""
    parts = _zip_inputs(argument)
    inputs = [scope.compile(one) for one in parts["inputs"]]
    defaults = [scope.compile(one) for one in parts.get("defaults", ())]
    is_longest = parts.get("useLongestLength", False)

    def evaluate(document: Any, variables: Any) -> Any:
        arrays = [part.evaluate(document, variables) for part in inputs]
        if any(type(array) in NULLISH for array in arrays):
            return None
        for array in arrays:
            check_array(array, 34468, "$zip found a non-array expression in input: {}")
        if not is_longest:
            return [list(row) for row in zip(*arrays, strict=False)]
        fill = [part.evaluate(document, variables) for part in defaults] or [None] * len(arrays)
        return [
            [
                (None if default is MISSING else default) if value is MISSING else value
                for value, default in zip(row, fill, strict=True)
            ]
            for row in zip_longest(*arrays, fillvalue=MISSING)
        ]

    return folded(evaluate, (*inputs, *defaults))
