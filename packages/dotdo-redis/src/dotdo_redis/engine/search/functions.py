"""Functions of texts, times and places in expressions; it refuses mathematics, which is beside."""

import calendar
import time
from collections.abc import Callable
from math import floor, nan
from typing import Any

from dotdo_redis.engine.geo import distance_m
from dotdo_redis.engine.search.rows import Item, as_number, as_text

DAY, HOUR, MINUTE = 86400, 3600, 60


def _substring(item: Item, start: Item, length: Item) -> Item:
    text = as_text(item)
    first, count = int(as_number(start) or 0), int(as_number(length) or 0)
    first = max(first + len(text), 0) if first < 0 else first
    return text[first : len(text) + count + 1 if count < 0 else first + count]


def _formatted(pattern: Item, *arguments: Item) -> Item:
    rest = iter(arguments)
    parts = as_text(pattern).split("%%")
    found = []
    for part in parts:
        pieces = part.split("%s")
        found.append(pieces[0] + "".join(as_text(next(rest, "")) + piece for piece in pieces[1:]))
    return "%".join(found)


def _split(item: Item, separators: Item = ",", strip: Item = " ") -> Item:
    text = as_text(item)
    for mark in as_text(separators)[1:]:
        text = text.replace(mark, as_text(separators)[0])
    parts = text.split(as_text(separators)[0])
    return [part.strip(as_text(strip)) for part in parts if part.strip(as_text(strip))]


def _number(item: Item) -> Item:
    number = as_number(item)
    return nan if number is None else number


def _time_text(item: Item, pattern: Item = "%FT%TZ") -> Item:
    number = as_number(item)
    if number is None:
        return None
    spelt = as_text(pattern).replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    return time.strftime(spelt, time.gmtime(number))


def _time_of(item: Item, pattern: Item = "%FT%TZ") -> Item:
    spelt = as_text(pattern).replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    try:
        return float(calendar.timegm(time.strptime(as_text(item), spelt)))
    except ValueError:
        return None


def _floored(unit: int) -> Callable[[Item], Item]:
    def apply(item: Item) -> Item:
        number = as_number(item)
        return None if number is None else float(floor(number / unit) * unit)

    return apply


def _moment(part: Callable[[time.struct_time], float]) -> Callable[[Item], Item]:
    def apply(item: Item) -> Item:
        number = as_number(item)
        return None if number is None else float(part(time.gmtime(number)))

    return apply


def _month(moment: time.struct_time) -> float:
    return calendar.timegm((moment.tm_year, moment.tm_mon, 1, 0, 0, 0))


def _far(*items: Item) -> Item:
    numbers: list[float] = []
    for item in items:
        parts = as_text(item).replace(",", " ").split()
        numbers += [float(part) for part in parts]
    if len(numbers) != 4:
        return nan
    return round(distance_m((numbers[0], numbers[1]), (numbers[2], numbers[3])), 2)


def _case(condition: Item, then: Item, otherwise: Item) -> Item:
    return then if (condition != "" and bool(condition)) else otherwise


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "upper": lambda item: as_text(item).upper(),
    "lower": lambda item: as_text(item).lower(),
    "startswith": lambda item, start: float(as_text(item).startswith(as_text(start))),
    "contains": lambda item, part: float(
        as_text(item).count(as_text(part)) if as_text(part) else len(as_text(item)) + 1
    ),
    "strlen": lambda item: float(len(as_text(item).encode())),
    "substr": _substring,
    "format": _formatted,
    "split": _split,
    "matched_terms": lambda *_arguments: [],
    "to_number": _number,
    "to_str": as_text,
    "exists": lambda item: float(item is not None),
    "timefmt": _time_text,
    "parsetime": _time_of,
    "day": _floored(DAY),
    "hour": _floored(HOUR),
    "minute": _floored(MINUTE),
    "month": _moment(_month),
    "dayofweek": _moment(lambda moment: (moment.tm_wday + 1) % 7),
    "dayofmonth": _moment(lambda moment: moment.tm_mday),
    "dayofyear": _moment(lambda moment: moment.tm_yday - 1),
    "year": _moment(lambda moment: moment.tm_year),
    "monthofyear": _moment(lambda moment: moment.tm_mon - 1),
    "geodistance": _far,
    "case": _case,
}
