"""Dates written as text, and read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import DatetimeMS

from dotdo_mongo.engine import dateformat
from dotdo_mongo.engine.expressions.dates import ABSENT, Values, moment_of, named_form, zone_of
from dotdo_mongo.engine.expressions.declare import Family, Named
from dotdo_mongo.engine.values import (
    NULLISH,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_mongo.engine.calendar import (
        Zone,
    )

FAMILY = Family("datetexts")


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
        if values["timezone"] is ABSENT or values["timezone"] == "UTC"
        else _LOCAL_FORMAT
    )
    if values["format"] is not ABSENT:
        given = _format(values["format"], 18533, dateformat.check_format)
        if given is None:
            return None
        form = given
    where = zone_of(values["timezone"])
    if where is None:
        return None
    if type(values["date"]) in NULLISH:
        return None if values["onNull"] is ABSENT else values["onNull"]
    return dateformat.write(moment_of(values["date"]), form, where)


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
    if values["format"] is ABSENT:
        return DatetimeMS(dateformat.read_free(text, where))
    return DatetimeMS(dateformat.read(text, values["format"], where))


def _from_string(values: Values) -> Any:
    """Apply $dateFromString. Codes 241, 40517, 40684, 18535, 18536."""
    form = values["format"]
    if form is not ABSENT:
        if type(form) not in NULLISH and type(form) is not str:
            raise failure(
                40684,
                f"$dateFromString requires that 'format' be a string, found: {type_name(form)}",
            )
        if type(form) is str:
            dateformat.check_readable(form)
    where = None if values["timezone"] is ABSENT else zone_of(values["timezone"])
    if type(values["dateString"]) in NULLISH:
        return None if values["onNull"] is ABSENT else values["onNull"]
    if type(form) in NULLISH or type(values["timezone"]) in NULLISH:
        return None
    try:
        return _read_date(values, where)
    except dateformat.BadDate as error:
        if values["onError"] is not ABSENT:
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
