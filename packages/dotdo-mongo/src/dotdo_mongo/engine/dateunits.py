"""Units of time: adding them, counting them and cutting to them, in a timezone."""

from __future__ import annotations

from typing import Any

from dotdo_mongo.engine.calendar import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    WEEKDAYS,
    Zone,
    days_from_civil,
    days_in_month,
    local_ms,
    parts_of,
)
from dotdo_mongo.engine.values import INT64_MAX, INT64_MIN, type_name
from dotdo_mongo.errors import failure

FIXED_MS = {
    "millisecond": 1,
    "second": SECOND_MS,
    "minute": MINUTE_MS,
    "hour": HOUR_MS,
    "day": DAY_MS,
    "week": 7 * DAY_MS,
}
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
UNITS = frozenset({*FIXED_MS, *MONTHS_IN})
_REFERENCE = local_ms(2000, 1, 1)


def check_unit(value: Any, name: str = "unit") -> str:
    """Return a unit's name. Codes 9 for another, 5439013 for no string."""
    if type(value) is not str:
        raise failure(5439013, f"{name} expects string to be a time unit, found {type_name(value)}")
    if value not in UNITS:
        raise failure(9, f"unknown time unit value: {value}")
    return value


def check_weekday(value: Any) -> int:
    """Return a day of the week, Monday 0. Codes 5439015 for no string, 5439016 for another."""
    if type(value) is not str:
        raise failure(5439015, f"startOfWeek expects a string, found {type_name(value)}")
    word = value.lower()
    for index, name in enumerate(WEEKDAYS):
        if word in {name, name[:3]}:
            return index
    raise failure(5439016, f"unknown day of week value: {value}")


def _bounded(moment_ms: int, code: int = 15) -> int:
    if not INT64_MIN <= moment_ms <= INT64_MAX:
        raise failure(code, "date overflow")
    return moment_ms


def add(moment_ms: int, unit: str, amount: int, where: Zone) -> int:
    """Return a moment so many units later. Code 5976500 beyond what can be counted, 15 beyond 64 bits."""
    if unit in {"millisecond", "second", "minute", "hour"}:
        return _bounded(moment_ms + amount * FIXED_MS[unit])
    parts = parts_of(moment_ms, where)
    time = (moment_ms + parts.offset_ms) % DAY_MS
    if unit in FIXED_MS:
        days = (moment_ms + parts.offset_ms) // DAY_MS + amount * (7 if unit == "week" else 1)
        return _bounded(where.to_utc(days * DAY_MS + time))
    months = amount * MONTHS_IN[unit]
    if abs(months) > 300_000_000 * 12:  # all years that 64 bits of milliseconds hold
        raise failure(5976500, f"invalid $dateAdd 'amount' parameter value: {amount} {unit}")
    whole = parts.year * 12 + parts.month - 1 + months
    year, month = divmod(whole, 12)
    day = min(parts.day, days_in_month(year, month + 1))
    return _bounded(where.to_utc(local_ms(year, month + 1, day, time)))


def difference(start_ms: int, end_ms: int, unit: str, where: Zone, week_start: int) -> int:
    """Return how many boundaries of a unit lie between two moments."""
    if unit == "millisecond":
        return end_ms - start_ms
    a, b = (moment + where.offset_at(moment) for moment in (start_ms, end_ms))
    if unit in {"hour", "minute", "second"}:
        size = FIXED_MS[unit]
        return ((end_ms - b % size) - (start_ms - a % size)) // size
    if unit == "day":
        return b // DAY_MS - a // DAY_MS
    if unit == "week":
        return (b // DAY_MS + 3 - week_start) // 7 - (a // DAY_MS + 3 - week_start) // 7
    first, last = (parts_of(moment, where) for moment in (start_ms, end_ms))
    size = MONTHS_IN[unit]
    return (last.year * 12 + last.month - 1) // size - (first.year * 12 + first.month - 1) // size


def truncate(moment_ms: int, unit: str, size: int, where: Zone, week_start: int) -> int:
    """Return the beginning of the bin of so many units, counted from 2000, in which a moment lies."""
    if unit in {"millisecond", "second", "minute", "hour"}:
        return _truncate_clock(moment_ms, FIXED_MS[unit] * size, where)
    local = moment_ms + where.offset_at(moment_ms)
    days = local // DAY_MS
    first = _REFERENCE // DAY_MS
    if unit in FIXED_MS:
        length = size
        if unit == "week":
            length = 7 * size
            first += (week_start - (first + 3) % 7) % 7
        return _bounded(where.to_utc((days - (days - first) % length) * DAY_MS))
    parts = parts_of(moment_ms, where)
    months = (parts.year - 2000) * 12 + parts.month - 1
    months -= months % (MONTHS_IN[unit] * size)
    return _bounded(where.to_utc(days_from_civil(2000, months + 1, 1) * DAY_MS))


def _truncate_clock(moment_ms: int, length: int, where: Zone) -> int:
    if length > INT64_MAX:
        raise failure(5439002, "invalid binSize value: overflow")
    reference = where.to_utc(_REFERENCE)
    return _bounded(moment_ms - (moment_ms - reference) % length)
