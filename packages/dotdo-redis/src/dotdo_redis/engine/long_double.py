"""Sums of decimal numbers as an 80-bit long double gives and prints them; it refuses words that are no numbers."""

from fractions import Fraction
from math import isinf

from dotdo_redis.engine.arguments import floating
from dotdo_redis.errors import ReplyError

MANTISSA_BITS = 64
DIGITS = 17


def add(word: bytes, increment: bytes, error: str = "") -> bytes:
    """Add two numbers and print the sum with up to 17 decimals, as INCRBYFLOAT does.

    Raises:
        ReplyError: one of them is not a number (with `error`, or the usual text), or the sum is infinite.
    """
    one, other = floating(word, error), floating(increment, error)
    if isinf(one) or isinf(other):
        raise ReplyError("increment would produce NaN or Infinity")
    return printed(_rounded(_read(word, one) + _read(increment, other)))


def _read(word: bytes, number: float) -> Fraction:
    """The long double nearest to the word; hexadecimal words are exact as doubles."""
    text = word.decode()
    return Fraction(number) if "x" in text.lower() else _rounded(Fraction(text))


def _rounded(value: Fraction) -> Fraction:
    """Round to 64 bits of mantissa, half to even."""
    if not value:
        return value
    scale = value.numerator.bit_length() - value.denominator.bit_length() - MANTISSA_BITS
    unit = Fraction(2) ** scale
    if abs(value) / unit >= 1 << MANTISSA_BITS:
        unit *= 2
    return round(value / unit) * unit


def printed(value: Fraction) -> bytes:
    """Print with 17 decimals, without the zeros at the end."""
    scaled = round(value * 10**DIGITS)
    sign = b"-" if scaled < 0 else b""
    whole, decimals = divmod(abs(scaled), 10**DIGITS)
    text = b"%d.%017d" % (whole, decimals)
    return sign + text.rstrip(b"0").rstrip(b".")
