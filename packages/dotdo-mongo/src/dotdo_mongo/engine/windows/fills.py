"""Window functions that fill in, smooth and scale values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DECIMAL_CONTEXT,
    decimal128,
    to_decimal,
    to_double,
    whole64,
    width,
)
from dotdo_mongo.engine.values import DATES, NULLISH, NUMBERS, millis, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

from dotdo_mongo.engine.windows.setting import Function, Setting, number_or_null


def exp_moving_avg(argument: Any, setting: Setting) -> Function:
    """Give the exponential moving average. Code 9."""
    if not isinstance(argument, Mapping) or set(argument) not in (
        {"input", "N"},
        {"input", "alpha"},
    ):
        raise failure(
            9,
            "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
        )
    if setting.sort is None:
        raise failure(9, "$expMovingAvg requires an explicit 'sortBy'")
    if setting.has_window:
        raise failure(9, "$expMovingAvg does not accept a 'window' field")
    source, alpha = setting.scope.compile(argument["input"]), _alpha(argument)

    def run(documents: list[Document]) -> list[Any]:
        found, state = [], None
        for document in documents:
            value = source.evaluate(document, {})
            if type(value) in NUMBERS:
                state = value if state is None else _moved(state, value, alpha)
            found.append(state)
        return found

    return run


def _alpha(argument: Mapping[str, Any]) -> Any:
    if "N" in argument:
        number = whole64(argument["N"]) if type(argument["N"]) in NUMBERS else None
        if number is None or number <= 0:
            raise failure(9, f"'N' field must be a positive integer, but found {argument['N']}")
        return 2 / (number + 1)
    alpha = argument["alpha"]
    if type(alpha) not in NUMBERS or not 0 < to_double(alpha) < 1:
        raise failure(9, f"'alpha' must be between 0 and 1 (exclusive), found alpha: {alpha}")
    return alpha


def _moved(state: Any, value: Any, alpha: Any) -> Any:
    if width(state, value, alpha) == DECIMAL:
        share = to_decimal(alpha)
        context = DECIMAL_CONTEXT
        return decimal128(
            context.add(
                context.multiply(to_decimal(value), share),
                context.multiply(to_decimal(state), 1 - share),
            )
        )
    weight = to_double(alpha)
    return to_double(value) * weight + to_double(state) * (1 - weight)


def locf(argument: Any, setting: Setting) -> Function:
    """Carry the last value forward over null and absent ones. Code 9."""
    if setting.has_window:
        raise failure(9, "$locf does not accept a 'window' field")
    source = setting.scope.compile(argument)

    def run(documents: list[Document]) -> list[Any]:
        found, last = [], None
        for document in documents:
            value = source.evaluate(document, {})
            if type(value) not in NULLISH:
                last = value
            found.append(last)
        return found

    return run


def linear_fill(argument: Any, setting: Setting) -> Function:
    """Fill null and absent values on the line between their neighbours. Codes 605001 to 605003."""
    if setting.has_window:
        raise failure(9, "$linearFill does not accept a 'window' field")
    if setting.sort is None or len(setting.sort) != 1:
        raise failure(
            605001,
            "$linearFill must be specified with a top level sortBy expression with exactly one element",
        )
    assert setting.sort_expression is not None
    source, sort = setting.scope.compile(argument), setting.sort_expression

    def run(documents: list[Document]) -> list[Any]:
        values = [
            number_or_null(source.evaluate(one, {}), 605003, "$linearFill") for one in documents
        ]
        places = [sort.evaluate(one, {}) for one in documents]
        known = [index for index, value in enumerate(values) if value is not None]
        found = list(values)
        for low, high in itertools.pairwise(known):
            for index in range(low + 1, high):
                found[index] = _between(places, values, low, high, index)
        return found

    return run


def _between(places: list[Any], values: list[Any], low: int, high: int, index: int) -> Any:
    a, b, here = (_line_place(places[one]) for one in (low, high, index))
    x, y = values[low], values[high]
    if to_decimal(b) == to_decimal(a):
        raise failure(6050106, "There can be no repeated values in the sort field")
    if width(x, y, a, b, here) == DECIMAL:
        context = DECIMAL_CONTEXT
        share = context.divide(to_decimal(here) - to_decimal(a), to_decimal(b) - to_decimal(a))
        return decimal128(
            context.add(to_decimal(x), context.multiply(share, to_decimal(y) - to_decimal(x)))
        )
    slope = (to_double(y) - to_double(x)) / (to_double(b) - to_double(a))
    return to_double(x) + slope * (to_double(here) - to_double(a))


def _line_place(value: Any) -> Any:
    if type(value) in DATES:
        return millis(value)
    if type(value) not in NUMBERS:
        raise failure(
            605002, f"$linearFill sortBy must be numeric or a date, found {type_name(value)}"
        )
    return value


def min_max_scaler(argument: Any, setting: Setting) -> Function:
    """Scale values between the least and the greatest of the window. Code 10487000."""
    if not isinstance(argument, Mapping) or "input" not in argument:
        raise failure(10487000, "$minMaxScaler requires an object with 'input'")
    source = setting.scope.compile(argument["input"])
    low, high = (
        to_double(argument.get(name, default)) for name, default in (("min", 0), ("max", 1))
    )

    def run(documents: list[Document]) -> list[Any]:
        values = [to_double(source.evaluate(one, {})) for one in documents]
        found = []
        for value, (start, end) in zip(values, setting.window.spans(documents), strict=True):
            least, most = min(values[start:end]), max(values[start:end])
            share = 0.0 if most == least else (value - least) / (most - least)
            found.append(low + share * (high - low))
        return found

    return run
