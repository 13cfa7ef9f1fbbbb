"""A session: one client's connection as PostgreSQL sees it: prepared statements, transaction status, settings, notices."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dotdo.clock import system_clock
from dotdo.errors import DotdoError
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine import backends
from dotdo_postgres.engine.advisory import Advisor
from dotdo_postgres.engine.catalog.answers import Answers
from dotdo_postgres.engine.catalog.provided import computed
from dotdo_postgres.engine.catalog.regtypes import RegTypes
from dotdo_postgres.engine.catalog.rows import rows_of
from dotdo_postgres.engine.constraints import unmet_reference
from dotdo_postgres.engine.ddl.temporary import leave as leave_temporary
from dotdo_postgres.engine.dml.many import Rows, draw, write_many
from dotdo_postgres.engine.documents.present import Documents
from dotdo_postgres.engine.facts import Facts
from dotdo_postgres.engine.failures import translate
from dotdo_postgres.engine.lifting import lift
from dotdo_postgres.engine.named import Statements
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.notifying import Mailbox
from dotdo_postgres.engine.objects import temporary
from dotdo_postgres.engine.objects.actor import actor_named
from dotdo_postgres.engine.objects.collected import objects_of
from dotdo_postgres.engine.objects.names import Names
from dotdo_postgres.engine.objects.search_path import search_path
from dotdo_postgres.engine.parse import parse, place
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import Planner
from dotdo_postgres.engine.portals import Portals
from dotdo_postgres.engine.procedures.calling import call_stored
from dotdo_postgres.engine.procedures.functions import call_function
from dotdo_postgres.engine.procedures.hooks import UserRoutines
from dotdo_postgres.engine.routines.checks import NumericTooWide
from dotdo_postgres.engine.run.functions import make_aggregate, make_function
from dotdo_postgres.engine.run.values import session_values
from dotdo_postgres.engine.script import Script
from dotdo_postgres.engine.sequences import Sequences
from dotdo_postgres.engine.settings import Settings
from dotdo_postgres.engine.sleeping import sleep
from dotdo_postgres.engine.statements import plan_statement
from dotdo_postgres.engine.table_locks import TableLocks
from dotdo_postgres.engine.transactions import begin_implicit, end_implicit, ends_failed
from dotdo_postgres.engine.triggers.pending import Pending
from dotdo_postgres.engine.triggers.plans import TriggerPlans
from dotdo_postgres.engine.udf.casting import Caster
from dotdo_postgres.engine.variables import adopt
from dotdo_postgres.errors import Notice, PostgresError, error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.encodings import UTF8
from dotdo_postgres.mapping.types import use_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dotdo.storage import Catalog, Store
    from dotdo.storage import Session as KernelSession
    from dotdo.storage.virtual import ComputedRows
    from dotdo_postgres.engine.compile.compiler import PythonCall
    from dotdo_postgres.engine.parse import Node
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.mapping.codecs import StorageValue

_pids = itertools.count(1)
_REGS = RegTypes()
_ROUTINES = UserRoutines()
_TRIGGER_PLANS = TriggerPlans()
MAX_PLANS = 512
_ABORTED = "current transaction is aborted, commands ignored until end of transaction block"


class DatabaseList(Protocol):
    """Where databases are created and dropped."""

    def create(self, name: str) -> None:
        """Create one; raises 42P04."""

    def drop(self, name: str) -> None:
        """Drop one; raises 3D000, 55006."""


class TransactionStatus(IntEnum):
    """Where the transaction stands, in libpq's numbers."""

    IDLE = 0
    INTRANS = 2
    INERROR = 3


IDLE, INTRANS, INERROR = TransactionStatus  # a look-up in the class costs more than the check


class Session:  # noqa: PLR0904 -- what a client can ask of its connection
    """One client's connection.

    Args:
        store: The tenant's store.
        user: Name of the user.
        database: Name of the database.
        application_name: What the client calls itself.
        clock: Microseconds since 1970.
        databases: Creates and drops databases; without, that is not supported.
        pid: Number of the session, as `pg_backend_pid` tells it; a new one by default.
    """

    def __init__(  # noqa: PLR0915 -- what a session keeps
        self,
        store: Store,
        *,
        user: str = "postgres",
        database: str = "chinook",
        application_name: str = "",
        clock: Callable[[], int] = system_clock,
        databases: DatabaseList | None = None,
        pid: int | None = None,
    ) -> None:
        self.kernel = store.session(api="postgres")
        self.statement_timeout_us = 0
        self.settings = Settings(user, application_name)
        self.facts = Facts(
            clock=clock,
            user=user,
            database=database,
            settings=self.settings.values,
            set_setting=self._set_setting,
            session_user=user,
        )
        self.documents = Documents(self.kernel)
        self.sequences = self.facts.sequences = Sequences(self)
        self.facts.catalog = Answers(self.facts, self.kernel.read)
        self.current_query = ""
        self.naming: tuple[str, ...] = ()  # the settings that the plans' names were found by
        self.transaction_status: TransactionStatus = IDLE
        self.notices: list[Notice] = []
        self.pid = next(_pids) if pid is None else pid
        self.encoding = UTF8
        self.is_in_turn = False  # on a loop that others share
        self.on_cancel: Callable[[], object] = self.cancel
        self.on_terminate: Callable[[], object] = self.close
        self.mailbox = Mailbox(store, self.pid)
        self._give_facts()
        backends.enter(self)
        self.statements = Statements()
        self.portals = Portals()
        self.drawn: list[StorageValue] = []
        self._databases = databases
        self.is_implicit = False
        self.depth = 0  # of routines that call each other
        self.subtransactions: list[str] = []
        self.frames: list[Frame] = []
        self.caster = Caster(self)
        self.bodies: dict[object, tuple[object, object, Any]] = {}
        self.acted: dict[tuple[str, str], Names] = {}
        self.dynamic_plans: dict[object, tuple[object, list[Prepared]]] = {}
        self.triggers = Pending()
        self.trigger_plans = _TRIGGER_PLANS
        self.is_call_atomic = True  # procedures called now may not end the transaction
        self.has_ended = False  # the statement has ended a transaction: it cannot run again
        self.unnamed_portals = 0
        self.is_cancelled = False
        self.turn_began_us = 0
        self.has_temporary = self.has_on_commit = False
        self.is_retrying = False  # the statement goes on: its time runs since it began first
        self._plans: dict[tuple[str, tuple[int, ...]], Prepared] = {}
        self._plans_catalog: Catalog | None = None
        self._unlifted: set[str] = set()  # texts whose numbers have to stay
        self._registered: set[str] = set()
        self._virtual: set[str] = set()
        self._staged: dict[str, ComputedRows] = {}
        self._part: tuple[Prepared, Sequence[StorageValue]] | None = None

    def _set_setting(self, name: str, value: str | None, is_local: bool) -> str:
        from dotdo_postgres.engine.variables import apply

        apply(self, name, value, is_local=is_local)
        return self.settings.values[name.lower()]

    def _give_facts(self) -> None:
        """Let functions do what only the session can."""
        facts, mailbox = self.facts, self.mailbox
        facts.notify = partial(self._act, mailbox.notify)
        facts.channels = lambda: sorted(mailbox.channels)
        facts.sleep = partial(sleep, self)
        facts.signal = partial(backends.signal, self)
        facts.blockers = partial(backends.blockers, self)
        facts.advisor = Advisor(self)
        facts.call_routine = partial(call_stored, self)
        facts.call_function = partial(call_function, self)
        facts.trigger_depth = lambda: sum(frame.is_trigger for frame in self.frames)
        self.table_locks = TableLocks(self)

    def _act(self, act: Callable[..., object], *args: str) -> None:
        act(*args, self.settings.depth)
        if self.transaction_status is IDLE:
            self.mailbox.end(is_committed=True)

    @property
    def parameters(self) -> dict[str, str]:
        """What ParameterStatus reports."""
        return self.settings.reported()

    def notice(self, severity: str, sqlstate: str, message: str) -> None:
        """Tell the client something that stops nothing."""
        self.notices.append(Notice(message, sqlstate=sqlstate, severity=severity))

    def prepare(self, sql: str, param_oids: tuple[int, ...] = ()) -> Prepared:
        """Parse, bind and plan one statement; the plan is cached.

        Raises:
            PostgresError: whatever is wrong with it.
        """
        if self.kernel.catalog is not self._plans_catalog:
            self._look_up_names()
        found = self._plans.get((sql, param_oids))
        if found is None:
            try:
                found = self._plan_lifted(sql) if not param_oids else None
                found = found or self._plan_one(sql, param_oids)
            except BaseException:
                self.fail()
                raise
            self._keep(found, sql, param_oids)
        return found

    def _keep(self, plan: Prepared, sql: str, param_oids: tuple[int, ...]) -> None:
        if plan.is_kept:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            self._plans[sql, param_oids] = plan

    def _plan_lifted(self, sql: str) -> Prepared | None:
        """Return the plan of a statement by that of all that differ only in their whole numbers; None where that does not do."""
        lifted = lift(sql)
        if lifted is None or lifted.sql in self._unlifted:
            return None
        status, notices = self.transaction_status, len(self.notices)
        try:
            inner = self._plans.get((lifted.sql, lifted.oids))
            if inner is None:
                inner = self._plan_one(lifted.sql, lifted.oids)
                if inner.parameters != len(lifted.values) + len(inner.session_values):
                    self._unlifted.add(lifted.sql)  # one was folded away
                    return None
                self._keep(inner, lifted.sql, lifted.oids)
            values = [
                value
                if (codec := inner.codecs.get(number)) is None
                else codec.from_text(str(value))
                for number, value in enumerate(lifted.values)
            ]
        except PostgresError:  # the statement itself is planned, which tells what is wrong with it
            self.transaction_status = status
            del self.notices[notices:]
            if len(self._unlifted) >= MAX_PLANS:
                self._unlifted.clear()
            self._unlifted.add(lifted.sql)
            return None
        return replace(
            inner, param_types=(), source=(sql, ()), is_kept=False, lifted=(inner, values)
        )

    def _plan_one(self, sql: str, param_oids: tuple[int, ...]) -> Prepared:
        statements = parse(sql)
        if len(statements) > 1:
            raise error("42601", "cannot insert multiple commands into a prepared statement")
        for oid in param_oids:
            if oid and t.BY_OID.get(oid) is None:
                raise error("XX000", f"cache lookup failed for type {oid}")
        return self.plan(statements[0]["stmt"] if statements else None, sql, param_oids)

    @property
    def names(self) -> Names:
        """How names resolve, by the definitions of the newest plan."""
        return self.facts.names

    def _look_up_names(self) -> None:
        """Forget plans of other definitions, and let names mean what they mean now."""
        self._plans.clear()
        catalog = self._plans_catalog = self.kernel.catalog
        values = self.settings.values
        self.facts.session_user = values["session_authorization"]
        role = values.get("role", "none")
        self.facts.user = self.facts.session_user if role == "none" else role
        path = search_path(self, catalog)
        actor = actor_named(objects_of(catalog), self.facts.user)
        self.facts.names = Names(
            catalog,
            path,
            temporary.schema_name(self.pid),
            computed(),
            _REGS,
            actor,
            _ROUTINES,
            self.documents,
        )
        self._use_types()

    def _use_types(self) -> None:
        use_types(self.facts.names.objects.by_oid, self.facts.names)

    @contextmanager
    def searching(self, schema: str) -> Iterator[None]:
        """Search a schema before the others within the block."""
        values = self.settings.values
        before = values["search_path"]
        values["search_path"] = f"{quote_ident(schema)}, {before}"
        self._look_up_names()
        try:
            yield
        finally:
            values["search_path"] = before
            self._look_up_names()

    def planner(self, sql: str = "", param_oids: tuple[int, ...] = ()) -> Planner:
        """Return a planner of one statement on the definitions of the moment."""
        if self.kernel.catalog is not self._plans_catalog:
            self._look_up_names()
        self._use_types()
        return Planner(self, param_oids, sql)

    def plan_inside(
        self,
        node: Node,
        sql: str = "",
        *,
        oids: tuple[int, ...] = (),
        may_write_materialized: bool = False,
        is_trusted: bool = False,
    ) -> Prepared:
        """Plan a statement that is a step of another one.

        Args:
            node: Its parse tree.
            sql: Its text, where definitions keep it.
            oids: Types of parameters known beforehand.
            may_write_materialized: It may change a materialized view.
            is_trusted: The other one's rights have been looked at.

        Raises:
            PostgresError: whatever is wrong with it.
        """
        planner = self.planner(sql, oids)
        planner.may_write_materialized = may_write_materialized
        planner.is_trusted = is_trusted
        prepared = plan_statement(planner, node)
        self.know_virtual()
        return prepared

    def plan_step(self, planner: Planner, node: Node) -> Prepared:
        """Plan a statement of a routine with a planner made for it."""
        prepared = plan_statement(planner, node)
        self.know_virtual()
        return prepared

    def run_inside(self, prepared: Prepared, params: Sequence[StorageValue] = ()) -> Result:
        """Run a statement that is a step of another one; its errors are the other's.

        Raises:
            PostgresError: it failed.
        """
        try:
            if prepared.python_calls:
                self._make_known(prepared)
            return prepared.execute(self, prepared, params, True)
        except (Blocked, CatalogChanged, TurnOver):
            raise
        except DotdoError as failure:
            raise translate(self, prepared, params, failure) from failure

    def plan(
        self, node: Node | None, sql: str, param_oids: tuple[int, ...] = (), source: str = ""
    ) -> Prepared:
        """Bind and plan a parsed statement.

        Args:
            node: Its parse tree, None for the empty statement.
            sql: The text that positions refer to.
            param_oids: Types of parameters known beforehand.
            source: The statement's own text, where `sql` holds others too.

        Raises:
            PostgresError: whatever is wrong with it; an open transaction has failed.
        """
        planner = self.planner(source or sql, param_oids)
        self.documents.used = {}
        try:
            prepared = plan_statement(planner, node)
        except PostgresError as failure:
            self.fail()
            raise place(failure, sql) from None
        prepared.source = sql, param_oids
        prepared.shapes = tuple(self.documents.used.values())
        if planner.binder_used is not None:
            prepared.touched = tuple(planner.binder_used.touched.items())
        self.know_virtual()
        return prepared

    def know_virtual(self) -> None:
        """Let SQLite know the relations of the catalog that statements planned here name."""
        for table, relation in self.names.virtual.items():
            if table not in self._virtual:
                self._virtual.add(table)
                columns = [column.physical for column in relation.columns]
                self.kernel.create_virtual_table(table, columns, partial(rows_of, self, relation))

    def check_usable(self, sql: str) -> None:
        """See that a statement may be prepared now.

        Raises:
            PostgresError: the transaction has failed, and the statement does not end it (25P02).
        """
        if self.transaction_status is INERROR and not ends_failed(parse(sql)):
            raise error("25P02", _ABORTED)

    def check_allowed(self, prepared: Prepared) -> None:
        """See that a prepared statement may run now; see `check_usable`."""
        if self.transaction_status is INERROR and not prepared.ends_failed_transaction:
            raise error("25P02", _ABORTED)

    def statement_over(self) -> None:
        """The statements sent together are through: outside a transaction their portals are gone."""
        if self.transaction_status is IDLE and self.portals.named:
            self.portals.end(is_committed=True)

    def forget_plans(self) -> None:
        """Drop cached plans: a setting they depend on has changed."""
        self._look_up_names()

    def run(  # noqa: C901 -- one clause for each way in which a statement may have to be run again
        self, prepared: Prepared, params: Sequence[StorageValue] = (), *, wait: bool = True
    ) -> Result:
        """Run a prepared statement.

        Args:
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
        if self.transaction_status is INERROR and not prepared.ends_failed_transaction:
            raise error("25P02", _ABORTED)
        if self.statement_timeout_us:
            self._set_deadline()
        self.is_cancelled = False
        told = prepared
        prepared, params = prepared.lifted or (prepared, params)
        try:
            if prepared.python_calls:
                self._make_known(prepared)
            if prepared.touched:
                self._lock_tables(prepared, wait)
            if prepared.shapes:
                return self._run_on_documents(prepared, params, wait)
            return prepared.execute(self, prepared, params, wait)
        except (Blocked, TurnOver):
            raise
        except CatalogChanged:
            is_told = prepared.shapes and not (wait or prepared.is_read)
            if is_told or (prepared.codecs and told is prepared):  # columns may be others now
                raise
            params = params if told is prepared else ()
            return self.run(self.prepare(*told.source), params, wait=wait)
        except NumericTooWide:
            return self._run_wide(prepared, params, wait)
        except DotdoError as failure:
            if prepared.rebuild is not None and "integer overflow" in str(failure):
                return self._run_wide(prepared, params, wait)
            self.fail()
            failed, given = self._part or (prepared, params)
            self._part = None
            raise translate(self, failed, given, failure) from failure
        except BaseException:
            self.fail()
            raise

    def _run_on_documents(
        self, prepared: Prepared, params: Sequence[StorageValue], wait: bool
    ) -> Result:
        """Run a statement that names nouns of documents.

        Raises:
            CatalogChanged: values of other kinds than those it was planned for are in them.
        """
        try:
            self._check_shapes(prepared)
            result = prepared.execute(self, prepared, params, wait)
        except DotdoError:
            self._check_shapes(prepared)
            raise
        if prepared.is_read:
            self._check_shapes(prepared)
        return result

    def _check_shapes(self, prepared: Prepared) -> None:
        if not self.documents.are_as(prepared.shapes):
            self._plans.pop(prepared.source, None)
            raise CatalogChanged

    def _lock_tables(self, prepared: Prepared, wait: bool) -> None:
        """Hold what a statement touches, as LOCK TABLE of others respects it and is respected."""
        locks = self.table_locks
        if locks.in_use:
            locks.require(prepared.touched, wait)
        if self.transaction_status is INTRANS:
            locks.note(prepared)

    def run_many(  # noqa: C901 -- as `run`
        self, prepared: Prepared, rows: Sequence[Sequence[StorageValue]], *, wait: bool = True
    ) -> Result:
        """Run a statement that `takes_many` once for each row of parameters, all of it or nothing.

        Args:
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
        if self.transaction_status is INERROR:
            raise error("25P02", _ABORTED)
        if self.statement_timeout_us:
            self._set_deadline()
        several = Rows(self, rows)
        try:
            if prepared.python_calls:
                self._make_known(prepared)
            if prepared.touched:
                self._lock_tables(prepared, wait)
            several = Rows(self, rows, draw(self, prepared, len(rows)))
            return write_many(self, prepared, several, wait)
        except (Blocked, CatalogChanged):
            raise
        except NumericTooWide:
            if prepared.rebuild is not None:
                return self.run_many(prepared.rebuild(), rows, wait=wait)
            self.fail()
            raise error("22003", "bigint out of range") from None
        except DotdoError as failure:
            if prepared.rebuild is not None and "integer overflow" in str(failure):
                return self.run_many(prepared.rebuild(), rows, wait=wait)
            self.fail()
            raise translate(self, prepared, several.current, failure) from failure
        except BaseException:
            self.fail()
            raise

    def _run_wide(self, prepared: Prepared, params: Sequence[StorageValue], wait: bool) -> Result:
        if prepared.rebuild is None:
            self.fail()
            raise error("22003", "bigint out of range")
        wide = prepared.rebuild()
        wide.source = prepared.source
        return self.run(wide, params, wait=wait)

    def run_part(self, part: Prepared, params: Sequence[StorageValue], wait: bool) -> Result:
        """Run a part of a statement that goes on; when it fails, the error tells of it."""
        if part.python_calls:
            self.register(part.python_calls)
        self._part = part, params
        result = part.execute(self, part, params, wait)
        self._part = None
        return result

    def require_references(self) -> None:
        """See that the rows keep their foreign keys at the end of a statement of several parts.

        Raises:
            PostgresError: they do not (SQLSTATE 23503).
        """
        if self.kernel.has_unmet_references():
            unmet = unmet_reference(self, is_deferred=False)
            if unmet is not None:
                raise unmet

    def stage_rows(self, name: str, columns: Sequence[str], rows: ComputedRows) -> None:
        """Let the stages of a statement read rows under a name."""
        if name not in self._staged:
            self.kernel.create_virtual_table(name, columns, lambda: self._staged[name])
        self._staged[name] = rows

    def fail(self) -> None:
        """Note that a statement failed: with it an open transaction, which lets go of what it holds unless a savepoint may save it."""
        if self.transaction_status is INTRANS:
            self.transaction_status = INERROR
            kernel = self.kernel
            if kernel.in_transaction and not self.settings.depth and not kernel.is_running:
                kernel.rollback()
                self.facts.advisor.end()
                self.table_locks.end()

    def _make_known(self, prepared: Prepared) -> None:
        if prepared.is_registered:
            self.begin_statement()
            self._use_types()
        else:
            self.register(prepared.python_calls)
            prepared.is_registered = True

    def register(self, calls: tuple[PythonCall, ...]) -> None:
        """Make Python routines known to SQLite."""
        self.begin_statement()
        if self.facts.names is not None:
            self._use_types()
        for call in calls:
            if call.sql_name in self._registered:
                continue
            self._registered.add(call.sql_name)
            count = len(call.types)
            if call.routine.kind == "aggregate":
                create = (
                    self.kernel.create_window
                    if call.routine.takes_window
                    else self.kernel.create_aggregate
                )
                create(call.sql_name, make_aggregate(call, self.facts), count)
            else:
                function = make_function(call, self.facts)
                self.kernel.create_function(
                    call.sql_name, function, count, deterministic=not call.routine.is_volatile
                )

    def _set_deadline(self) -> None:
        if not self.is_retrying:
            self.kernel.deadline_us = self.kernel.store.clock() + self.statement_timeout_us

    def begin_statement(self) -> None:
        """Note the time: of the statement, and of the transaction when it is one by itself."""
        if self.depth:  # of the statement that called the routine
            return
        facts = self.facts
        facts.statement_us = now_us = facts.clock()
        if self.transaction_status is IDLE:
            facts.transaction_us = now_us

    def with_values(self, prepared: Prepared, params: Sequence[StorageValue]) -> list[StorageValue]:
        """Return the parameters followed by the session's values that the statement takes."""
        self.begin_statement()
        self.drawn = session_values(self, prepared.session_values)
        return [*params, *self.drawn]

    def simple(self, sql: str, *, wait: bool = True) -> Iterator[Result]:
        """Run statements of the simple protocol; several of them share an implicit transaction.

        Raises:
            PostgresError: a statement failed; those before it in the implicit transaction are undone.
        """
        script = Script(self, sql)
        is_failed = True
        try:
            while not script.is_over:
                yield script.step(wait=wait)
            is_failed = False
        finally:
            script.end(is_failed=is_failed, wait=wait)

    @property
    def is_idle(self) -> bool:
        """No transaction is open."""
        return self.transaction_status is IDLE

    def begin_implicit(self) -> None:
        """Begin the transaction that several statements sent together share."""
        begin_implicit(self)

    def end_implicit(self, *, commit: bool, wait: bool = True) -> None:
        """Commit it, unless one of them failed.

        Raises:
            PostgresError: it cannot be committed; it was undone.
            Blocked: it must wait, and `wait` is false.
        """
        try:
            end_implicit(self, commit=commit, wait=wait)
        except DotdoError as failure:
            raise translate(self, None, (), failure) from failure

    def ended(self, *, is_committed: bool) -> None:
        """The transaction is over: with it what lives no longer."""
        has_changed = self.settings.end(is_committed=is_committed)
        if has_changed or self.settings.values["default_transaction_read_only"] == "on":
            adopt(self)
        if self.portals:
            self.portals.end(is_committed=is_committed)
        self.mailbox.end(is_committed=is_committed)
        self.triggers.forget()
        self.facts.advisor.end()
        self.table_locks.end()

    def leave_transaction(self) -> KernelSession:
        """Leave the open transaction to the caller, and go on with a connection of its own."""
        left, self.kernel = self.kernel, self.kernel.store.session(api="postgres")
        self.kernel.describe(actor=left.actor, action=left.action, api=left.api)
        self.kernel.durability = left.durability
        self.facts.catalog = Answers(self.facts, self.kernel.read)
        self._registered.clear()
        self._virtual.clear()
        self._staged.clear()
        self._plans_catalog = None
        self.transaction_status = IDLE
        adopt(self)
        return left

    def databases(self, verb: str, name: str, is_missing_ok: bool) -> None:
        """Create or drop a database.

        Args:
            verb: `CREATE DATABASE` or `DROP DATABASE`.
            name: Its name.
            is_missing_ok: One that does not exist is dropped with a notice.

        Raises:
            PostgresError: 42P04, 3D000, 55006; 0A000 where databases are not this session's to change.
        """
        if self._databases is None:
            raise error("0A000", f"{verb} is not supported here")
        if verb == "CREATE DATABASE":
            self._databases.create(name)
            return
        try:
            self._databases.drop(name)
        except PostgresError as failure:
            if failure.sqlstate != "3D000" or not is_missing_ok:
                raise
            self.notice("NOTICE", "00000", f"{failure.message}, skipping")

    def cancel(self) -> None:
        """Stop the running statement, from any thread."""
        self.is_cancelled = True
        self.kernel.interrupt()

    def close(self) -> None:
        """Undo what is open and leave."""
        self.mailbox.close()
        backends.leave(self)
        self.facts.advisor.close()
        if self.has_temporary:
            leave_temporary(self)
        self.kernel.close()


__all__ = ["Prepared", "Result", "Session", "TransactionStatus"]
