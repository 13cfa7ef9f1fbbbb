"""A session: one client's connection as PostgreSQL sees it: prepared statements, transaction status, settings, notices."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dotdo.clock import system_clock
from dotdo.errors import DotdoError
from dotdo_postgres.engine import backends, preparing, running
from dotdo_postgres.engine.advisory import Advisor
from dotdo_postgres.engine.catalog.answers import Answers
from dotdo_postgres.engine.ddl.temporary import leave as leave_temporary
from dotdo_postgres.engine.documents.present import Documents
from dotdo_postgres.engine.facts import Facts
from dotdo_postgres.engine.failures import translate
from dotdo_postgres.engine.named import Statements
from dotdo_postgres.engine.notifying import Mailbox
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.portals import Portals
from dotdo_postgres.engine.procedures.calling import call_stored
from dotdo_postgres.engine.procedures.functions import call_function
from dotdo_postgres.engine.run.values import session_values
from dotdo_postgres.engine.script import Script
from dotdo_postgres.engine.sequences import Sequences
from dotdo_postgres.engine.settings import Settings
from dotdo_postgres.engine.sleeping import sleep
from dotdo_postgres.engine.status import ABORTED, IDLE, INERROR, INTRANS, TransactionStatus
from dotdo_postgres.engine.table_locks import TableLocks
from dotdo_postgres.engine.transactions import begin_implicit, end_implicit, ends_failed
from dotdo_postgres.engine.triggers.pending import Pending
from dotdo_postgres.engine.triggers.plans import TriggerPlans
from dotdo_postgres.engine.udf.casting import Caster
from dotdo_postgres.engine.variables import adopt
from dotdo_postgres.errors import Notice, PostgresError, error
from dotdo_postgres.mapping.encodings import UTF8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dotdo.storage import Catalog, Store
    from dotdo.storage import Session as KernelSession
    from dotdo.storage.virtual import ComputedRows
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.mapping.codecs import StorageValue

_pids = itertools.count(1)
_TRIGGER_PLANS = TriggerPlans()


class DatabaseList(Protocol):
    """Where databases are created and dropped."""

    def create(self, name: str) -> None:
        """Create one; raises 42P04."""

    def drop(self, name: str) -> None:
        """Drop one; raises 3D000, 55006."""


class Session:
    """One client's connection: its state, its transaction, its settings.

    Preparing statements is in `preparing`, running them in `running`.

    Args:
        store: The tenant's store.
        user: Name of the user.
        database: Name of the database.
        application_name: What the client calls itself.
        clock: Microseconds since 1970.
        databases: Creates and drops databases; without, that is not supported.
        pid: Number of the session, as `pg_backend_pid` tells it; a new one by default.
    """

    prepare = preparing.prepare
    plan = preparing.plan
    planner = preparing.planner
    plan_inside = preparing.plan_inside
    plan_step = preparing.plan_step
    know_virtual = preparing.know_virtual
    searching = preparing.searching
    forget_plans = preparing.look_up_names
    run = running.run
    run_many = running.run_many
    run_inside = running.run_inside
    run_part = running.run_part
    register = running.register
    require_references = running.require_references
    stage_rows = running.stage_rows

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
        self.plans: dict[tuple[str, tuple[int, ...]], Prepared] = {}
        self.plans_catalog: Catalog | None = None
        self.unlifted: set[str] = set()  # texts whose numbers have to stay
        self.registered: set[str] = set()
        self.virtual: set[str] = set()
        self.staged: dict[str, ComputedRows] = {}
        self.part: tuple[Prepared, Sequence[StorageValue]] | None = None

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

    @property
    def names(self) -> Names:
        """How names resolve, by the definitions of the newest plan."""
        return self.facts.names

    def check_usable(self, sql: str) -> None:
        """See that a statement may be prepared now.

        Raises:
            PostgresError: the transaction has failed, and the statement does not end it (25P02).
        """
        if self.transaction_status is INERROR and not ends_failed(parse(sql)):
            raise error("25P02", ABORTED)

    def check_allowed(self, prepared: Prepared) -> None:
        """See that a prepared statement may run now; see `check_usable`."""
        if self.transaction_status is INERROR and not prepared.ends_failed_transaction:
            raise error("25P02", ABORTED)

    def statement_over(self) -> None:
        """The statements sent together are through: outside a transaction their portals are gone."""
        if self.transaction_status is IDLE and self.portals.named:
            self.portals.end(is_committed=True)

    def fail(self) -> None:
        """Note that a statement failed: with it an open transaction, which lets go of what it holds unless a savepoint may save it."""
        if self.transaction_status is INTRANS:
            self.transaction_status = INERROR
            kernel = self.kernel
            if kernel.in_transaction and not self.settings.depth and not kernel.is_running:
                kernel.rollback()
                self.facts.advisor.end()
                self.table_locks.end()

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
        self.registered.clear()
        self.virtual.clear()
        self.staged.clear()
        self.plans_catalog = None
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
