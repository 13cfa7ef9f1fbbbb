"""Dates moved, compared and cut by units of time."""

from __future__ import annotations

from typing import Any

from bson import DatetimeMS, Int64

from dotdo_mongo.engine import dateunits
from dotdo_mongo.engine.calendar import (
    UTC_ZONE,
)
from dotdo_mongo.engine.expressions.dates import ABSENT, Values, moment_of, named_form, zone_of
from dotdo_mongo.engine.expressions.declare import Family, Named
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.values import (
    NULLISH,
    type_name,
)
from dotdo_mongo.errors import failure

FAMILY = Family("dateshifts")


def _shift(name: str, sign: int) -> None:
    def run(values: Values) -> Any:
        start, unit, amount = values["startDate"], values["unit"], values["amount"]
        if type(start) in NULLISH or type(unit) in NULLISH or type(amount) in NULLISH:
            return None
        if values["timezone"] is not ABSENT and type(values["timezone"]) in NULLISH:
            return None
        unit = dateunits.check_unit(unit, name)
        number = whole64(amount)
        where = zone_of(values["timezone"])
        if where is None:
            return None
        moment = moment_of(start, 5166403)
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
    if unit != "week" or given is ABSENT:
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
    where = zone_of(values["timezone"]) or UTC_ZONE
    start, end = (moment_of(values[name], 5166307) for name in ("startDate", "endDate"))
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
    if value is ABSENT:
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
    where = zone_of(values["timezone"]) or UTC_ZONE
    moment = moment_of(values["date"], 5166307)
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
