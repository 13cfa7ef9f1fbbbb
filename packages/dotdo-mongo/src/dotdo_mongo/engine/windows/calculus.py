"""Window functions over pairs of numbers: covariances, derivatives, integrals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine import dateunits
from dotdo_mongo.engine.aggregates import Total
from dotdo_mongo.engine.expressions.arithmetic import subtract
from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DECIMAL_CONTEXT,
    decimal128,
    divided,
    is_finite,
    multiplied,
    to_decimal,
    to_double,
    width,
)
from dotdo_mongo.engine.values import DATES, NUMBERS, millis, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document
    from dotdo_mongo.engine.expressions import Expr
from dotdo_mongo.engine.windows.setting import Function, Setting, number_or_null


def _pair_parts(argument: Any, setting: Setting) -> list[Expr] | None:
    parts = argument if isinstance(argument, list) else [argument]
    if len(parts) != 2:
        for part in parts:
            setting.scope.compile(part)
        return None
    return [setting.scope.compile(part) for part in parts]


def covariance(*, is_sample: bool) -> Callable[[Any, Setting], Function]:
    """Return the reader of a covariance of two expressions over the window."""

    def parse(argument: Any, setting: Setting) -> Function:
        parts = _pair_parts(argument, setting)

        def run(documents: list[Document]) -> list[Any]:
            if parts is None:
                return [None] * len(documents)
            pairs = [tuple(part.evaluate(document, {}) for part in parts) for document in documents]
            return [
                covariance_of(pairs[start:end], is_sample)
                for start, end in setting.window.spans(documents)
            ]

        return run

    return parse


def covariance_of(pairs: list[tuple[Any, ...]], is_sample: bool) -> Any:
    """Sum deviations from means that move with each pair; what is not finite counts apart."""
    numbers = [pair for pair in pairs if all(type(value) in NUMBERS for value in pair)]
    finite = [pair for pair in numbers if all(is_finite(value) for value in pair)]
    count = len(finite) - (1 if is_sample else 0)
    if count <= 0:
        return None
    if len(finite) > 1 and len(finite) < len(numbers):
        return _not_finite([to_double(value) for pair in numbers for value in pair])
    mean_x, mean_y = Total(has_doubles=True), Total(has_doubles=True)
    moments = Total()
    for x, y in finite:
        before = mean_x.mean()
        mean_x.add(x)
        mean_y.add(y)
        if before is not None:
            moments.add(multiplied(subtract(x, before), subtract(y, mean_y.mean())))
    return divided(moments.value(), float(count))


def _not_finite(values: list[float]) -> float:
    has_both = math.inf in values and -math.inf in values
    if has_both or any(math.isnan(value) for value in values):
        return math.nan
    return math.inf if math.inf in values else -math.inf


def _unit_ms(argument: Mapping[str, Any], name: str) -> int | None:
    if "unit" not in argument:
        return None
    unit = dateunits.check_unit(argument["unit"])
    if unit not in dateunits.FIXED_MS:
        raise failure(
            5490704 if name == "$derivative" else 5490710, "unit must be 'week' or smaller"
        )
    return dateunits.FIXED_MS[unit]


def _calculus(name: str, argument: Any, setting: Setting) -> tuple[Expr, int | None]:
    if not isinstance(argument, Mapping):
        raise failure(9, f"{name} expects an object")
    for part in argument:
        if part not in {"input", "unit"}:
            raise failure(9, f"{name} got unexpected argument: {part}")
    if "input" not in argument:
        raise failure(9, f"{name} requires an 'input' expression")
    if setting.sort is None or len(setting.sort) != 1:
        raise failure(9, f"{name} requires a sortBy of a single ascending field")
    if name == "$derivative" and not setting.has_window:
        raise failure(9, "$derivative requires explicit window bounds")
    return setting.scope.compile(argument["input"]), _unit_ms(argument, name)


def _position(value: Any, unit_ms: int | None, code: int) -> Any:
    if unit_ms is not None:
        if type(value) not in DATES:
            raise failure(code, "with a 'unit' the sortBy must be a Date")
        return millis(value) / unit_ms
    if type(value) in DATES:
        raise failure(code, "without a 'unit' the sortBy must not be a Date")
    if type(value) not in NUMBERS:
        raise failure(code, f"the sortBy must be numeric, but it was {type_name(value)}")
    return value


def _minus(left: Any, right: Any) -> Any:
    if isinstance(left, float) or isinstance(right, float):
        return to_double(left) - to_double(right)
    if width(left, right) == DECIMAL:
        return decimal128(DECIMAL_CONTEXT.subtract(to_decimal(left), to_decimal(right)))
    return int(left) - int(right)


def _over(left: Any, right: Any) -> Any:
    if width(left, right) == DECIMAL:
        return decimal128(DECIMAL_CONTEXT.divide(to_decimal(left), to_decimal(right)))
    return to_double(left) / to_double(right)


def derivative(argument: Any, setting: Setting) -> Function:
    """Give the rate of change over the window. Codes 9, 5490704, 5624900."""
    source, unit_ms = _calculus("$derivative", argument, setting)
    assert setting.sort_expression is not None
    sort = setting.sort_expression

    def run(documents: list[Document]) -> list[Any]:
        found: list[Any] = []
        for start, end in setting.window.spans(documents):
            if end - start < 2:
                found.append(None)
                continue
            first, last = documents[start], documents[end - 1]
            a, b = (_position(sort.evaluate(one, {}), unit_ms, 5624900) for one in (first, last))
            x, y = (
                number_or_null(source.evaluate(one, {}), 5624900, "$derivative")
                for one in (first, last)
            )
            if x is None or y is None:
                found.append(None)
                continue
            run_ = _minus(b, a)
            found.append(None if to_decimal(run_) == 0 else _over(_minus(y, x), run_))
        return found

    return run


def integral(argument: Any, setting: Setting) -> Function:
    """Give the area under the curve over the window. Codes 9, 5490710, 5423900 to 5423902."""
    source, unit_ms = _calculus("$integral", argument, setting)
    assert setting.sort_expression is not None
    sort = setting.sort_expression

    def run(documents: list[Document]) -> list[Any]:
        points = []
        for document in documents:
            place = _position(sort.evaluate(document, {}), unit_ms, 5423902)
            points.append((place, source.evaluate(document, {})))
        return [_area(points[start:end]) for start, end in setting.window.spans(documents)]

    return run


def _area(points: list[tuple[Any, Any]]) -> Any:
    numbers = [(x, y) for x, y in points if type(y) in NUMBERS]
    if len(numbers) < 2:
        return 0 if numbers else None
    if any(width(x, y) == DECIMAL for x, y in numbers):
        context, total = DECIMAL_CONTEXT, to_decimal(0)
        for (a, x), (b, y) in itertools.pairwise(numbers):
            side = context.multiply(to_decimal(b) - to_decimal(a), to_decimal(x) + to_decimal(y))
            total = context.add(total, context.divide(side, to_decimal(2)))
        return decimal128(total)
    return math.fsum(
        (to_double(b) - to_double(a)) * (to_double(x) + to_double(y)) / 2
        for (a, x), (b, y) in itertools.pairwise(numbers)
    )
