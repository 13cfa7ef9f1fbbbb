"""What REDUCE makes of the rows of a group; it refuses to group them."""

from collections.abc import Callable, Sequence
from math import ceil, inf, nan, sqrt
from random import Random
from typing import Any

from dotdo_redis.engine.search.rows import Item, Row, as_number

Reducer = Callable[[Sequence[Row], list[str], Random], Item]


class ReducerError(ValueError):
    """A reducer with arguments that make no sense; the message is the module's own."""


def _numbers(rows: Sequence[Row], name: str) -> list[float]:
    found = (as_number(row.get(name)) for row in rows)
    return [number for number in found if number is not None]


def _sum(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    return float(sum(_numbers(rows, names[0])))


def _mean(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    numbers = _numbers(rows, names[0])
    return sum(numbers) / len(numbers) if numbers else nan


def _deviation(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    numbers = _numbers(rows, names[0])
    if len(numbers) < 2:
        return 0.0
    mean = sum(numbers) / len(numbers)
    return sqrt(sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))


def _quantile(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    numbers = sorted(_numbers(rows, names[0]))
    try:
        fraction = float(names[1])
    except (IndexError, ValueError):
        raise ReducerError(
            "Bad arguments for <percent>: Could not convert argument to expected type"
        ) from None
    if not 0 <= fraction <= 1:
        raise ReducerError("Percentage must be between 0.0 and 1.0")
    if not numbers:
        return nan
    return numbers[max(ceil(fraction * len(numbers)) - 1, 0)]


def _key(item: Item) -> Any:
    return tuple(item) if isinstance(item, list) else item


def _distinct(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    found: dict[Any, Item] = {}
    for row in rows:
        item = row.get(names[0])
        for one in item if isinstance(item, list) else [item]:
            if one is not None:
                found.setdefault(_key(one), one)
    return list(found.values())


def _count_distinct(rows: Sequence[Row], names: list[str], random: Random) -> Item:
    found = _distinct(rows, names, random)
    return float(len(found)) if isinstance(found, list) else 0.0


def sort_key(item: Item) -> tuple[int, float, str]:
    """The order of values: numbers, texts, nothing."""
    if item is None:
        return 2, 0.0, ""
    number = as_number(item) if not isinstance(item, list) else None
    if isinstance(item, str) and not isinstance(number, float):
        return 1, 0.0, item
    return (0, number, "") if number is not None else (1, 0.0, str(item))


def _first(rows: Sequence[Row], names: list[str], _random: Random) -> Item:
    ordered = list(rows)
    if len(names) > 2 and names[1].upper() == "BY":
        by = names[2].lstrip("@")
        is_reverse = len(names) > 3 and names[3].upper() == "DESC"
        ordered = [row for row in ordered if row.get(by) is not None]
        ordered.sort(key=lambda row: sort_key(row.get(by)), reverse=is_reverse)
    return ordered[0].get(names[0]) if ordered else None


def _sample(rows: Sequence[Row], names: list[str], random: Random) -> Item:
    items = [row.get(names[0]) for row in rows]
    count = int(names[1]) if len(names) > 1 and names[1].isdigit() else 1
    return items if len(items) <= count else random.sample(items, count)


REDUCERS: dict[str, Reducer] = {
    "COUNT": lambda rows, _names, _random: float(len(rows)),
    "COUNT_DISTINCT": _count_distinct,
    "COUNT_DISTINCTISH": _count_distinct,
    "SUM": _sum,
    "MIN": lambda rows, names, _random: min(_numbers(rows, names[0]), default=inf),
    "MAX": lambda rows, names, _random: max(_numbers(rows, names[0]), default=-inf),
    "AVG": _mean,
    "STDDEV": _deviation,
    "QUANTILE": _quantile,
    "TOLIST": _distinct,
    "FIRST_VALUE": _first,
    "RANDOM_SAMPLE": _sample,
}
