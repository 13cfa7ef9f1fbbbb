"""Windows: which documents of a partition lie around each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine import dateunits
from dotdo_mongo.engine.calendar import UTC_ZONE
from dotdo_mongo.engine.fieldpath import read
from dotdo_mongo.engine.numbers import to_decimal, to_double, whole32, whole64
from dotdo_mongo.engine.values import DATES, NUMBERS, millis, sort_key, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

Sort = list[tuple[tuple[str, ...], int]]
Bound = float | int | None
"""An offset, 0 for "current", None for "unbounded"."""


def _bound(value: Any, *, is_range: bool) -> Any:
    if value == "unbounded" and type(value) is str:
        return None
    if value == "current" and type(value) is str:
        return 0
    if type(value) is str:
        raise failure(9, f"Window bounds must be 'unbounded', 'current', or a number: {value}")
    if type(value) not in NUMBERS:
        raise failure(9, f"Window bounds must be 'unbounded', 'current', or a number: {value}")
    if is_range:
        return value
    number = whole32(value)
    if number is None:
        raise failure(9, f"Numeric document-based bounds must be an integer: {value}")
    return number


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list):
        raise failure(9, f"Window bounds must be an array, but got {type_name(value)}")
    if len(value) != 2:
        raise failure(9, f"Window bounds must be an array of length 2: {value}")
    low, high = (_bound(one, is_range=name == "range") for one in value)
    if low is not None and high is not None and sort_key(low) > sort_key(high):
        raise failure(5339900, f"Lower bound must not exceed upper bound: {value}")
    return low, high


@dataclass(slots=True, frozen=True)
class Window:
    """A checked window.

    Args:
        low: its lower bound, an offset of documents or of the sort value.
        high: its upper bound.
        is_range: whether bounds are of the sort value.
        unit: of a range over dates.
        path: of the sort value.
    """

    low: Any = None
    high: Any = None
    is_range: bool = False
    unit: str | None = None
    path: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole partition."""
        return self.low is None and self.high is None

    def spans(self, documents: list[Document]) -> list[tuple[int, int]]:
        """Return for each document of a partition the half-open span of its window."""
        count = len(documents)
        if self.is_whole:
            return [(0, count)] * count
        if self.is_range:
            return self._ranges(documents)
        return [
            (
                0 if self.low is None else min(max(index + self.low, 0), count),
                count if self.high is None else min(max(index + self.high + 1, 0), count),
            )
            for index in range(count)
        ]

    def _ranges(self, documents: list[Document]) -> list[tuple[int, int]]:
        values = [self._value(read(document, self.path)) for document in documents]
        count = len(values)
        found = []
        for value in values:
            start = 0 if self.low is None else bisect_left(values, self._shifted(value, self.low))
            end = (
                count
                if self.high is None
                else bisect_right(values, self._shifted(value, self.high))
            )
            found.append((start, max(start, end)))
        return found

    def _value(self, value: Any) -> Any:
        if self.unit is not None:
            if type(value) not in DATES:
                raise failure(
                    5429513,
                    f"Invalid range: Expected the sortBy field to be a Date, but it was {type_name(value)}",
                )
            return millis(value)
        if type(value) in DATES:
            raise failure(
                5429414,
                f"Invalid range: Expected the sortBy field to be a number, but it was {type_name(value)}",
            )
        if type(value) not in NUMBERS:
            raise failure(
                5429414,
                f"Invalid range: Expected the sortBy field to be a number, but it was {type_name(value)}",
            )
        return to_decimal(value)

    def _shifted(self, value: Any, offset: Any) -> Any:
        if self.unit is not None:
            return dateunits.add(value, self.unit, int(to_double(offset)), UTC_ZONE)
        return value + to_decimal(offset)


def parse_window(spec: Any, sort: Sort | None) -> Window:
    """Read `window`. Codes 9, 14, 5339900 to 5339902, 8947401."""
    if not isinstance(spec, Mapping):
        raise failure(9, "'window' field must be an object")
    if not spec:
        return Window()
    for name in spec:
        if name not in {"documents", "range", "unit"}:
            raise failure(
                9,
                f"'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field: {name}",
            )
    if "documents" in spec and len(spec) > 1:
        raise failure(
            9,
            "'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field",
        )
    if "documents" in spec:
        low, high = _pair("documents", spec["documents"])
        if sort is None and not (low is None and high is None):
            raise failure(5339901, "Document-based bounds require a sortBy")
        return Window(low, high)
    if "range" not in spec:
        raise failure(
            9,
            "'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field",
        )
    return _range(spec, sort)


def _range(spec: Mapping[str, Any], sort: Sort | None) -> Window:
    low, high = _pair("range", spec["range"])
    unit = None
    if "unit" in spec:
        if type(spec["unit"]) is not str:
            raise failure(9, "'unit' must be a string")
        unit = dateunits.check_unit(spec["unit"])
        for bound in (low, high):
            if bound is not None and whole64(bound) is None:
                raise failure(9, "With 'unit', range-based bounds must be an integer")
    if not sort or len(sort) != 1:
        raise failure(5339902, "Range-based bounds require a sortBy a single field")
    if sort[0][1] < 0:
        raise failure(8947401, "Range-based bounds require an ascending sortBy")
    return Window(low, high, is_range=True, unit=unit, path=sort[0][0])
