"""DateStyle and IntervalStyle: dates, timestamps and intervals in PostgreSQL's other ways of writing them; a zone carries the session's choice."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from dotdo_postgres.mapping import datetimes, interval

_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_ABBREVIATION = 10
DATE_STYLES = ("ISO", "SQL", "Postgres", "German")
ORDERS = ("MDY", "DMY", "YMD")


@dataclass(frozen=True, slots=True)
class Style:
    """How a session wants times to look.

    Args:
        dates: one of `DATE_STYLES`.
        order: of day, month and year in what is read, and in some styles in what is written.
        intervals: `postgres`, `postgres_verbose`, `sql_standard` or `iso_8601`.
    """

    dates: str = "ISO"
    order: str = "MDY"
    intervals: str = "postgres"


PLAIN = Style()


class StyledZone(tzinfo):
    """A time zone that carries a style with it.

    Args:
        zone: the zone.
        style: the style.
    """

    def __init__(self, zone: tzinfo, style: Style) -> None:
        self.zone = zone
        self.style = style

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, StyledZone)
            and self.zone == other.zone
            and (self.style == other.style)
        )

    def __hash__(self) -> int:
        return hash((self.zone, self.style))

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """Return the zone's offset."""
        return self.zone.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        """Return the zone's daylight saving."""
        return self.zone.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        """Return the zone's abbreviation."""
        return self.zone.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        """Return the zone's clock reading."""
        return self.zone.fromutc(moment.replace(tzinfo=self.zone)).replace(tzinfo=self)


def read_date_style(text: str, present: str) -> str | None:
    """Return a DateStyle as PostgreSQL shows it, None when it is not valid.

    Args:
        text: one or two words, separated by commas.
        present: what holds now; words that are not given stay.
    """
    style, order = present.split(", ")
    for word in text.replace('"', "").split(","):
        key = word.strip().lower()
        found = {name.lower(): name for name in DATE_STYLES}.get(key)
        if found is not None:
            style = found
            order = "DMY" if found == "German" and "," not in text else order
        elif key in {"us", "noneuro", "noneuropean", "nonuro"} or key == "mdy":
            order = "MDY"
        elif key in {"euro", "european", "dmy"}:
            order = "DMY"
        elif key == "ymd":
            order = "YMD"
        else:
            return None
    return f"{style}, {order}"


def date_to_text(days: int, style: Style) -> str:
    """Write a date."""
    if abs(days) >= datetimes.INFINITY or style.dates == "ISO":
        return datetimes.date_to_text(days)
    year, month, day = datetimes.civil_from_days(days)
    shown, era = (year, "") if year > 0 else (1 - year, " BC")
    if style.dates == "German":
        return f"{day:02d}.{month:02d}.{shown:04d}{era}"
    mark = "/" if style.dates == "SQL" else "-"
    first, second = (day, month) if style.order == "DMY" else (month, day)
    return f"{first:02d}{mark}{second:02d}{mark}{shown:04d}{era}"


def timestamp_to_text(us: int, style: Style, zone: str = "") -> str:
    """Write a timestamp; `zone` is its abbreviation or offset, with what goes before it."""
    if abs(us) >= datetimes.INFINITY:
        return datetimes.timestamp_to_text(us)
    days, time_us = divmod(us, datetimes.DAY_US)
    clock = datetimes.time_to_text(time_us)
    if style.dates != "Postgres":
        date, _, era = date_to_text(days, style).partition(" ")
        return f"{date} {clock}{zone}{' BC' if era else ''}"
    year, month, day = datetimes.civil_from_days(days)
    shown, era = (year, "") if year > 0 else (1 - year, " BC")
    name = _MONTHS[month - 1]
    date = f"{day:02d} {name}" if style.order == "DMY" else f"{name} {day:02d}"
    return f"{_DAYS[days % 7]} {date} {clock} {shown:04d}{zone}{era}"


def timestamptz_to_text(us: int, zone: StyledZone) -> str:
    """Write an instant as the clocks of a zone show it."""
    style = zone.style
    if abs(us) >= datetimes.INFINITY or style.dates == "ISO":
        return datetimes.timestamptz_to_text(us, zone.zone)
    offset = datetimes.offset_at(zone.zone, us)
    local = us + offset * 1_000_000
    return timestamp_to_text(local, style, " " + _abbreviation(us, zone.zone, offset))


def _abbreviation(us: int, zone: tzinfo, offset: int) -> str:
    clamped = max(min(us, 253370764800000000), -62135510400000000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=clamped)
    name = moment.astimezone(zone).tzname()
    if name and not name.startswith("UTC+") and not name.startswith("UTC-"):
        return name[:MAX_ABBREVIATION]
    hours, rest = divmod(abs(offset), 3600)
    shown = f"{'-' if offset < 0 else '+'}{hours:02d}"
    return shown + (f":{rest // 60:02d}" if rest else "")


# --- intervals -------------------------------------------------------------------------------


def interval_to_text(value: interval.Interval, style: Style) -> str:
    """Write an interval."""
    return _INTERVALS[style.intervals](value)


def _parts(value: interval.Interval) -> tuple[int, int, int, int, int, int]:
    """Return years, months, days, hours, minutes and microseconds, each with its own sign."""
    months, days, us = value
    sign = -1 if us < 0 else 1
    minutes, rest = divmod(abs(us), 60_000_000)
    hours, minutes = divmod(minutes, 60)
    years = int(months / 12)
    return years, months - years * 12, days, sign * hours, sign * minutes, sign * rest


def _seconds(us: int) -> str:
    whole, fraction = divmod(abs(us), 1_000_000)
    text = f"{whole}.{fraction:06d}".rstrip("0") if fraction else str(whole)
    return f"-{text}" if us < 0 else text


def _verbose(value: interval.Interval) -> str:
    years, months, days, hours, minutes, us = _parts(value)
    fields = (
        (years, "year"), (months, "mon"), (days, "day"), (hours, "hour"), (minutes, "min"),
    )  # fmt: skip
    is_ago = False
    shown: list[str] = []
    for number, unit in fields:
        if number:
            is_ago = number < 0 if not shown else is_ago
            told = -number if is_ago else number
            shown.append(f"{told} {unit}{'' if abs(number) == 1 else 's'}")
    if us:
        is_ago = us < 0 if not shown else is_ago
        told_us = -us if is_ago else us
        shown.append(f"{_seconds(told_us)} sec{'' if abs(us) == 1_000_000 else 's'}")
    return "@ " + (" ".join(shown) or "0") + (" ago" if is_ago else "")


def _iso(value: interval.Interval) -> str:
    years, months, days, hours, minutes, us = _parts(value)
    date = "".join(
        f"{number}{unit}" for number, unit in ((years, "Y"), (months, "M"), (days, "D")) if number
    )
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    clock += f"{_seconds(us)}S" if us else ""
    return f"P{date}{'T' + clock if clock else ''}" if date or clock else "PT0S"


def _standard(value: interval.Interval) -> str:
    years, months, days, hours, minutes, us = _parts(value)
    numbers = (years, months, days, hours, minutes, us)
    if not any(numbers):
        return "0"
    has_months, has_days, has_time = bool(years or months), bool(days), bool(hours or minutes or us)
    clock = f"{abs(hours)}:{abs(minutes):02d}:" + _padded(abs(us))
    has_both = any(number < 0 for number in numbers) and any(number > 0 for number in numbers)
    if has_both or (has_months and (has_days or has_time)):
        sign = [
            "-" if any(n < 0 for n in group) else "+"
            for group in (numbers[:2], numbers[2:3], numbers[3:])
        ]
        return f"{sign[0]}{abs(years)}-{abs(months)} {sign[1]}{abs(days)} {sign[2]}{clock}"
    minus = "-" if any(number < 0 for number in numbers) else ""
    if has_months:
        return f"{minus}{abs(years)}-{abs(months)}"
    return f"{minus}{abs(days)} {clock}" if has_days else minus + clock


def _padded(us: int) -> str:
    whole, fraction = divmod(us, 1_000_000)
    return f"{whole:02d}" + (f".{fraction:06d}".rstrip("0") if fraction else "")


_INTERVALS = {
    "postgres": interval.to_text,
    "postgres_verbose": _verbose,
    "sql_standard": _standard,
    "iso_8601": _iso,
}
