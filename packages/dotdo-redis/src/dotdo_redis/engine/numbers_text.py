"""How Redis spells a double; it refuses to read one."""

from math import isinf

from dotdo_redis.engine.config import Config
from dotdo_redis.mapping import doubles

EXACT = 1 << 52


def double_text(number: float, config: Config) -> bytes:
    """Spell a double: 17 digits before 7.2, the fewest that read back since."""
    if config.shows(7, 2) or isinf(number) or number == 0:
        return doubles.double_text(number)
    if -EXACT < number < EXACT and number == int(number):
        return b"%d" % int(number)
    return b"%.17g" % number
