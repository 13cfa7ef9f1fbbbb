"""The accumulators as expressions: over their arguments, or over the one array they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dotdo_mongo.engine.aggregates import Deviation, Total, extreme, numbers_in, percentiles
from dotdo_mongo.engine.expressions.declare import Expr, Family, Scope, arguments_of, folded
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.values import NUMBERS, Key, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("accumulate")
SortKey = Callable[[Any], Key]


def _declare(name: str, run: Callable[[SortKey, list[Any]], Any]) -> None:
    def parse(argument: Any, scope: Scope) -> Expr:
        parts = [scope.compile(one) for one in arguments_of(argument)]
        calls = [part.evaluate for part in parts]
        key = scope.key
        is_single = len(calls) == 1

        def evaluate(document: Any, variables: Any) -> Any:
            values = [call(document, variables) for call in calls]
            if is_single and isinstance(values[0], list):
                values = values[0]
            return run(key, values)

        return folded(evaluate, parts)

    FAMILY.form(name)(parse)


def total_of(values: list[Any], *, has_doubles: bool = False) -> Total:
    """Return the total of values."""
    total = Total(has_doubles=has_doubles)
    for value in values:
        total.add(value)
    return total


def deviation_of(values: list[Any]) -> Deviation:
    """Return the deviation of values."""
    deviation = Deviation()
    for value in values:
        deviation.add(value)
    return deviation


_declare("$sum", lambda _, values: total_of(values).value())
_declare("$avg", lambda _, values: total_of(values, has_doubles=True).mean())
_declare("$stdDevPop", lambda _, values: deviation_of(values).population())
_declare("$stdDevSamp", lambda _, values: deviation_of(values).sample())
_declare("$max", lambda key, values: extreme(values, key, True))
_declare("$min", lambda key, values: extreme(values, key, False))


def _share(value: Any) -> float:
    if type(value) not in NUMBERS:
        raise failure(
            7750301,
            f"The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: {value}",
        )
    number = to_double(value)
    if not 0 <= number <= 1:
        raise failure(
            7750303,
            f"The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: {value}",
        )
    return number


def shares(value: Any) -> list[float]:
    """Read the `p` of $percentile. Codes 7750300 to 7750303."""
    if not isinstance(value, list):
        raise failure(
            7750300, f"The $percentile 'p' field must be an array, but found {type_name(value)}"
        )
    if not value:
        raise failure(7750301, "The $percentile 'p' field must not be an empty array")
    return [_share(one) for one in value]


def check_method(name: str, argument: Mapping[str, Any]) -> None:
    """Refuse methods that are none. Code 2."""
    method = argument["method"]
    if type(method) is not str:
        raise failure(
            14,
            f"BSON field '{name}.method' is the wrong type '{type_name(method)}', expected type 'string'",
        )
    if method not in {"approximate", "discrete", "continuous"}:
        raise failure(2, "Currently only 'approximate' can be used as a percentile 'method'.")
    if method != "approximate":
        raise failure(2, "Currently only 'approximate' can be used as a percentile 'method'.")


def percentile_parts(name: str, argument: Any, scope: Scope) -> tuple[Expr, list[float]]:
    """Read {input, p, method} of $percentile or {input, method} of $median. Codes 14, 40414, 40415, 7436100 to 7750303."""
    if not isinstance(argument, Mapping):
        code = 7436200 if name == "$percentile" else 7436100
        raise failure(code, f"specification must be an object; found {name}: {argument}")
    required = ("input", "p", "method") if name == "$percentile" else ("input", "method")
    for part in argument:
        if part not in required:
            raise failure(40415, f"BSON field '{name}.{part}' is an unknown field.")
    for part in required:
        if part not in argument:
            raise failure(40414, f"BSON field '{name}.{part}' is missing but a required field")
    check_method(name, argument)
    wanted = [0.5]
    if name == "$percentile":
        given = scope.compile(argument["p"])
        if not given.is_constant:
            raise failure(7750300, "The $percentile 'p' field must evaluate to a constant")
        wanted = shares(given.constant)
    return scope.compile(argument["input"]), wanted


def _declare_percentile(name: str, is_list: bool) -> None:
    def parse(argument: Any, scope: Scope) -> Expr:
        source, wanted = percentile_parts(name, argument, scope)

        def evaluate(document: Any, variables: Any) -> Any:
            value = source.evaluate(document, variables)
            values = value if isinstance(value, list) else [value]
            found = percentiles(numbers_in(values), wanted)
            return found if is_list else found[0]

        return folded(evaluate, (source,))

    FAMILY.form(name)(parse)


_declare_percentile("$percentile", True)
_declare_percentile("$median", False)
