"""What columns of limited types can hold: ranges of whole numbers, digits of numerics, single precision, lengths of text."""

import math
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from dotdo.errors import InvalidValue
from dotdo.values import Canonical, require_text, shown

_CONTEXT = Context(prec=200_000, rounding=ROUND_HALF_UP)
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_FAR = 40  # digits before the point, beyond all that 64 bits hold
_SINGLE = struct.Struct("<f")

Check = Callable[[Canonical], Canonical]


def whole(type_name: str) -> Check:
    """Return the check of a whole number that a column of `smallint`, `integer` or `bigint` can hold."""
    bound = 1 << _BITS[type_name] - 1

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            msg = f"{shown(value)} is no whole number"
            raise InvalidValue(msg)
        if not -bound <= value < bound:
            msg = f"{shown(value)} is out of range of {type_name}"
            raise InvalidValue(msg)
        return int(value)

    return check


def number(value: object) -> Decimal:
    """Return a number of any kind, or its text, as a Decimal.

    Raises:
        InvalidValue: It is no number.
    """
    try:
        if not isinstance(value, bool) and isinstance(value, (int, float, str, Decimal)):
            return Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except (InvalidOperation, ValueError):
        pass
    msg = f"{shown(value)} is no number"
    raise InvalidValue(msg)


def digits(precision: int, scale: int) -> Callable[[Canonical], Decimal]:
    """Return the rounding to `numeric(precision, scale)`; numbers of too many digits are refused."""
    unit = Decimal((0, (1,), -scale))

    def fit(value: object) -> Decimal:
        given = number(value)
        if not given.is_finite():
            if given.is_nan() and not given.is_snan():
                return given
        elif given.is_zero() or given.adjusted() <= precision - scale:
            rounded = given.quantize(unit, context=_CONTEXT)
            if rounded.is_zero() or rounded.adjusted() < precision - scale:
                return rounded
        msg = f"{shown(value)} has more than the {precision - scale} digits before the point of numeric({precision},{scale})"
        raise InvalidValue(msg)

    return fit


def scaled(precision: int, scale: int) -> tuple[Check, Check]:
    """Return how numbers of a numeric kept as a scaled integer are stored, and how they are compared."""
    fit = digits(precision, scale)

    def to_storage(value: object) -> int:
        rounded = fit(value)
        if rounded.is_nan():
            msg = f"{shown(value)} is no number that numeric({precision},{scale}) can hold"
            raise InvalidValue(msg)
        return int(rounded.scaleb(scale, _CONTEXT))

    def to_compared(value: object) -> int | float:
        given = number(value)
        if given.is_nan():
            msg = f"{shown(value)} is no number that others are compared with"
            raise InvalidValue(msg)
        if given.is_infinite() or given.adjusted() > _FAR:
            return math.copysign(math.inf, given)
        exact = given.scaleb(scale, _CONTEXT)
        floor = math.floor(exact)
        if not -(1 << 63) <= floor < 1 << 63:
            return math.copysign(math.inf, exact)
        if floor == exact:
            return floor
        between = floor + 0.5  # lies among the stored numbers where the given one does
        if math.floor(between) != floor:
            msg = f"{shown(value)} has too many decimals for numeric({precision},{scale})"
            raise InvalidValue(msg)
        return between

    return to_storage, to_compared


def double(value: object) -> float:
    """Return a number as a double.

    Raises:
        InvalidValue: It is none, NaN, or beyond the range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        msg = f"{shown(value)} is no number"
        raise InvalidValue(msg)
    try:
        found = float(value)
    except (OverflowError, ValueError):
        found = math.nan
    if math.isnan(found) or (math.isinf(found) and not _is_infinite(value)):
        msg = f"{shown(value)} is no number that a column can hold"
        raise InvalidValue(msg)
    return found


def _is_infinite(value: float | Decimal) -> bool:
    return value.is_infinite() if isinstance(value, Decimal) else math.isinf(value)


def single(value: object) -> float:
    """Return a number rounded to single precision; see `double`."""
    try:
        (found,) = _SINGLE.unpack(_SINGLE.pack(double(value)))
    except OverflowError:
        msg = f"{shown(value)} is out of range of real"
        raise InvalidValue(msg) from None
    return float(found)


def text(value: object) -> str:
    """Return text that can be stored.

    Raises:
        InvalidValue: It is none.
    """
    if not isinstance(value, str):
        msg = f"{shown(value)} is not text"
        raise InvalidValue(msg)
    return require_text(value)


def limited_text(length: int, *, is_padded: bool) -> Check:
    """Return the check of `varchar(length)`, or of `char(length)`, which pads; surplus spaces at the end are cut off, as in SQL."""

    def fit(value: object) -> str:
        given = text(value)
        if len(given) > length and given[length:].strip(" "):
            msg = f"{shown(value)} is longer than {length} characters"
            raise InvalidValue(msg)
        return given[:length].ljust(length if is_padded else 0)

    return fit
