"""Dates and times read as PostgreSQL reads them: fields in many orders, month names, zones, Julian days; what it refuses is refused."""

from datetime import tzinfo

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.datetimes import (
    DAY_US,
    FIRST_DAY,
    INFINITY,
    LAST_DAY,
    civil_from_days,
    local_to_utc,
)
from dotdo_postgres.mapping.moment_fields import BadMoment, Moment, finish, read_fields


def read(text: str, kind: str, order: str = "MDY") -> Moment:
    """Read date, time and zone.

    Args:
        text: As typed.
        kind: Name of the type for messages.
        order: Order of numeric dates.

    Returns:
        What was found; its date is valid.

    Raises:
        PostgresError: 22007 for what cannot be read, 22008 for fields out of range, 22009 for offsets.
    """
    moment = Moment(order, kind in {"time", ZONED})
    try:
        read_fields(moment, text)
        finish(moment)
    except (BadMoment, ValueError) as bad:
        raise _failure(str(bad), text, kind) from None
    return moment


def _failure(why: str, text: str, kind: str) -> PostgresError:
    if why == "zone":
        return error("22009", f'time zone displacement out of range: "{text}"')
    if why in {"range", "order"}:
        hint = 'Perhaps you need a different "datestyle" setting.' if why == "order" else None
        return error("22008", f'date/time field value out of range: "{text}"', hint=hint)
    return error("22007", f'invalid input syntax for type {kind}: "{text}"')


def _us(moment: Moment) -> int | None:
    if moment.special == "infinity":
        return INFINITY * moment.sign
    if moment.special == "epoch":
        return 0
    if moment.special:
        raise error("0A000", f'the date/time input "{moment.special}" is not supported here')
    if moment.julian is None:
        return None
    return (moment.julian - 2440588) * DAY_US + (moment.time_us or 0)


def date_from_text(text: str, order: str = "MDY") -> int:
    """Read a date into days since 1970.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    moment = read(text, "date", order)
    us = _us(moment)
    if us is None:
        raise _failure("format", text, "date")
    if abs(us) == INFINITY:
        return us
    days = us // DAY_US
    if not FIRST_DAY <= days <= LAST_DAY:
        raise error("22008", f'date out of range: "{text}"')
    return days


def time_from_text(text: str) -> int:
    """Read a time of day into microseconds.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    moment = read(text, "time")
    if moment.special:
        if moment.special == "infinity":
            raise _failure("format", text, "time")
        _us(moment)
    if moment.time_us is None:
        raise _failure("format", text, "time")
    return moment.time_us


ZONED = "time with time zone"


def zoned_time(text: str) -> tuple[int, tzinfo | None, tuple[int, int, int] | None]:
    """Read a time of day with its zone, and the day where one is told.

    Raises:
        PostgresError: 22007, 22008, 22009; a zone whose offset changes needs a day (22007).
    """
    moment = read(text, ZONED)
    if moment.special == "infinity" or (moment.time_us is None and not moment.special):
        raise _failure("format", text, ZONED)
    if moment.special:
        _us(moment)
    day = civil_from_days(moment.days()) if moment.has_date else None
    if day is None and moment.zone is not None and moment.zone.utcoffset(None) is None:
        raise _failure("format", text, ZONED)
    return moment.time_us or 0, moment.zone, day


def timestamp_from_text(text: str, order: str = "MDY") -> int:
    """Read a timestamp without time zone into microseconds since 1970; a zone in the text is ignored.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    us = _us(read(text, "timestamp", order))
    if us is None:
        raise _failure("format", text, "timestamp")
    return _bounded(us, text)


def _bounded(us: int, text: str) -> int:
    """Refuse what is past the last timestamp or before the first (22008)."""
    if abs(us) != INFINITY and not FIRST_DAY * DAY_US <= us < INFINITY:
        raise error("22008", f'timestamp out of range: "{text}"')
    return us


def timestamptz_from_text(text: str, zone: tzinfo, order: str = "MDY") -> int:
    """Read an instant into microseconds since 1970 UTC; without an offset the clock of `zone` is meant.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    moment = read(text, "timestamp with time zone", order)
    us = _us(moment)
    if us is None:
        raise _failure("format", text, "timestamp with time zone")
    if moment.special:
        return us
    return _bounded(local_to_utc(us, moment.zone or zone), text)
