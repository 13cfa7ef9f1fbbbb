"""How Redis 7.2 and later spell a double; it refuses to read one."""

from math import isfinite, isnan

WHOLE = (1 << 63) / 2
"""Whole numbers within are spelled as integers."""


def double_text(number: float) -> bytes:
    """Spell a double as replies do: `inf`, `-inf`, `nan`, whole numbers without a fraction, shortest digits."""
    if not isfinite(number):
        return b"nan" if isnan(number) else b"inf" if number > 0 else b"-inf"
    if -WHOLE < number < WHOLE and number == int(number):
        return b"-0" if number == 0 and str(number)[0] == "-" else b"%d" % int(number)
    return shortest(number)


def shortest(number: float) -> bytes:
    """The fewest digits that read back as a finite number: plain where few zeros are added, else with an exponent."""
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    shift = int(exponent or 0) - len(fraction)
    short = digits.rstrip("0") or "0"
    shift += len(digits) - len(short) if digits else -shift
    return f"{'-' if number < 0 else ''}{_placed(short, shift)}".encode()


def _placed(digits: str, shift: int) -> str:
    """Digits times ten to the power of `shift`."""
    power = shift + len(digits) - 1
    if shift >= 0 and abs(power) < len(digits) + 7:
        return digits + "0" * shift
    if shift < 0 and (shift > -7 or abs(power) < 4):
        point = len(digits) + shift
        return f"{digits[:point]}.{digits[point:]}" if point > 0 else f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{power:+d}"
