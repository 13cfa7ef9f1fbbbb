"""real and double precision: PostgreSQL's reading and shortest writing of binary floating point; NaN cannot be stored and is refused."""

import math
import re
import struct

from dotdo_postgres.errors import error

NAN = "NaN"
"""How NaN is stored, since SQLite has no such number: text orders above all numbers, as NaN does in PostgreSQL."""


def kept(value: float) -> float | str:
    """Return the stored form of a double or real."""
    value = float(value)
    return value if value == value else NAN


def stored_to_text(value: float | str) -> str:
    """Write a stored double."""
    return NAN if value == NAN else to_text(float(value))


def stored_single_to_text(value: float | str) -> str:
    """Write a stored real."""
    return NAN if value == NAN else single_to_text(float(value))


_HEXADECIMAL = re.compile(r"[+-]?0[xX]")


def _from_hexadecimal(stripped: str, text: str, type_name: str) -> float:
    try:
        return float.fromhex(stripped)
    except OverflowError:
        raise error("22003", f'"{stripped}" is out of range for type {type_name}') from None
    except ValueError:
        raise error("22P02", f'invalid input syntax for type {type_name}: "{text}"') from None


def _special(value: float) -> str:
    return NAN if value != value else "Infinity" if value > 0 else "-Infinity"


def from_text(text: str, type_name: str = "double precision") -> float:
    """Read a double.

    Raises:
        PostgresError: not a number (22P02), out of range (22003).
    """
    stripped = text.strip(" \t\n\r\f\v")
    if _HEXADECIMAL.match(stripped):
        return _from_hexadecimal(stripped, text, type_name)
    try:
        value = float(stripped) if stripped.isascii() and "_" not in stripped else None
    except ValueError:
        value = None
    if value is None:
        raise error("22P02", f'invalid input syntax for type {type_name}: "{text}"')
    is_lost = value == 0 and stripped.lower().partition("e")[0].strip("+-0.") != ""
    if is_lost or (math.isinf(value) and "n" not in stripped.lower()):
        raise error("22003", f'"{stripped}" is out of range for type {type_name}')
    return value


def to_text(value: float) -> str:
    """Write the shortest text that reads back as the same double."""
    if not math.isfinite(value):
        return _special(value)
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
    try:
        found = float(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        raise error("22003", "value out of range: overflow") from None
    if found == 0 and value != 0:
        raise error("22003", "value out of range: underflow")
    return found


def single_to_text(value: float) -> str:
    """Write the shortest text that reads back as the same real."""
    if not math.isfinite(value):
        return _special(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if single(float(text)) == value:
            return shaped(repr(float(text)), 6)
    return shaped(repr(value), 6)
