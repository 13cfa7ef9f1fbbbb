"""Dates taken apart into their parts, and made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bson import DatetimeMS, Int64

from dotdo_mongo.engine.calendar import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Parts,
    iso_week_start,
    local_ms,
    parts_of,
)
from dotdo_mongo.engine.expressions.dates import ABSENT, Values, moment_of, named_form, zone_of
from dotdo_mongo.engine.expressions.declare import Expr, Family, Named, Scope, constant, folded
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.values import (
    INT64_MAX,
    INT64_MIN,
    NULLISH,
    type_name,
)
from dotdo_mongo.errors import failure

FAMILY = Family("dateparts")


_PARTS: tuple[tuple[str, Callable[[Parts], Any]], ...] = (
    ("$year", lambda parts: parts.year),
    ("$month", lambda parts: parts.month),
    ("$dayOfMonth", lambda parts: parts.day),
    ("$dayOfWeek", lambda parts: (parts.weekday + 1) % 7 + 1),
    ("$dayOfYear", lambda parts: parts.day_of_year),
    ("$hour", lambda parts: parts.hour),
    ("$minute", lambda parts: parts.minute),
    ("$second", lambda parts: parts.second),
    ("$millisecond", lambda parts: parts.millisecond),
    ("$week", lambda parts: parts.week()),
    ("$isoWeek", lambda parts: parts.iso_week()[1]),
    ("$isoWeekYear", lambda parts: Int64(parts.iso_week()[0])),
    ("$isoDayOfWeek", lambda parts: parts.weekday + 1),
)


def _part_arguments(name: str, argument: Any, scope: Scope) -> tuple[Expr, Expr]:
    """Read a date, or {date, timezone}. Codes 40535, 40536, 40539."""
    if isinstance(argument, list):
        if len(argument) != 1:
            raise failure(
                40536,
                f"{name} accepts exactly one argument if given an array, but was given {len(argument)}",
            )
        return scope.compile(argument[0]), constant(ABSENT)
    if not isinstance(argument, Mapping) or next(iter(argument), "")[:1] == "$":
        return scope.compile(argument), constant(ABSENT)
    for part in argument:
        if part not in {"date", "timezone"}:
            raise failure(40535, f'unrecognized option to {name}: "{part}"')
    if "date" not in argument:
        raise failure(40539, f"missing 'date' argument to {name}, provided: {argument}")
    where = scope.compile(argument["timezone"]) if "timezone" in argument else constant(ABSENT)
    return scope.compile(argument["date"]), where


def _declare_part(name: str, take: Callable[[Parts], Any]) -> None:
    def parse(argument: Any, scope: Scope) -> Expr:
        date, where = _part_arguments(name, argument, scope)

        def evaluate(document: Any, variables: Any) -> Any:
            value = date.evaluate(document, variables)
            if type(value) in NULLISH:
                return None
            there = zone_of(where.evaluate(document, variables))
            if there is None:
                return None
            return take(parts_of(moment_of(value), there))

        return folded(evaluate, (date, where))

    FAMILY.form(name)(parse)


for _name, _take in _PARTS:
    _declare_part(_name, _take)


def _to_parts(values: Values) -> Any:
    """Apply $dateToParts. Codes 16006, 40521."""
    if type(values["date"]) in NULLISH:
        return None
    where, iso = zone_of(values["timezone"]), values["iso8601"]
    if where is None or type(iso) in NULLISH:
        return None
    if iso is ABSENT:
        iso = False
    if not isinstance(iso, bool):
        raise failure(40521, f"iso8601 must evaluate to a bool, found {type_name(iso)}")
    parts = parts_of(moment_of(values["date"]), where)
    clock = {
        "hour": parts.hour,
        "minute": parts.minute,
        "second": parts.second,
        "millisecond": parts.millisecond,
    }
    if iso:
        year, week = parts.iso_week()
        return {"isoWeekYear": year, "isoWeek": week, "isoDayOfWeek": parts.weekday + 1, **clock}
    return {"year": parts.year, "month": parts.month, "day": parts.day, **clock}


FAMILY.form("$dateToParts")(
    named_form(
        Named(
            name="$dateToParts",
            required={"date": (40522, "Missing 'date' parameter to $dateToParts")},
            optional=("timezone", "iso8601"),
            not_object=(40524, "$dateToParts only supports an object as its argument"),
            unknown=(40520, "Unrecognized argument to $dateToParts: {}"),
        ),
        run=_to_parts,
    )
)

_CALENDAR = ("year", "month", "day")
_ISO = ("isoWeekYear", "isoWeek", "isoDayOfWeek")
_CLOCK = ("hour", "minute", "second", "millisecond")
_START = {"year": 1970, "month": 1, "day": 1, "isoWeekYear": 1970, "isoWeek": 1, "isoDayOfWeek": 1}


def _part_number(name: str, value: Any) -> int | None:
    if value is ABSENT:
        return _START.get(name, 0)
    if type(value) in NULLISH:
        return None
    number = whole64(value)
    if number is None:
        raise failure(
            40515,
            f"'{name}' must evaluate to an integer, found {type_name(value)} with value {value}",
        )
    if name in {"year", "isoWeekYear"}:
        if not 1 <= number <= 9999:
            raise failure(
                40523,
                f"'{name}' must evaluate to an integer in the range 1 to 9999, found {number}",
            )
    elif not -32768 <= number <= 32767 and name not in _CLOCK[2:]:
        raise failure(
            31034,
            f"'{name}' must evaluate to a value in the range [-32768, 32767]; value {number} is not in range",
        )
    return number


def _from_parts(values: Values) -> Any:
    """Apply $dateFromParts. Codes 40515, 40517, 40523, 31034."""
    names = (*(_ISO if values["isoWeekYear"] is not ABSENT else _CALENDAR), *_CLOCK)
    numbers = {}
    is_null = False
    for name in names:
        numbers[name] = _part_number(name, values[name])
        is_null = is_null or numbers[name] is None
    where = zone_of(values["timezone"])
    if is_null or where is None:
        return None
    time = sum(
        (numbers[name] or 0) * size
        for name, size in zip(_CLOCK, (HOUR_MS, MINUTE_MS, SECOND_MS, 1), strict=True)
    )
    first, second, third = (numbers[name] or 0 for name in names[:3])
    if names[0] == "year":
        local = local_ms(first, second, third, time)
    else:
        local = iso_week_start(first, second, third) * DAY_MS + time
    return DatetimeMS(_bounded(where.to_utc(local)))


def _bounded(moment_ms: int) -> int:
    if not INT64_MIN <= moment_ms <= INT64_MAX:
        raise failure(15, "date overflow")
    return moment_ms


_FROM_PARTS = Named(
    name="$dateFromParts",
    optional=(*_CALENDAR, *_ISO, *_CLOCK, "timezone"),
    not_object=(40519, "$dateFromParts only supports an object as its argument"),
    unknown=(40518, "Unrecognized argument to $dateFromParts: {}"),
)


@FAMILY.form("$dateFromParts")
def date_from_parts(argument: Any, scope: Scope) -> Expr:
    """Make a date of its parts. Codes 40489, 40515 to 40519, 40523, 40525."""
    given = _FROM_PARTS.parts(argument)
    if not {"year", "isoWeekYear"} & given.keys():
        raise failure(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
    if "year" in given and {*_ISO} & given.keys():
        raise failure(40489, "$dateFromParts does not allow mixing natural dates with ISO dates")
    if "isoWeekYear" in given and {*_CALENDAR} & given.keys():
        raise failure(40525, "$dateFromParts does not allow mixing ISO dates with natural dates")
    return named_form(_FROM_PARTS, run=_from_parts)(argument, scope)
