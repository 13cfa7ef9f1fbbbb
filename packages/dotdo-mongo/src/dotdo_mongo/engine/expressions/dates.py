"""Date operators: parts, formats, arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bson import DatetimeMS, Int64, ObjectId, Timestamp

from dotdo_mongo.engine import dateformat, dateunits
from dotdo_mongo.engine.calendar import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    UTC_ZONE,
    Parts,
    Zone,
    iso_week_start,
    local_ms,
    parts_of,
    zone,
)
from dotdo_mongo.engine.conversion import id_seconds
from dotdo_mongo.engine.expressions.declare import Expr, Family, Named, Scope, constant, folded
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.values import (
    DATES,
    INT64_MAX,
    INT64_MIN,
    NULLISH,
    millis,
    type_name,
)
from dotdo_mongo.errors import failure

FAMILY = Family("dates")
Values = dict[str, Any]


def date_millis(value: Any) -> int | None:
    """Return the milliseconds of a date, a timestamp or an id; None for others."""
    if type(value) in DATES:
        return millis(value)
    if isinstance(value, Timestamp):
        return value.time * 1000
    if isinstance(value, ObjectId):
        return id_seconds(value) * 1000
    return None


def _moment(value: Any, code: int = 16006) -> int:
    found = date_millis(value)
    if found is None:
        raise failure(code, f"can't convert from BSON type {type_name(value)} to Date")
    return found


def _zone(value: Any) -> Zone | None:
    """Read a timezone, UTC where none was given, None for null. Codes 40485, 40517."""
    if value is _ABSENT:
        return UTC_ZONE
    if type(value) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(40517, f"timezone must evaluate to a string, found {type_name(value)}")
    return zone(value)


class _Absent:
    """Stands for a part that was not given, where null would be something else."""


_ABSENT = _Absent()


def named_form(named: Named, *, run: Callable[[Values], Any]) -> Callable[[Any, Scope], Expr]:
    """Return the reader of an operator that works on the values of its named parts; absent ones are _ABSENT."""

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = {name: scope.compile(part) for name, part in named.parts(argument).items()}
        calls = [(name, part.evaluate) for name, part in parts.items()]
        absent = {name: _ABSENT for name in named.optional if name not in parts}

        def evaluate(document: Any, variables: Any) -> Any:
            values = {name: call(document, variables) for name, call in calls}
            return run({**values, **absent})

        return folded(evaluate, parts.values())

    return parse


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
        return scope.compile(argument[0]), constant(_ABSENT)
    if not isinstance(argument, Mapping) or next(iter(argument), "")[:1] == "$":
        return scope.compile(argument), constant(_ABSENT)
    for part in argument:
        if part not in {"date", "timezone"}:
            raise failure(40535, f'unrecognized option to {name}: "{part}"')
    if "date" not in argument:
        raise failure(40539, f"missing 'date' argument to {name}, provided: {argument}")
    where = scope.compile(argument["timezone"]) if "timezone" in argument else constant(_ABSENT)
    return scope.compile(argument["date"]), where


def _declare_part(name: str, take: Callable[[Parts], Any]) -> None:
    def parse(argument: Any, scope: Scope) -> Expr:
        date, where = _part_arguments(name, argument, scope)

        def evaluate(document: Any, variables: Any) -> Any:
            value = date.evaluate(document, variables)
            if type(value) in NULLISH:
                return None
            there = _zone(where.evaluate(document, variables))
            if there is None:
                return None
            return take(parts_of(_moment(value), there))

        return folded(evaluate, (date, where))

    FAMILY.form(name)(parse)


for _name, _take in _PARTS:
    _declare_part(_name, _take)


def _to_parts(values: Values) -> Any:
    """Apply $dateToParts. Codes 16006, 40521."""
    if type(values["date"]) in NULLISH:
        return None
    where, iso = _zone(values["timezone"]), values["iso8601"]
    if where is None or type(iso) in NULLISH:
        return None
    if iso is _ABSENT:
        iso = False
    if not isinstance(iso, bool):
        raise failure(40521, f"iso8601 must evaluate to a bool, found {type_name(iso)}")
    parts = parts_of(_moment(values["date"]), where)
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
    if value is _ABSENT:
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
    names = (*(_ISO if values["isoWeekYear"] is not _ABSENT else _CALENDAR), *_CLOCK)
    numbers = {}
    is_null = False
    for name in names:
        numbers[name] = _part_number(name, values[name])
        is_null = is_null or numbers[name] is None
    where = _zone(values["timezone"])
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


_ISO_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ"
_LOCAL_FORMAT = "%Y-%m-%dT%H:%M:%S.%L"


def _format(value: Any, code: int, check: Callable[[str], str]) -> str | None:
    if type(value) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(
            code, f"$dateToString requires that 'format' be a string, found: {type_name(value)}"
        )
    return check(value)


def _to_string(values: Values) -> Any:
    """Apply $dateToString. Codes 16006, 18533 to 18537, 40517."""
    form = (
        _ISO_FORMAT
        if values["timezone"] is _ABSENT or values["timezone"] == "UTC"
        else _LOCAL_FORMAT
    )
    if values["format"] is not _ABSENT:
        given = _format(values["format"], 18533, dateformat.check_format)
        if given is None:
            return None
        form = given
    where = _zone(values["timezone"])
    if where is None:
        return None
    if type(values["date"]) in NULLISH:
        return None if values["onNull"] is _ABSENT else values["onNull"]
    return dateformat.write(_moment(values["date"]), form, where)


FAMILY.form("$dateToString")(
    named_form(
        Named(
            name="$dateToString",
            required={"date": (18628, "Missing 'date' parameter to $dateToString")},
            optional=("format", "timezone", "onNull"),
            not_object=(18629, "$dateToString only supports an object as its argument"),
            unknown=(18534, "Unrecognized argument to $dateToString: {}"),
        ),
        run=_to_string,
    )
)


def _read_date(values: Values, where: Zone | None) -> Any:
    text = values["dateString"]
    if type(text) is not str:
        raise dateformat.BadDate(
            f"$dateFromString requires that 'dateString' be a string, found: {type_name(text)} with value {text}"
        )
    if values["format"] is _ABSENT:
        return DatetimeMS(dateformat.read_free(text, where))
    return DatetimeMS(dateformat.read(text, values["format"], where))


def _from_string(values: Values) -> Any:
    """Apply $dateFromString. Codes 241, 40517, 40684, 18535, 18536."""
    form = values["format"]
    if form is not _ABSENT:
        if type(form) not in NULLISH and type(form) is not str:
            raise failure(
                40684,
                f"$dateFromString requires that 'format' be a string, found: {type_name(form)}",
            )
        if type(form) is str:
            dateformat.check_readable(form)
    where = None if values["timezone"] is _ABSENT else _zone(values["timezone"])
    if type(values["dateString"]) in NULLISH:
        return None if values["onNull"] is _ABSENT else values["onNull"]
    if type(form) in NULLISH or type(values["timezone"]) in NULLISH:
        return None
    try:
        return _read_date(values, where)
    except dateformat.BadDate as error:
        if values["onError"] is not _ABSENT:
            return values["onError"]
        raise failure(241, str(error)) from error


FAMILY.form("$dateFromString")(
    named_form(
        Named(
            name="$dateFromString",
            required={"dateString": (40542, "Missing 'dateString' parameter to $dateFromString")},
            optional=("format", "timezone", "onNull", "onError"),
            not_object=(40540, "$dateFromString only supports an object as its argument"),
            unknown=(40541, "Unrecognized argument to $dateFromString: {}"),
        ),
        run=_from_string,
    )
)


def _shift(name: str, sign: int) -> None:
    def run(values: Values) -> Any:
        start, unit, amount = values["startDate"], values["unit"], values["amount"]
        if type(start) in NULLISH or type(unit) in NULLISH or type(amount) in NULLISH:
            return None
        if values["timezone"] is not _ABSENT and type(values["timezone"]) in NULLISH:
            return None
        unit = dateunits.check_unit(unit, name)
        number = whole64(amount)
        where = _zone(values["timezone"])
        if where is None:
            return None
        moment = _moment(start, 5166403)
        if number is None:
            raise failure(5166405, f"{name} expects integer amount of time units")
        return DatetimeMS(dateunits.add(moment, unit, sign * number, where))

    FAMILY.form(name)(
        named_form(
            Named(
                name=name,
                required=dict.fromkeys(
                    ("startDate", "unit", "amount"),
                    (5166402, f"{name} requires startDate, unit, and amount to be present"),
                ),
                optional=("timezone",),
                not_object=(5166400, f"{name} expects an object as its argument"),
                unknown=(5166401, f"Unrecognized argument to {name}: {{}}"),
            ),
            run=run,
        )
    )


_shift("$dateAdd", 1)
_shift("$dateSubtract", -1)


def _week_start(values: Values, unit: str) -> int | None:
    """Read startOfWeek, Sunday where none was given; only weeks look at it."""
    given = values["startOfWeek"]
    if type(given) in NULLISH:
        return None
    if unit != "week" or given is _ABSENT:
        return 6
    return dateunits.check_weekday(given)


def _any_null(values: Values, *names: str) -> bool:
    return any(type(values[name]) in NULLISH for name in names)


def _difference(values: Values) -> Any:
    """Apply $dateDiff. Codes 9, 5166307, 5439013, 5439015, 5439016."""
    if _any_null(values, "startDate", "endDate", "unit", "timezone"):
        return None
    unit = dateunits.check_unit(values["unit"], "$dateDiff")
    week_start = _week_start(values, unit)
    if week_start is None:
        return None
    where = _zone(values["timezone"]) or UTC_ZONE
    start, end = (_moment(values[name], 5166307) for name in ("startDate", "endDate"))
    return Int64(dateunits.difference(start, end, unit, where, week_start))


FAMILY.form("$dateDiff")(
    named_form(
        Named(
            name="$dateDiff",
            required={
                "startDate": (5166303, "Missing 'startDate' parameter to $dateDiff"),
                "endDate": (5166304, "Missing 'endDate' parameter to $dateDiff"),
                "unit": (5166305, "Missing 'unit' parameter to $dateDiff"),
            },
            optional=("timezone", "startOfWeek"),
            not_object=(5166301, "$dateDiff only supports an object as its argument"),
            unknown=(5166302, "Unrecognized argument to $dateDiff: {}"),
        ),
        run=_difference,
    )
)


def _bin_size(value: Any) -> int:
    if value is _ABSENT:
        return 1
    number = whole64(value)
    if number is None:
        raise failure(
            5439017,
            f"$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '{value}' of type {type_name(value)}",
        )
    if number <= 0:
        raise failure(
            5439018, f"$dateTrunc requires 'binSize' to be greater than 0, but got value {number}"
        )
    return number


def _truncated(values: Values) -> Any:
    """Apply $dateTrunc. Codes 9, 5166307, 5439002, 5439013 to 5439018."""
    if _any_null(values, "date", "unit", "timezone", "binSize"):
        return None
    unit = dateunits.check_unit(values["unit"], "$dateTrunc")
    week_start = _week_start(values, unit)
    if week_start is None:
        return None
    size = _bin_size(values["binSize"])
    where = _zone(values["timezone"]) or UTC_ZONE
    moment = _moment(values["date"], 5166307)
    return DatetimeMS(dateunits.truncate(moment, unit, size, where, week_start))


FAMILY.form("$dateTrunc")(
    named_form(
        Named(
            name="$dateTrunc",
            required={
                "date": (5439009, "Missing 'date' parameter to $dateTrunc"),
                "unit": (5439010, "Missing 'unit' parameter to $dateTrunc"),
            },
            optional=("binSize", "timezone", "startOfWeek"),
            not_object=(5439007, "$dateTrunc only supports an object as its argument"),
            unknown=(5439008, "Unrecognized argument to $dateTrunc: {}"),
        ),
        run=_truncated,
    )
)


@FAMILY.operator("$tsSecond", null=True)
def ts_second(value: Any) -> Int64:
    """Give the seconds of a timestamp. Code 5687301."""
    if not isinstance(value, Timestamp):
        raise failure(
            5687301, f"Argument to $tsSecond must be a timestamp, but is {type_name(value)}"
        )
    return Int64(value.time)


@FAMILY.operator("$tsIncrement", null=True)
def ts_increment(value: Any) -> Int64:
    """Give the increment of a timestamp. Code 5687302."""
    if not isinstance(value, Timestamp):
        raise failure(
            5687302, f"Argument to $tsIncrement must be a timestamp, but is {type_name(value)}"
        )
    return Int64(value.inc)
