"""Identifiers: time-ordered, unguessable enough for names of things, made from an injected clock and source of randomness."""

import os
from collections.abc import Callable

from dotdo.clock import Clock, system_clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case

IdSource = Callable[[], str]


def id_source(
    clock: Clock = system_clock, randomness: Callable[[int], bytes] = os.urandom
) -> IdSource:
    """Make a source of ids of 20 characters: 9 of time in milliseconds, 11 of randomness (55 bits).

    Args:
        clock: Microseconds since 1970.
        randomness: Gives n random bytes.

    Returns:
        A function giving a new id at each call; ids made later sort later (to the millisecond).
    """

    def make() -> str:
        number = (clock() // 1000 & (1 << 45) - 1) << 55 | int.from_bytes(randomness(7)) & (
            1 << 55
        ) - 1
        return "".join([_ALPHABET[number >> shift & 31] for shift in range(95, -1, -5)])

    return make
