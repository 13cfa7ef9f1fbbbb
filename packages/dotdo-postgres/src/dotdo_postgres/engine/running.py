"""Running prepared statements in a session: alone, many times, as a step or a part of another; again where definitions or values call for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.errors import DotdoError
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.dml.many import Rows, draw, write_many
from dotdo_postgres.engine.failures import translate
from dotdo_postgres.engine.preparing import know_types
from dotdo_postgres.engine.references import unmet_reference
from dotdo_postgres.engine.routines.checks import NumericTooWide
from dotdo_postgres.engine.run.functions import make_aggregate, make_function
from dotdo_postgres.engine.status import ABORTED, INERROR, INTRANS
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage.virtual import ComputedRows
    from dotdo_postgres.engine.compile.compiler import PythonCall
    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.errors import PostgresError
    from dotdo_postgres.mapping.codecs import StorageValue


def run(  # noqa: C901 -- one clause for each way in which a statement may have to be run again
    session: Session, prepared: Prepared, params: Sequence[StorageValue] = (), *, wait: bool = True
) -> Result:
    """Run a prepared statement.

    Args:
        session: Whose statement it is.
        prepared: What `prepare` gave.
        params: Storage values of the parameters; those in `prepared.codecs` as these read them.
        wait: Wait for other transactions in this thread; else `Blocked` is raised.

    Returns:
        The result.

    Raises:
        PostgresError: the statement failed; an open transaction has failed with it.
        Blocked: it must wait, and `wait` is false.
        CatalogChanged: it is to be prepared anew, and its parameters read anew.
    """
    if session.transaction_status is INERROR and not prepared.ends_failed_transaction:
        raise error("25P02", ABORTED)
    if session.statement_timeout_us:
        _set_deadline(session)
    session.is_cancelled = False
    told = prepared
    prepared, params = prepared.lifted or (prepared, params)
    try:
        if prepared.python_calls:
            _make_known(session, prepared)
        if prepared.touched:
            _lock_tables(session, prepared, wait)
        if prepared.shapes:
            return _run_on_documents(session, prepared, params, wait)
        return prepared.execute(session, prepared, params, wait)
    except (Blocked, TurnOver):
        raise
    except CatalogChanged:
        is_told = prepared.shapes and not (wait or prepared.is_read)
        if is_told or (prepared.codecs and told is prepared):  # columns may be others now
            raise
        params = params if told is prepared else ()
        return session.run(session.prepare(*told.source), params, wait=wait)
    except NumericTooWide:
        return _run_wide(session, prepared, params, wait)
    except DotdoError as failure:
        if prepared.rebuild is not None and "integer overflow" in str(failure):
            return _run_wide(session, prepared, params, wait)
        failed, given = session.part or (prepared, params)
        session.part = None
        raise _failed(session, failed, given, failure) from failure
    except BaseException:
        session.fail()
        raise


def run_many(  # noqa: C901 -- as `run`
    session: Session,
    prepared: Prepared,
    rows: Sequence[Sequence[StorageValue]],
    *,
    wait: bool = True,
) -> Result:
    """Run a statement that `takes_many` once for each row of parameters, all of it or nothing.

    Args:
        session: Whose statement it is.
        prepared: What `prepare` gave.
        rows: For each run the parameters, as `run` takes them.
        wait: Wait for other transactions in this thread; else `Blocked` is raised.

    Returns:
        The result: tag of the last run, number of rows of all.

    Raises:
        PostgresError: a run failed; an open transaction has failed with it.
        Blocked: it must wait, and `wait` is false.
        CatalogChanged: it is to be prepared anew, and its parameters read anew.
    """
    if session.transaction_status is INERROR:
        raise error("25P02", ABORTED)
    if session.statement_timeout_us:
        _set_deadline(session)
    several = Rows(session, rows)
    try:
        if prepared.python_calls:
            _make_known(session, prepared)
        if prepared.touched:
            _lock_tables(session, prepared, wait)
        several = Rows(session, rows, draw(session, prepared, len(rows)))
        return write_many(session, prepared, several, wait)
    except (Blocked, CatalogChanged):
        raise
    except NumericTooWide:
        if prepared.rebuild is not None:
            return session.run_many(prepared.rebuild(), rows, wait=wait)
        session.fail()
        raise error("22003", "bigint out of range") from None
    except DotdoError as failure:
        if prepared.rebuild is not None and "integer overflow" in str(failure):
            return session.run_many(prepared.rebuild(), rows, wait=wait)
        raise _failed(session, prepared, several.current, failure) from failure
    except BaseException:
        session.fail()
        raise


def _failed(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], failure: DotdoError
) -> PostgresError:
    """Return the error, told before the transaction is undone: it may tell of rows that are its own."""
    try:
        return translate(session, prepared, params, failure)
    finally:
        session.fail()


def _run_on_documents(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a statement that names nouns of documents.

    Raises:
        CatalogChanged: values of other kinds than those it was planned for are in them.
    """
    try:
        _check_shapes(session, prepared)
        result = prepared.execute(session, prepared, params, wait)
    except DotdoError:
        _check_shapes(session, prepared)
        raise
    if prepared.is_read:
        _check_shapes(session, prepared)
    return result


def _check_shapes(session: Session, prepared: Prepared) -> None:
    if not session.documents.are_as(prepared.shapes):
        session.plans.pop(prepared.source, None)
        raise CatalogChanged


def _lock_tables(session: Session, prepared: Prepared, wait: bool) -> None:
    """Hold what a statement touches, as LOCK TABLE of others respects it and is respected."""
    locks = session.table_locks
    if locks.in_use:
        locks.require(prepared.touched, wait)
    if session.transaction_status is INTRANS:
        locks.note(prepared)


def _run_wide(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if prepared.rebuild is None:
        session.fail()
        raise error("22003", "bigint out of range")
    wide = prepared.rebuild()
    wide.source = prepared.source
    return session.run(wide, params, wait=wait)


def run_inside(session: Session, prepared: Prepared, params: Sequence[StorageValue] = ()) -> Result:
    """Run a statement that is a step of another one; its errors are the other's.

    Raises:
        PostgresError: it failed.
    """
    try:
        if prepared.python_calls:
            _make_known(session, prepared)
        return prepared.execute(session, prepared, params, True)
    except (Blocked, CatalogChanged, TurnOver):
        raise
    except DotdoError as failure:
        raise translate(session, prepared, params, failure) from failure


def run_part(
    session: Session, part: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a part of a statement that goes on; when it fails, the error tells of it."""
    if part.python_calls:
        session.register(part.python_calls)
    session.part = part, params
    result = part.execute(session, part, params, wait)
    session.part = None
    return result


def require_references(session: Session) -> None:
    """See that the rows keep their foreign keys at the end of a statement of several parts.

    Raises:
        PostgresError: they do not (SQLSTATE 23503).
    """
    if session.kernel.has_unmet_references():
        unmet = unmet_reference(session, is_deferred=False)
        if unmet is not None:
            raise unmet


def stage_rows(session: Session, name: str, columns: Sequence[str], rows: ComputedRows) -> None:
    """Let the stages of a statement read rows under a name."""
    if name not in session.staged:
        session.kernel.create_virtual_table(name, columns, lambda: session.staged[name])
    session.staged[name] = rows


def _make_known(session: Session, prepared: Prepared) -> None:
    if prepared.is_registered:
        session.begin_statement()
        know_types(session)
    else:
        session.register(prepared.python_calls)
        prepared.is_registered = True


def register(session: Session, calls: tuple[PythonCall, ...]) -> None:
    """Make Python routines known to SQLite."""
    session.begin_statement()
    if session.facts.names is not None:
        know_types(session)
    for call in calls:
        if call.sql_name in session.registered:
            continue
        session.registered.add(call.sql_name)
        count = len(call.types)
        if call.routine.kind == "aggregate":
            create = (
                session.kernel.create_window
                if call.routine.takes_window
                else session.kernel.create_aggregate
            )
            create(call.sql_name, make_aggregate(call, session.facts), count)
        else:
            function = make_function(call, session.facts)
            session.kernel.create_function(
                call.sql_name, function, count, deterministic=not call.routine.is_volatile
            )


def _set_deadline(session: Session) -> None:
    if not session.is_retrying:
        session.kernel.deadline_us = session.kernel.store.clock() + session.statement_timeout_us
