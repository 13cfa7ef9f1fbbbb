"""Window functions: of a partition's documents, in order, to a value for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.accumulators import ACCUMULATORS
from dotdo_mongo.engine.windows.calculus import covariance, derivative, integral
from dotdo_mongo.engine.windows.fills import exp_moving_avg, linear_fill, locf, min_max_scaler
from dotdo_mongo.engine.windows.ranks import dense_rank, document_number, rank, shift
from dotdo_mongo.engine.windows.spread import MovingSpread

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_mongo.engine.context import Document
    from dotdo_mongo.engine.expressions import Evaluate
    from dotdo_mongo.engine.windows.setting import Function, Setting

_SPREADS = {"$stdDevPop": False, "$stdDevSamp": True}


def accumulated(name: str, argument: Any, setting: Setting) -> Function:
    """Return an accumulator over each document's window."""
    scope = setting.scope
    part = ACCUMULATORS[name](argument, scope)
    is_sample = _SPREADS.get(name)
    if is_sample is not None and setting.window.low is not None:
        return _moving(part.read, setting, is_sample=is_sample)

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


def _moving(read: Evaluate, setting: Setting, *, is_sample: bool) -> Function:
    def run(documents: list[Document]) -> list[Any]:
        values = [read(document, {}) for document in documents]
        state = MovingSpread(is_sample=is_sample)
        found: list[Any] = []
        low = high = 0
        for start, end in setting.window.spans(documents):
            for value in values[high:end]:
                state.add(value)
            for value in values[low : min(start, end)]:
                state.remove(value)
            low, high = max(low, min(start, end)), max(high, end)
            found.append(state.value())
        return found

    return run


FUNCTIONS: dict[str, Callable[[Any, Setting], Function]] = {
    "$rank": rank,
    "$denseRank": dense_rank,
    "$documentNumber": document_number,
    "$shift": shift,
    "$covariancePop": covariance(is_sample=False),
    "$covarianceSamp": covariance(is_sample=True),
    "$derivative": derivative,
    "$integral": integral,
    "$expMovingAvg": exp_moving_avg,
    "$locf": locf,
    "$linearFill": linear_fill,
    "$minMaxScaler": min_max_scaler,
}
RANKS = frozenset({"$rank", "$denseRank", "$documentNumber"})
NO_WINDOW = frozenset({"$accumulator", "$mergeObjects"})
