"""How Redis spells a double; it refuses to read one."""

from math import isinf

from dotdo_redis.engine.config import Config

EXACT = 1 << 52


def double_text(number: float, config: Config) -> bytes:
    """Spell a double: 17 digits before 7.2, the fewest that read back since."""
    if isinf(number):
        return b"inf" if number > 0 else b"-inf"
    if number == 0:
        return b"-0" if str(number)[0] == "-" else b"0"
    if -EXACT < number < EXACT and number == int(number):
        return b"%d" % int(number)
    if not config.shows(7, 2):
        return b"%.17g" % number
    return shortest(number)


def shortest(number: float) -> bytes:
    """The fewest digits that read back as the number, without a useless `.0`."""
    text = repr(number)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text.removesuffix(".0").encode()
    sign = "-" if exponent[0] == "-" else "+"
    return f"{mantissa.removesuffix('.0')}e{sign}{exponent.lstrip('+-').lstrip('0')}".encode()
