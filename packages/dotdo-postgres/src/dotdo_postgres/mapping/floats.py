"""real and double precision: PostgreSQL's reading and shortest writing of binary floating point; NaN cannot be stored and is refused."""

import math
import struct

from dotdo_postgres.errors import error, not_supported


def from_text(text: str, type_name: str = "double precision") -> float:
    """Read a double.

    Raises:
        PostgresError: not a number (22P02), out of range (22003), NaN (0A000).
    """
    stripped = text.strip()
    try:
        value = float(stripped) if "_" not in stripped else None
    except ValueError:
        value = None
    if value is None:
        raise error("22P02", f'invalid input syntax for type {type_name}: "{text}"')
    if math.isnan(value):
        raise not_supported("NaN of type double precision")
    is_lost = value == 0 and stripped.lower().partition("e")[0].strip("+-0.") != ""
    if is_lost or (math.isinf(value) and "n" not in stripped.lower()):
        raise error("22003", f'"{stripped}" is out of range for type {type_name}')
    return value


def to_text(value: float) -> str:
    """Write the shortest text that reads back as the same double."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return shaped(repr(float(value)), 15)


def shaped(text: str, digits: int) -> str:
    """Give Python's shortest digits the layout PostgreSQL uses.

    Args:
        text: What `repr` wrote.
        digits: Exponents from here up are written with `e`.

    Returns:
        Plain digits, or `1e+15`.
    """
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent_text = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(exponent_text or 0)
    raw = whole + ("" if fraction == "0" else fraction)
    point = len(whole) + exponent
    stripped = raw.lstrip("0")
    point -= len(raw) - len(stripped)
    raw = stripped.rstrip("0")
    if not raw:
        return sign + "0"
    power = point - 1
    if power < -4 or power >= digits:
        tail = f".{raw[1:]}" if len(raw) > 1 else ""
        return f"{sign}{raw[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{raw}"
    if len(raw) <= point:
        return sign + raw + "0" * (point - len(raw))
    return f"{sign}{raw[:point]}.{raw[point:]}"


def single(value: float) -> float:
    """Round a double to the nearest real.

    Raises:
        PostgresError: out of range of real (SQLSTATE 22003).
    """
    if value != value:
        raise not_supported("NaN of type real")
    try:
        return float(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        raise error("22003", "value out of range: overflow") from None


def single_to_text(value: float) -> str:
    """Write the shortest text that reads back as the same real."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if single(float(text)) == value:
            return shaped(repr(float(text)), 6)
    return shaped(repr(value), 6)
