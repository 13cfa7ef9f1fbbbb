"""The spelling of samples' values in the older protocol; it refuses other numbers."""


def spell_double(value: float) -> bytes:
    """Spell a value with its shortest digits: plain from 1 on, with an exponent below and far beyond."""
    if value != value:
        return b"NaN"
    sign = "-" if str(value).startswith("-") else ""
    if value == 0:
        return f"{sign}0".encode()
    if abs(value) == float("inf"):
        return f"{sign}inf".encode()
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    scale = int(power or 0) - len(fraction)
    scale += len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    count = len(digits)
    highest = scale + count - 1
    if scale >= 0 and highest < count + 7:
        return f"{sign}{digits}{'0' * scale}".encode()
    if scale < 0 < count + scale:
        return f"{sign}{digits[:scale]}.{digits[scale:]}".encode()
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}E{highest}".encode()
