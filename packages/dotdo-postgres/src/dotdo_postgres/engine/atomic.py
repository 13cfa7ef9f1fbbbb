"""Work that is one statement whatever it takes: it may run again, and what is put off is done at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo.storage import Catalog
    from dotdo_postgres.engine.session import Session

T = TypeVar("T")


def atomically(
    session: Session,
    work: Callable[[], T],
    *,
    planned_for: Catalog | None = None,
    wait: bool = True,
) -> T:
    """Run what calls routines as one statement: it may run again, and outside a transaction what is put off is done at its end."""
    marked = len(session.notices)

    def run() -> T:
        if not session.depth:
            del session.notices[marked:]
        result = work()
        if not session.depth and session.is_idle and session.triggers.waiting:
            session.triggers.run_deferred(session)
        return result

    try:
        return session.kernel.mutate(run, planned_for=planned_for, wait=wait)
    finally:
        if not session.depth and session.is_idle:
            session.triggers.forget()
