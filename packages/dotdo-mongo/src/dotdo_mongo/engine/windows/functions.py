"""Window functions: of a partition's documents, in order, to a value for each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine import dateunits
from dotdo_mongo.engine.accumulators import ACCUMULATORS
from dotdo_mongo.engine.aggregates import Total
from dotdo_mongo.engine.context import Document
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
    whole32,
    whole64,
    width,
)
from dotdo_mongo.engine.ordering import document_key
from dotdo_mongo.engine.values import DATES, MISSING, NULLISH, NUMBERS, millis, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.expressions import Expr, Scope
    from dotdo_mongo.engine.windows.bounds import Sort, Window

Function = Callable[[list[Document]], list[Any]]


@dataclass(slots=True, frozen=True, kw_only=True)
class Setting:
    """What a function stands in: how the partition is sorted, its window and whether one was given."""

    scope: Scope
    sort: Sort | None
    window: Window
    has_window: bool
    sort_expression: Expr | None = None


def accumulated(name: str, argument: Any, setting: Setting) -> Function:
    """Return an accumulator over each document's window."""
    scope = setting.scope
    part = ACCUMULATORS[name](argument, scope)

    def run(documents: list[Document]) -> list[Any]:
        values = [part.read(document, {}) for document in documents]
        spans = setting.window.spans(documents)
        found: list[Any] = []
        state, last = part.start(None), (0, 0)
        for start, end in spans:
            if start == last[0] and end >= last[1]:
                for value in values[last[1] : end]:
                    state.add(value)
                last = (start, end)
            else:
                state, last = part.start(None), (start, end)
                for value in values[start:end]:
                    state.add(value)
            found.append(state.value())
        return found

    return run


def _check_rank(name: str, argument: Any, setting: Setting) -> Sort:
    if setting.has_window:
        raise failure(5371601, "Rank style window functions take no other arguments")
    if argument != {} or not isinstance(argument, Mapping):
        raise failure(5371603, f"(None) {name} must be specified with '{{}}' as the value")
    if setting.sort is None or len(setting.sort) != 1:
        raise failure(
            5371602,
            f"{name} must be specified with a top level sortBy expression with exactly one element",
        )
    return setting.sort


def document_number(argument: Any, setting: Setting) -> Function:
    """Number documents from 1. Codes 5371601 to 5371603."""
    _check_rank("$documentNumber", argument, setting)
    return lambda documents: list(range(1, len(documents) + 1))


def _ranks(documents: list[Document], setting: Setting, sort: Sort, *, is_dense: bool) -> list[int]:
    of = document_key(sort, setting.scope.key)
    found: list[int] = []
    rank, last = 0, None
    for index, document in enumerate(documents):
        key = of(document)
        if index == 0 or key != last:
            rank = rank + 1 if is_dense else index + 1
            last = key
        found.append(rank)
    return found


def rank(argument: Any, setting: Setting) -> Function:
    """Rank documents, equals alike, with gaps. Codes 5371601 to 5371603."""
    sort = _check_rank("$rank", argument, setting)
    return lambda documents: _ranks(documents, setting, sort, is_dense=False)


def dense_rank(argument: Any, setting: Setting) -> Function:
    """Rank documents, equals alike, without gaps. Codes 5371601 to 5371603."""
    sort = _check_rank("$denseRank", argument, setting)
    return lambda documents: _ranks(documents, setting, sort, is_dense=True)


def shift(argument: Any, setting: Setting) -> Function:
    """Give an expression of the document so many places on. Code 9."""
    offset = _check_shift(argument, setting)
    output = setting.scope.compile(argument["output"])
    default = None
    if "default" in argument:
        given = setting.scope.compile(argument["default"])
        if not given.is_constant:
            raise failure(9, "'$shift:default' expression must yield a constant value")
        default = given.constant

    def run(documents: list[Document]) -> list[Any]:
        values = [output.evaluate(document, {}) for document in documents]
        count = len(values)
        return [
            (None if values[index + offset] is MISSING else values[index + offset])
            if 0 <= index + offset < count
            else default
            for index in range(count)
        ]

    return run


def _check_shift(argument: Any, setting: Setting) -> int:
    if setting.has_window:
        raise failure(9, "$shift does not accept a 'window' field")
    if not isinstance(argument, Mapping):
        raise failure(9, "Argument to $shift must be an object")
    for name in argument:
        if name not in {"output", "by", "default"}:
            raise failure(9, f"Unknown argument in $shift: {name}")
    for name in ("output", "by"):
        if name not in argument:
            raise failure(9, f"$shift requires an '{name}' expression.")
    if setting.sort is None:
        raise failure(9, "'$shift' requires a sortBy")
    offset = whole32(argument["by"])
    if offset is None:
        raise failure(9, f"'$shift:by' field must be an integer, but found {argument['by']}")
    return offset


def _pair_parts(argument: Any, setting: Setting) -> list[Expr] | None:
    parts = argument if isinstance(argument, list) else [argument]
    if len(parts) != 2:
        for part in parts:
            setting.scope.compile(part)
        return None
    return [setting.scope.compile(part) for part in parts]


def _covariance(*, is_sample: bool) -> Callable[[Any, Setting], Function]:
    def parse(argument: Any, setting: Setting) -> Function:
        parts = _pair_parts(argument, setting)

        def run(documents: list[Document]) -> list[Any]:
            if parts is None:
                return [None] * len(documents)
            pairs = [tuple(part.evaluate(document, {}) for part in parts) for document in documents]
            return [
                _covariance_of(pairs[start:end], is_sample)
                for start, end in setting.window.spans(documents)
            ]

        return run

    return parse


def _covariance_of(pairs: list[tuple[Any, ...]], is_sample: bool) -> Any:
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


def _number_or_null(value: Any, code: int, name: str) -> Any:
    if type(value) in NULLISH:
        return None
    if type(value) not in NUMBERS:
        raise failure(code, f"{name} requires numeric values, found {type_name(value)}")
    return value


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
                _number_or_null(source.evaluate(one, {}), 5624900, "$derivative")
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
            _number_or_null(source.evaluate(one, {}), 605003, "$linearFill") for one in documents
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


FUNCTIONS: dict[str, Callable[[Any, Setting], Function]] = {
    "$rank": rank,
    "$denseRank": dense_rank,
    "$documentNumber": document_number,
    "$shift": shift,
    "$covariancePop": _covariance(is_sample=False),
    "$covarianceSamp": _covariance(is_sample=True),
    "$derivative": derivative,
    "$integral": integral,
    "$expMovingAvg": exp_moving_avg,
    "$locf": locf,
    "$linearFill": linear_fill,
    "$minMaxScaler": min_max_scaler,
}
RANKS = frozenset({"$rank", "$denseRank", "$documentNumber"})
NO_WINDOW = frozenset({"$accumulator", "$mergeObjects"})
