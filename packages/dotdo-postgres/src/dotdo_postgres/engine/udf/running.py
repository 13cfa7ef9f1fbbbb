"""Statements inside routines: run as steps of the statement that called, planned anew when definitions changed, undone in part."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo.errors import DotdoError, Interrupted, LockTimeout, StatementTimeout, TransactionError
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.failures import translate
from dotdo_postgres.engine.routines.checks import NumericTooWide
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import numeric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dotdo_postgres.engine.plan import Prepared, Result, ResultColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

PASSING = (Blocked, CatalogChanged, TurnOver)
"""What tells the outermost statement to run again; no routine handles it."""
MAX_DEPTH = 120
_DEPTH_HINT = (
    'Increase the configuration parameter "max_stack_depth" (currently 2048kB), '
    "after ensuring the platform's stack depth limit is adequate."
)


def run_step(session: Session, prepared: Prepared, params: Sequence[StorageValue]) -> Result:
    """Run a planned statement as a step of another.

    Raises:
        PostgresError: it failed.
    """
    try:
        if prepared.python_calls and not prepared.is_registered:
            session.register(prepared.python_calls)
            prepared.is_registered = True
        if session.kernel.is_running:
            return session.kernel.step(lambda: prepared.execute(session, prepared, params, True))
        return prepared.execute(session, prepared, params, True)
    except PASSING:
        raise
    except NumericTooWide:
        if prepared.rebuild is None:
            raise error("22003", "bigint out of range") from None
        return run_step(session, prepared.rebuild(), params)
    except DotdoError as failure:
        if prepared.rebuild is not None and "integer overflow" in str(failure):
            return run_step(session, prepared.rebuild(), params)
        if isinstance(failure, LockTimeout) and session.kernel.is_running:
            message = "a change of definitions while a query of the same statement reads tables"
            raise not_supported(message) from None
        raise translate(session, prepared, params, failure) from failure


def plain_rows(
    columns: Sequence[ResultColumn], rows: list[tuple[StorageValue, ...]]
) -> list[tuple[StorageValue, ...]]:
    """Return rows with every numeric in the one form that parameters have."""
    places = {at: column.scale for at, column in enumerate(columns) if column.scale is not None}
    if not places:
        return rows
    return [
        tuple(
            unscaled(value, places[at]) if at in places else value for at, value in enumerate(row)
        )
        for row in rows
    ]


def unscaled(value: StorageValue, scale: int) -> StorageValue:
    """Return a numeric that is kept as a scaled integer in the form that parameters have."""
    if value is None:
        return None
    return numeric.encode(Decimal(value).scaleb(-scale, numeric.CONTEXT))  # type: ignore[arg-type]  # it is a whole number


@contextmanager
def called(session: Session) -> Iterator[None]:
    """Count how deep routines call each other.

    Raises:
        PostgresError: too deep (SQLSTATE 54001).
    """
    if session.depth >= MAX_DEPTH:
        raise error("54001", "stack depth limit exceeded", hint=_DEPTH_HINT)
    session.depth += 1
    try:
        yield
    except RecursionError:
        raise error("54001", "stack depth limit exceeded", hint=_DEPTH_HINT) from None
    finally:
        session.depth -= 1


def check_time(session: Session) -> None:
    """See that the statement may go on.

    Raises:
        PostgresError: it was cancelled or its time is over (SQLSTATE 57014).
        TurnOver: it holds up others: it is to run in a thread of its own.
    """
    kernel = session.kernel
    if session.is_cancelled or kernel.is_interrupted:
        raise translate(session, None, (), Interrupted("cancelled"))
    if kernel.deadline_us is not None and kernel.is_over_deadline():
        raise translate(session, None, (), StatementTimeout("time is over"))
    if session.is_in_turn:
        from dotdo_postgres.engine.turns import TURN_US

        now_us = kernel.store.clock()
        if session.turn_began_us and now_us - session.turn_began_us > TURN_US:
            raise TurnOver


class SubTransaction:
    """What is done within the block is undone when it fails, as after a savepoint.

    Args:
        session: Whose.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._name = f"_block{session.depth}_{len(session.subtransactions)}"

    def __enter__(self) -> None:
        session = self._session
        session.subtransactions.append(self._name)
        if session.kernel.is_running:
            try:
                session.kernel.begin_part(self._name)
            except TransactionError:
                session.subtransactions.pop()
                message = "an exception block in a routine that a changing statement calls"
                raise not_supported(message) from None
        else:
            session.kernel.savepoint(self._name)
        if not session.is_idle:
            session.settings.savepoint(self._name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        session, kernel = self._session, self._session.kernel
        session.subtransactions.pop()
        if kernel.is_running:
            kernel.end_part(self._name, is_kept=kind is None)
        elif kernel.in_transaction:
            if kind is not None:
                kernel.rollback_to(self._name)
            kernel.release(self._name)
        if not session.is_idle:
            self._end_settings(is_kept=kind is None)

    def _end_settings(self, *, is_kept: bool) -> None:
        from dotdo_postgres.engine.variables import adopt

        session = self._session
        if not is_kept:
            depth = session.settings.rollback_to(self._name)
            session.portals.undo(depth)
            session.mailbox.undo(depth)
            session.triggers.undo(depth)
            adopt(session)
        depth = session.settings.release(self._name)
        session.portals.released(depth)
        session.mailbox.released(depth)
        session.triggers.released(depth)


def add_context(failure: PostgresError, line: str) -> None:
    """Add a line to where an error happened, outermost last."""
    failure.context = f"{failure.context}\n{line}" if failure.context else line
