"""Numerics of any size as blobs whose byte order is their numeric order; the last byte keeps the scale."""

from decimal import Context, Decimal

from dotdo.errors import InvalidValue
from dotdo.sql import limits

_BIAS = 0x8000
_WIDE = Context(prec=200_000)
NAN = b"\xff\x00"
INFINITY = b"\xfe\x00"
MINUS_INFINITY = b"\x00\x00"
_ZERO = 0x80
_POSITIVE, _NEGATIVE = 0xC0, 0x40


def encode(value: object) -> bytes:
    """Return the stored form.

    Args:
        value: A Decimal, an int, a float or their text.

    Raises:
        InvalidValue: It is no number, or one of more than 16,383 digits after or 131,072 before the point.
    """
    number = limits.number(value)
    if number.is_nan():
        return NAN
    if number.is_infinite():
        return INFINITY if number > 0 else MINUS_INFINITY
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    scale = max(0, -exponent)
    text = "".join(map(str, digits)).lstrip("0")
    trailer = scale.to_bytes(2)
    if not text:
        return bytes([_ZERO]) + trailer
    point = len(text) + exponent
    if scale > 16_383 or point > 131_072:
        msg = "a number has too many digits"
        raise InvalidValue(msg)
    text = text.rstrip("0")
    pairs = bytes(int(text[i : i + 2].ljust(2, "0")) + 1 for i in range(0, len(text), 2))
    body = (point + _BIAS * 4).to_bytes(3) + pairs
    if sign:
        return bytes([_NEGATIVE]) + bytes(255 - byte for byte in body) + b"\xff" + trailer
    return bytes([_POSITIVE]) + body + b"\x00" + trailer


def decode(stored: bytes) -> Decimal:
    """Return the number, with the scale it was stored with."""
    if stored == NAN:
        return Decimal("NaN")
    if stored in {INFINITY, MINUS_INFINITY}:
        return Decimal("Infinity" if stored == INFINITY else "-Infinity")
    scale = int.from_bytes(stored[-2:])
    kind, body = stored[0], stored[1:-3]
    if kind == _ZERO:
        return Decimal((0, (0,), -scale))
    if kind == _NEGATIVE:
        body = bytes(255 - byte for byte in body)
    point = int.from_bytes(body[:3]) - _BIAS * 4
    text = "".join(f"{byte - 1:02d}" for byte in body[3:])
    number = Decimal(("-" if kind == _NEGATIVE else "") + "0." + text).scaleb(point, _WIDE)
    return number.quantize(Decimal((0, (1,), -scale)), context=_WIDE)
