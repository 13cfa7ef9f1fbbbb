"""References: which tenant, which branch, which moment (`acme`, `acme@experiment`, `acme@v12`, `acme@~1`, `acme@2026-01-08`)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dotdo.errors import InvalidName, InvalidReference
from dotdo.values import shown

MAIN = "main"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}")
_VERSION = re.compile(r"v(\d{1,18})")
_BACK = re.compile(r"~(\d{1,9})")
_DAY_US = 86_400_000_000
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a branch's history; exactly one field is given.

    Args:
        seq: Log position.
        back: Number of commits back from the newest.
        time_us: Microseconds since 1970 (UTC).
    """

    seq: int | None = None
    back: int | None = None
    time_us: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name stands for.

    Args:
        tenant: The tenant's name.
        branch: The branch's name.
        moment: A moment of its past, or None for its head.
    """

    tenant: str
    branch: str = MAIN
    moment: Moment | None = None

    def __str__(self) -> str:
        return self.tenant if self.branch == MAIN else f"{self.tenant}@{self.branch}"


def parse_reference(text: str) -> Reference:
    """Read `tenant[@branch][@moment]`.

    Raises:
        InvalidName: The tenant's or the branch's name is not allowed.
        InvalidReference: The rest cannot be read.
    """
    _require_text(text, "a reference")
    tenant, *parts = text.split("@")
    check_name(tenant, "tenant")
    if len(parts) > 2:
        msg = f"{text!r} has more than a tenant, a branch and a moment"
        raise InvalidReference(msg)
    if not parts:
        return Reference(tenant)
    if len(parts) == 2:
        return Reference(tenant, check_name(parts[0], "branch"), parse_moment(parts[1]))
    moment = _moment(parts[0])
    if moment is not None:
        return Reference(tenant, MAIN, moment)
    return Reference(tenant, check_name(parts[0], "branch"))


def parse_moment(text: str) -> Moment:
    """Read `v12`, `~1`, `2026-01-08` or `2026-01-08T12:00:00Z`.

    Raises:
        InvalidReference: It is none of these.
    """
    _require_text(text, "a moment")
    moment = _moment(text)
    if moment is None:
        msg = f"{text!r} is no moment: give v<seq>, ~<commits back> or an ISO 8601 time"
        raise InvalidReference(msg)
    return moment


def _require_text(text: object, what: str) -> None:
    if not isinstance(text, str):
        msg = f"{what} is text, not {type(text).__name__}"
        raise InvalidReference(msg)


def _moment(text: str) -> Moment | None:
    if found := _VERSION.fullmatch(text):
        return Moment(seq=int(found[1]))
    if found := _BACK.fullmatch(text):
        return Moment(back=int(found[1]))
    if _TIME.fullmatch(text) or text.startswith("~"):
        return Moment(time_us=_time_us(text))
    return None


def _time_us(text: str) -> int:
    """Read a time; a bare date is the whole day, so its last microsecond."""
    try:
        if len(text) == 10:
            midnight = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return _microseconds(midnight) + _DAY_US - 1
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        msg = f"{text!r} is no moment: give v<seq>, ~<commits back> or an ISO 8601 time"
        raise InvalidReference(msg) from None
    return _microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def check_name(name: object, what: str) -> str:
    """Return the name when it is allowed: letters, digits, `_`, `-`, `.`, beginning with a letter or digit, up to 128.

    Raises:
        InvalidName: It is not; so no name can lead out of its folder.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith(".") or ".." in name:
        msg = f"{shown(name)} is not allowed as the name of a {what}"
        raise InvalidName(msg)
    return name
