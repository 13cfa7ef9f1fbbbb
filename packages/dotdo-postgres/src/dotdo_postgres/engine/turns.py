"""Turns on a shared loop: a reading statement that takes long gives way, and is to run again in a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dotdo.storage import TurnOver

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session

T = TypeVar("T")
TURN_US = 5_000
"""How long a statement may hold up others."""


def in_turn(session: Session, prepared: Prepared, call: Callable[[], T]) -> T:
    """Run a statement by calling `call`, unless it is known to take long.

    Raises:
        PostgresError: it failed.
        Blocked: another transaction must end first.
        TurnOver: it takes long; it has left nothing behind.
    """
    if prepared.is_long:
        raise TurnOver
    kernel = session.kernel
    session.is_in_turn = kernel.never_waits = True
    if prepared.is_read:
        kernel.turn_ends_us = kernel.store.clock() + TURN_US
    try:
        return call()
    except TurnOver:
        prepared.is_long = True
        raise
    finally:
        session.is_in_turn = kernel.never_waits = False
        kernel.turn_ends_us = None
