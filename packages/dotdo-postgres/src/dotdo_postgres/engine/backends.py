"""The sessions of this process by their numbers: cancelling what one runs, or ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from dotdo.storage import Store
    from dotdo_postgres.engine.session import Session

_ALL: WeakSet[Session] = WeakSet()


def enter(session: Session) -> None:
    """Let others find the session."""
    _ALL.add(session)


def numbers(store: Store) -> list[int]:
    """Return the numbers of the sessions of a tenant that are open."""
    return [one.pid for one in _ALL if one.kernel.store is store]


def leave(session: Session) -> None:
    """The session is closed."""
    _ALL.discard(session)


def signal(asker: Session, pid: int, what: str) -> bool:
    """Tell a session to `cancel` or to `terminate`; return whether there is one of that number.

    Raises:
        PostgresError: it is the asker itself that is cancelled (57014) or ended (57P01, fatal).
    """
    if pid == asker.pid:
        if what == "cancel":
            raise error("57014", "canceling statement due to user request")
        raise terminated()
    store = asker.kernel.store
    found = [one for one in _ALL if one.pid == pid and one.kernel.store is store]
    for one in found:
        if what == "cancel":
            one.on_cancel()
        else:
            one.on_terminate()
    if not found:
        asker.notice("WARNING", "01000", f"PID {pid} is not a PostgreSQL server process")
    return bool(found)


def blockers(asker: Session, pid: int) -> list[int]:
    """Return the numbers of the sessions that a session waits for; 0 stands for another process."""
    store = asker.kernel.store
    for one in _ALL:
        waiter = one.kernel.waiting_for if one.pid == pid else None
        if waiter is not None and not waiter.is_done and one.kernel.store is store:
            return [other.pid for other in _ALL if other.kernel is waiter.owner] or [0]
    return []


def terminated() -> PostgresError:
    """Return the error that a session ends with."""
    return error("57P01", "terminating connection due to administrator command", severity="FATAL")
