"""numeric: exact decimals as scaled integers or as byte strings that sort as the numbers do; refuses nothing PostgreSQL takes."""

import struct
from decimal import Context, Decimal, Inexact, InvalidOperation

from dotdo.sql import numeric as kernel_numeric
from dotdo_postgres.errors import error

CONTEXT = Context(prec=2000, traps=[InvalidOperation])
WIDE = Context(prec=200_000, Emax=999_999, Emin=-999_999, traps=[InvalidOperation])
"""For results that are exact: the precision costs nothing where it is not needed."""
MAX_SCALE, MAX_WEIGHT = 16_383, 131_071
EXACT = Context(prec=4000, traps=[InvalidOperation, Inexact])


def encode(number: Decimal) -> bytes:
    """Write a decimal in the kernel's form: bytes whose order is the order of the numbers, display scale at the end."""
    return kernel_numeric.encode(number)


def decode(data: bytes) -> Decimal:
    """Read back what `encode` wrote."""
    return kernel_numeric.decode(data)


def key(data: bytes) -> bytes:
    """Leave the display scale off: equal numbers are then equal bytes."""
    return data[:-2] if len(data) > len(kernel_numeric.NAN) else data


def from_text(text: str) -> Decimal:
    """Read a numeric.

    Args:
        text: As typed, spaces around allowed.

    Returns:
        The number; its exponent is minus the display scale.

    Raises:
        PostgresError: not a number (SQLSTATE 22P02).
    """
    stripped = text.strip(" \t\n\r\f\v")
    try:
        number = Decimal(stripped) if "_" not in stripped and stripped.isascii() else None
    except InvalidOperation:
        number = None
    if number is None or (number.is_nan() and stripped.lower() != "nan"):
        raise error("22P02", f'invalid input syntax for type numeric: "{text}"')
    _, _, exponent = number.as_tuple()
    if isinstance(exponent, int) and exponent > 0:
        number = number.quantize(Decimal(1), context=WIDE) if exponent <= MAX_WEIGHT else number
    return bounded(number)


def to_text(number: Decimal) -> str:
    """Write a numeric in full, never with an exponent."""
    if number.is_finite():
        return f"{abs(number) if number.is_zero() else number:f}"
    return str(number) if not number.is_nan() else "NaN"


def scaled_to_text(scaled: int, scale: int) -> str:
    """Write an integer scaled by 10**scale as a decimal with that many places."""
    if scale == 0:
        return str(scaled)
    digits = str(abs(scaled)).rjust(scale + 1, "0")
    return f"{'-' if scaled < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def scaled_to_decimal(scaled: int, scale: int) -> Decimal:
    """Return the decimal with exactly `scale` places."""
    return Decimal(scaled).scaleb(-scale, WIDE)


def scale_of(number: Decimal) -> int:
    """Return the display scale of a finite number, 0 for others."""
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def rounded(number: Decimal, places: int) -> Decimal:
    """Round half away from zero to `places` decimal places (negative: tens, hundreds ...)."""
    if not number.is_finite():
        return number
    return _cut(number, places, "ROUND_HALF_UP")


def _cut(number: Decimal, places: int, rounding: str) -> Decimal:
    places = max(min(places, MAX_SCALE), -MAX_WEIGHT - 2)
    result = number.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=WIDE)
    return bounded(result if places >= 0 else result.quantize(Decimal(1), context=WIDE))


def bounded(number: Decimal) -> Decimal:
    """Return a result if numeric can hold it, rounded to the places that it can.

    Raises:
        PostgresError: it is too large (SQLSTATE 22003).
    """
    if not number.is_finite():
        return number
    if not number.is_zero() and number.adjusted() > MAX_WEIGHT:
        raise error("22003", "value overflows numeric format")
    if scale_of(number) > MAX_SCALE:
        unit = Decimal(1).scaleb(-MAX_SCALE)
        return number.quantize(unit, rounding="ROUND_HALF_UP", context=WIDE)
    return number


def truncated(number: Decimal, places: int) -> Decimal:
    """Cut to `places` decimal places towards zero."""
    if not number.is_finite():
        return number
    return _cut(number, places, "ROUND_DOWN")


def weight_and_first_digit(number: Decimal) -> tuple[int, int]:
    """Return weight and value of the first base-10000 digit, as PostgreSQL's scale rules use them."""
    if number.is_zero():
        return 0, 0
    exponent = number.adjusted()
    weight = exponent // 4
    first = abs(number).scaleb(-4 * weight, CONTEXT)
    return weight, int(first)


def division_scale(dividend: Decimal, divisor: Decimal) -> int:
    """Return the display scale of a quotient: at least 16 significant digits.

    Source: select_div_scale in numeric.c, restated.
    """
    weight1, first1 = weight_and_first_digit(dividend)
    weight2, first2 = weight_and_first_digit(divisor)
    quotient_weight = weight1 - weight2 - (1 if first1 <= first2 else 0)
    scale = 16 - quotient_weight * 4
    return min(max(scale, scale_of(dividend), scale_of(divisor), 0), 1000)


def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Divide as numeric does.

    Raises:
        PostgresError: the divisor is zero (SQLSTATE 22012).
    """
    if dividend.is_nan() or divisor.is_nan():
        return Decimal("NaN")
    if divisor.is_zero():
        raise error("22012", "division by zero")
    if divisor.is_infinite():
        return Decimal("NaN") if dividend.is_infinite() else Decimal(0)
    if dividend.is_infinite():
        return dividend if divisor > 0 else -dividend
    scale = division_scale(dividend, divisor)
    digits = max(dividend.adjusted() - divisor.adjusted() + scale + 10, 20)
    context = (
        CONTEXT if digits < CONTEXT.prec else Context(prec=digits, Emax=999_999, Emin=-999_999)
    )
    return rounded(context.divide(dividend, divisor), scale)


def fit(number: Decimal, precision: int, scale: int) -> Decimal:
    """Round to `numeric(precision, scale)`.

    Raises:
        PostgresError: too many digits before the point (SQLSTATE 22003).
    """
    if number.is_nan():
        return number
    if number.is_infinite():
        raise _overflow(precision, scale, "an infinite value")
    result = rounded(number, scale)
    if not result.is_zero() and result.adjusted() >= precision - scale:
        limit = f"10^{precision - scale}" if precision != scale else "1"
        raise _overflow(precision, scale, None, limit)
    return result


def _overflow(precision: int, scale: int, what: str | None, limit: str = "") -> Exception:
    if what:
        detail = f"A field with precision {precision}, scale {scale} cannot hold {what}."
    else:
        detail = f"A field with precision {precision}, scale {scale} must round to an absolute value less than {limit}."
    return error("22003", "numeric field overflow", detail=detail)


def to_integer(number: Decimal, bits: int, name: str) -> int:
    """Round to a whole number of so many bits.

    Raises:
        PostgresError: not finite (0A000), out of range (22003).
    """
    if not number.is_finite():
        shown = "NaN" if number.is_nan() else "infinity"
        raise error("0A000", f"cannot convert {shown} to {name}")
    whole = int(rounded(number, 0))
    if not -(1 << bits - 1) <= whole < 1 << bits - 1:
        raise error("22003", f"{name} out of range")
    return whole


def from_float(value: float, digits: int = 15) -> Decimal:
    """Return the numeric of a double: 15 significant digits, as PostgreSQL's cast keeps."""
    return (
        from_text(f"{value:.{digits}g}")
        if value == value and abs(value) != float("inf")
        else Decimal(value)
    )


def to_binary(number: Decimal) -> bytes:
    """Write PostgreSQL's binary numeric."""
    if number.is_nan():
        return struct.pack(">hhHh", 0, 0, 0xC000, 0)
    if number.is_infinite():
        return struct.pack(">hhHh", 0, 0, 0xF000 if number < 0 else 0xD000, 0x20)
    whole, _, fraction = f"{abs(number):f}".partition(".")
    whole = whole.lstrip("0")
    whole = whole.rjust(-(-len(whole) // 4) * 4, "0")
    fraction_digits = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [
        int((whole + fraction_digits)[at : at + 4])
        for at in range(0, len(whole + fraction_digits), 4)
    ]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    sign = 0x4000 if number < 0 else 0
    return struct.pack(
        f">hhHh{len(groups)}H", len(groups), weight if groups else 0, sign, len(fraction), *groups
    )


def from_binary(data: bytes) -> Decimal:
    """Read PostgreSQL's binary numeric."""
    count, weight, sign, scale = struct.unpack_from(">hhHh", data)
    if sign & 0xC000 == 0xC000:
        return Decimal({0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}[sign])
    groups = struct.unpack_from(f">{count}H", data, 8)
    digits = 0
    for group in groups:
        digits = digits * 10_000 + group
    number = Decimal(digits).scaleb(4 * (weight - count + 1), CONTEXT)
    number = number.quantize(Decimal(1).scaleb(-scale), context=CONTEXT)
    return number.copy_negate() if sign == 0x4000 else number


def _power_of_special(base: Decimal, exponent: Decimal) -> Decimal:
    """Return a power where base or exponent is NaN or infinite."""
    if base == 1 or exponent == 0:
        return Decimal(1)
    if base.is_nan() or exponent.is_nan():
        return Decimal("NaN")
    if exponent.is_infinite():
        if abs(base) == 1:
            return Decimal(1)
        return Decimal("Infinity") if (abs(base) > 1) == (exponent > 0) else Decimal(0)
    if exponent < 0:
        return Decimal(0)
    is_odd = exponent == exponent.to_integral_value() and exponent % 2 == 1
    return Decimal("-Infinity") if base < 0 and is_odd else Decimal("Infinity")


def square_root(value: Decimal, places: int | None = None) -> Decimal:
    """Return the square root to so many places, by default at least 16 significant digits."""
    if places is not None:
        return rounded(Context(prec=places + abs(value.adjusted()) + 40).sqrt(value), places)
    if not value.is_finite():
        return value
    if value.is_zero():
        return Decimal(0).quantize(Decimal(1).scaleb(-max(scale_of(value), 15)), context=CONTEXT)
    weight, _ = weight_and_first_digit(value)
    result_weight = (weight + 1) * 4 // 2 - 1 if weight >= 0 else -(-(weight * 4) // 2) - 1
    scale = max(16 - result_weight, scale_of(value), 0)
    return rounded(Context(prec=scale + abs(result_weight) + 40).sqrt(value), scale)


def _logarithm_weight(value: Decimal) -> int:
    """Estimate the decimal weight of a natural logarithm."""
    near = value - 1
    if abs(near) <= Decimal("0.1"):
        return near.adjusted() if not near.is_zero() else 0
    natural = abs(value.ln(Context(prec=30)))
    return int(natural.log10(Context(prec=20)))


def logarithm(value: Decimal, base: Decimal | None = None) -> Decimal:
    """Return a logarithm (natural without a base) to at least 16 significant digits.

    Raises:
        PostgresError: the base is one (SQLSTATE 22012).
    """
    if value.is_nan() or (base is not None and base.is_nan()):
        return Decimal("NaN")
    if base is not None and base.is_infinite():
        return Decimal("NaN") if value.is_infinite() else Decimal(0)
    if value.is_infinite():
        return value
    if base == 1:
        raise error("22012", "division by zero")
    weight = _logarithm_weight(value) - (0 if base is None else _logarithm_weight(base))
    scale = max(16 - weight, scale_of(value), 0 if base is None else scale_of(base), 0)
    scale = min(scale, 1000)
    context = Context(prec=scale + abs(weight) + 40, Emax=999_999, Emin=-999_999)
    natural = context.ln(value)
    result = (
        natural
        if base is None
        else context.log10(value)
        if base == 10
        else context.divide(natural, context.ln(base))
    )
    return rounded(result, scale)


def exponential(value: Decimal) -> Decimal:
    """Return e to a power, to at least 16 significant digits."""
    if not value.is_finite():
        return Decimal(0) if value == Decimal("-Infinity") else value
    weight = int(float(value) * 0.434294481903252)
    scale = min(max(16 - weight, scale_of(value), 0), 1000)
    if weight < -scale - 10:
        return Decimal(0).quantize(Decimal(1).scaleb(-scale), context=WIDE)
    result = Context(prec=max(weight, 0) + scale + 40, Emax=999_999, Emin=-999_999).exp(value)
    return rounded(result, scale)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Return base to a power, to at least 16 significant digits.

    Raises:
        PostgresError: overflow (SQLSTATE 22003).
    """
    if not (base.is_finite() and exponent.is_finite()):
        return _power_of_special(base, exponent)
    if base.is_zero():
        return Decimal(1 if exponent.is_zero() else 0).quantize(
            Decimal(1).scaleb(-16), context=CONTEXT
        )
    distance = abs(base) - 1
    near = Context(prec=40 + (0 if distance.is_zero() else max(-distance.adjusted(), 0)))
    estimate = float(near.multiply(exponent, near.log10(abs(base))))
    if estimate > 131072:
        raise error("22003", "value overflows numeric format")
    is_whole = exponent == exponent.to_integral_value() and -(1 << 31) <= exponent < 1 << 31
    scale = max(
        16 if is_whole else 16 - int(estimate),
        scale_of(base),
        0 if is_whole else scale_of(exponent),
        0,
    )
    scale = min(scale, 1000)
    if estimate < -scale - 10:
        return Decimal(0).quantize(Decimal(1).scaleb(-scale), context=WIDE)
    digits = max(int(estimate), 0) + scale + 60
    result = Context(prec=digits, Emax=999_999, Emin=-999_999).power(base, exponent)
    return rounded(result, scale)
