"""Running what may have to wait: for another transaction, or in a thread of its own because it is long."""

import time
from collections.abc import Callable, Generator
from typing import TypeVar

from dotdo.serving import Control, Wait, Work
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.parameters import decode
from dotdo_postgres.engine.patience import give_up, patience_s
from dotdo_postgres.engine.plan import Prepared, Result, is_outdated
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.session import Session
from dotdo_postgres.engine.turns import TURN_US, in_turn
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.protocol.frames import Frame
from dotdo_postgres.server.steps import NextFrame

T = TypeVar("T")


class Runner:
    """Runs the statements of one session on the host's loop.

    Args:
        session: the engine's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_cancelled = False

    def cancel(self, control: Control) -> None:
        """Abandon what is waited for."""
        self._is_cancelled = True
        if isinstance(control, Wait):
            control.cancel()
        elif isinstance(control, Work):
            self._session.cancel()

    def begin(self) -> None:
        """A request begins: what was cancelled before is not."""
        self._is_cancelled = False

    def check_cancelled(self) -> None:
        """See that the request goes on.

        Raises:
            PostgresError: it was cancelled (57014).
        """
        if self._is_cancelled:
            raise _cancelled()

    def run(
        self, prepared: Prepared, call: Callable[[], T]
    ) -> Generator[Control | NextFrame, Frame | None, T]:
        """Run a statement in as many steps as it takes.

        Args:
            prepared: what it is.
            call: runs it without waiting; called again after each wait.

        Raises:
            PostgresError: it failed, was cancelled, or had to wait too long.
        """
        return self._until_done(
            lambda: in_turn(self._session, prepared, call), lambda: _elsewhere(prepared, call)
        )

    def call(self, call: Callable[[], T]) -> Generator[Control | NextFrame, Frame | None, T]:
        """Do what may have to wait, such as a commit, in as many steps as it takes."""
        return self._until_done(call, call)

    def _until_done(
        self, here: Callable[[], T], elsewhere: Callable[[], T]
    ) -> Generator[Control | NextFrame, Frame | None, T]:
        session = self._session
        attempt = here
        try:
            while True:
                try:
                    return attempt()
                except Blocked as blocked:
                    wait = Wait(blocked.waiter, patience_s(session))
                    session.kernel.waiting_for = blocked.waiter  # others look who waits for whom
                    yield wait
                    self._check(wait)
                    attempt = here
                except TurnOver:
                    work = Work(self._unless_cancelled(elsewhere))
                    yield work
                    attempt = work.result
                session.is_retrying = True
        finally:
            session.is_retrying = False
            session.kernel.waiting_for = None

    def _unless_cancelled(self, call: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            if self._is_cancelled:
                raise _cancelled()
            return call()

        return run

    def _check(self, wait: Wait) -> None:
        if wait.is_cancelled or self._is_cancelled:
            give_up(self._session)
            raise _cancelled()
        if wait.is_timed_out:
            raise give_up(self._session)

    # --- portals -----------------------------------------------------------------------------

    def portal(self, portal: Portal) -> Result:
        """Run a portal that has not run yet, without waiting; see `in_turn`."""
        session = self._session
        while True:
            prepared = portal.prepared
            assert prepared is not None
            try:
                portal.result = session.run(prepared, portal.params, wait=False)
            except CatalogChanged:
                self._rebind(portal)
                continue
            if not is_outdated(prepared, portal.result):
                return portal.result
            self._rebind(portal)

    def _rebind(self, portal: Portal) -> None:
        """Prepare anew what was prepared for definitions that are others now."""
        statement = portal.statement
        assert statement is not None
        prepared = self._session.prepare(statement.sql, statement.param_oids)
        statement.check(prepared)
        portal.params = decode(self._session, prepared, portal.values, portal.formats)
        portal.prepared = prepared


def _elsewhere(prepared: Prepared, call: Callable[[], T]) -> T:
    """Run a statement in a thread of its own; it is not long if only others held it up."""
    began_ns = time.thread_time_ns()
    result = call()
    prepared.is_long = time.thread_time_ns() - began_ns > TURN_US * 1000
    return result


def _cancelled() -> PostgresError:
    return error("57014", "canceling statement due to user request")
