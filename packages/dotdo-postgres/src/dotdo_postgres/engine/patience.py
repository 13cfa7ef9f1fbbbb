"""How long a statement waits for another transaction, and what it fails with when that was too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session

_SLACK_US = 1_000  # a timer may ring a little early


def patience_s(session: Session) -> float | None:
    """Return for how long a statement that is blocked may wait, None for ever."""
    kernel = session.kernel
    limits = [] if kernel.lock_timeout_us is None else [kernel.lock_timeout_us]
    if session.statement_timeout_us and kernel.deadline_us is not None:
        limits.append(kernel.deadline_us - kernel.store.clock())
    return max(min(limits), 0) / 1e6 if limits else None


def give_up(session: Session) -> PostgresError:
    """Wait no longer for another transaction; return the error that says why, if time was over."""
    session.fail()
    kernel = session.kernel
    kernel.waiting_for = None
    if session.statement_timeout_us and kernel.deadline_us is not None:
        left_us = kernel.deadline_us - kernel.store.clock()
        if kernel.lock_timeout_us is None or left_us <= _SLACK_US:
            return error("57014", "canceling statement due to statement timeout")
    return error("55P03", "canceling statement due to lock timeout")
