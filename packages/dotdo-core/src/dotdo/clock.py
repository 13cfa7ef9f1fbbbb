"""Clocks: the present in microseconds since 1970, injected wherever time matters."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives microseconds since 1970-01-01 UTC."""


def system_clock() -> int:
    """Return the wall clock in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def nanoseconds_of(clock: Clock) -> Callable[[], int]:
    """Return a clock's time in nanoseconds: the system's without a call of Python in between."""
    return time.time_ns if clock is system_clock else lambda: clock() * 1000
