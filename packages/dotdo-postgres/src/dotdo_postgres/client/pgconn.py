"""A connection as psycopg's own code talks to libpq, over an engine session in the same process: no socket, results at once."""

from collections.abc import Callable, Sequence
from functools import partial

from psycopg import errors as e
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.pq import ConnStatus, ExecStatus, PollingStatus

from dotdo.storage import CatalogChanged
from dotdo_postgres.client import conninfo, parameters, statements, tenants
from dotdo_postgres.client.cancel import PGcancel
from dotdo_postgres.client.command_queue import OK, CommandQueue, Unit
from dotdo_postgres.client.connection_facts import ConnectionFacts
from dotdo_postgres.client.copying import COPY_STATUSES, CopyResult
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.client.scripts import ScriptRun
from dotdo_postgres.engine.named import Statement, types_of
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError, not_supported


def _refuse(failure: PostgresError) -> list[PGresult]:
    raise failure


class Ending:
    """What comes after a COPY of the extended protocol: the end of its transaction, if it began one.

    Args:
        session: the engine's.
        can_wait: in this thread, for other transactions.
    """

    def __init__(self, session: Session, *, can_wait: bool) -> None:
        self._session = session
        self._can_wait = can_wait

    def __call__(self) -> list[PGresult]:
        """Commit."""
        if self._session.is_implicit:
            self._session.end_implicit(commit=True, wait=self._can_wait)
        return []

    def abort(self) -> None:
        """Undo, or let the open transaction fail."""
        self._session.fail()
        if self._session.is_implicit:
            self._session.end_implicit(commit=False)


class PGconn(CommandQueue, ConnectionFacts):
    """An open connection; `psycopg.Connection` and its relatives drive it.

    Args:
        info: the connection string, read.
        session: the engine's session on the tenant.
    """

    def __init__(self, info: conninfo.Conninfo, session: Session) -> None:
        CommandQueue.__init__(self, session)
        ConnectionFacts.__init__(self, info)
        session.on_terminate = self.terminate

    # --- opening and closing ---

    @classmethod
    def connect(cls, conninfo_: bytes) -> "PGconn":
        """Open the tenant that a connection string names.

        Raises:
            psycopg.OperationalError: there is no such tenant, or the string asks for what is not supported.
        """
        info = conninfo.read(conninfo_)
        connection = cls(info, tenants.open_session(info))
        for name, value in info.settings:
            connection._configure(name, value)
        connection._check_mode(info.value("target_session_attrs").decode())
        return connection

    connect_start = connect

    def _configure(self, name: str, value: str) -> None:
        try:
            setting = sql.SQL("set {} to {}").format(sql.Identifier(name), sql.Literal(value))
            self.command(setting.as_string())
        except PostgresError as failure:
            self.finish()
            raise e.OperationalError(f"connection failed: FATAL:  {failure.message}") from None

    def _check_mode(self, wanted: str) -> None:
        """See that the session is of the kind that `target_session_attrs` asks for."""
        is_read_only = self.session.settings.values["default_transaction_read_only"] == "on"
        refusal = conninfo.mode_refusal(wanted, is_read_only=is_read_only)
        if refusal:
            self.finish()
            raise e.OperationalError(f"connection failed: {refusal}")

    def connect_poll(self) -> int:
        """Return OK: opening is done."""
        return PollingStatus.OK

    def finish(self) -> None:
        """Close the session; what is open is rolled back."""
        if self.status == OK:
            self.status = int(ConnStatus.BAD)
            self._clear()
            self.session.close()

    def reset(self) -> None:
        """Close the session and open another on the same tenant."""
        self.finish()
        self.session = tenants.open_session(self.conninfo)
        self.session.on_terminate = self.terminate
        self.status = OK

    def reset_start(self) -> None:
        """Do `reset` at once."""
        self.reset()

    reset_poll = connect_poll

    @classmethod
    def ping(cls, conninfo_: bytes) -> int:
        """Return 0, OK: nothing has to be reached."""
        return 0

    # --- commands ---

    def send_query(self, command: bytes) -> None:
        """Run one or several statements by the simple protocol."""
        if self.pipeline_status:
            raise e.OperationalError(
                "sending query failed: PQsendQuery not allowed in pipeline mode"
            )

        def script(text: str) -> Unit:
            return ScriptRun(self.session, text, self.run, can_wait=self.can_wait)

        self._submit_text(command, script)

    def send_query_params(
        self,
        command: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_types: Sequence[int] | None = None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> None:
        """Run one statement with parameters."""
        oids, values = tuple(param_types or ()), param_values or ()

        def run(text: str) -> Unit:
            return partial(self._extended, text, oids, values, param_formats, result_format)

        self._submit_text(command, run)

    def send_prepare(
        self, name: bytes, command: bytes, param_types: Sequence[int] | None = None
    ) -> None:
        """Check a statement and keep it under a name; the empty name is replaced each time."""
        oids = tuple(param_types or ())

        def run(text: str) -> Unit:
            return lambda: self._prepare(self.read_text(name), text, oids)

        self._submit_text(command, run)

    def send_query_prepared(
        self,
        name: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> None:
        """Run a prepared statement."""
        values = param_values or ()
        self.submit(
            lambda: self._run_named(self.read_text(name), values, param_formats, result_format)
        )

    def send_describe_prepared(self, name: bytes) -> None:
        """Describe a prepared statement: parameters and columns."""
        self.submit(lambda: self._describe(self.read_text(name)))

    def send_close_prepared(self, name: bytes) -> None:
        """Forget a prepared statement; an unknown one is no error."""
        self.submit(lambda: self._close(self.read_text(name)))

    def send_describe_portal(self, name: bytes) -> None:
        """Describe a cursor: its columns."""
        self.submit(lambda: self._describe_portal(self.read_text(name)))

    def send_close_portal(self, name: bytes) -> None:
        """Close a cursor; an unknown one is no error."""
        self.submit(lambda: self._close_portal(self.read_text(name)))

    def _submit_text(self, command: bytes, unit_of: Callable[[str], Unit]) -> None:
        try:
            text = self.read_text(command)
        except PostgresError as failure:
            self.submit(partial(_refuse, failure))
        else:
            self.submit(unit_of(text), text)

    def _extended(
        self,
        text: str,
        oids: tuple[int, ...],
        values: Sequence[Buffer | None],
        formats: Sequence[int] | None,
        result_format: int,
    ) -> list[PGresult]:
        session = self.session
        while True:
            prepared = session.prepare(text, oids)
            if self.pipeline_status and prepared.tag_kind:
                self._begin_implicitly()
            stored = parameters.decode(session, prepared, values, formats)
            try:
                result = self.run(
                    prepared, partial(session.run, prepared, stored, wait=self.can_wait)
                )
            except CatalogChanged:
                continue
            if result.copy is not None and self.pipeline_status:
                session.fail()
                raise not_supported("COPY in pipeline mode")
            if result.copy is not None:
                return [CopyResult(result, Ending(session, can_wait=self.can_wait))]
            return [statements.result_of(result, result_format)]

    def _prepare(self, name: str, text: str, oids: tuple[int, ...]) -> list[PGresult]:
        session = self.session
        if not name:
            session.statements.pop("", None)
        session.check_usable(text)
        prepared = session.prepare(text, oids)
        made = Statement(
            text, oids, prepared.columns, session.facts.clock(), param_types=types_of(prepared)
        )
        session.statements.add(name, made)
        return [PGresult(ExecStatus.COMMAND_OK, tag="PREPARE")]

    def _run_named(
        self,
        name: str,
        values: Sequence[Buffer | None],
        formats: Sequence[int] | None,
        result_format: int,
    ) -> list[PGresult]:
        found = self._find(name)
        return self._extended(found.sql, found.param_oids, values, formats, result_format)

    def _find(self, name: str) -> Statement:
        found = self.session.statements.named(name)
        found.check(self.session.prepare(found.sql, found.param_oids))
        return found

    def _describe(self, name: str) -> list[PGresult]:
        found = self._find(name)
        prepared = self.session.prepare(found.sql, found.param_oids)
        oids = [kind.oid for kind in prepared.param_types]
        return [PGresult(ExecStatus.COMMAND_OK, prepared.columns or (), param_types=oids)]

    def _close(self, name: str) -> list[PGresult]:
        self.session.statements.pop(name, None)
        return [PGresult(ExecStatus.COMMAND_OK)]

    def _describe_portal(self, name: str) -> list[PGresult]:
        portal = self.session.portals.get(name, "portal")
        return [PGresult(ExecStatus.COMMAND_OK, portal.columns or ())]

    def _close_portal(self, name: str) -> list[PGresult]:
        self.session.portals.close(name)
        return [PGresult(ExecStatus.COMMAND_OK)]

    # --- the same, blocking ---

    def exec_(self, command: bytes) -> PGresult:
        """Run statements and return the last result."""
        self.send_query(command)
        return self._last_result()

    def exec_params(
        self,
        command: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_types: Sequence[int] | None = None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> PGresult:
        """Run one statement with parameters and return its result."""
        self.send_query_params(command, param_values, param_types, param_formats, result_format)
        return self._last_result()

    def prepare(
        self, name: bytes, command: bytes, param_types: Sequence[int] | None = None
    ) -> PGresult:
        """Prepare a statement."""
        self.send_prepare(name, command, param_types)
        return self._last_result()

    def exec_prepared(
        self,
        name: bytes,
        param_values: Sequence[Buffer] | None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> PGresult:
        """Run a prepared statement and return its result."""
        self.send_query_prepared(name, param_values, param_formats, result_format)
        return self._last_result()

    def describe_prepared(self, name: bytes) -> PGresult:
        """Describe a prepared statement."""
        self.send_describe_prepared(name)
        return self._last_result()

    def close_prepared(self, name: bytes) -> PGresult:
        """Forget a prepared statement."""
        self.send_close_prepared(name)
        return self._last_result()

    def describe_portal(self, name: bytes) -> PGresult:
        """Describe a cursor."""
        self.send_describe_portal(name)
        return self._last_result()

    def close_portal(self, name: bytes) -> PGresult:
        """Close a cursor."""
        self.send_close_portal(name)
        return self._last_result()

    def _last_result(self) -> PGresult:
        result = self.get_result()
        assert result is not None
        while result.status not in COPY_STATUSES and (following := self.get_result()) is not None:
            result = following
        return result

    # --- cancelling ---

    def get_cancel(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self)

    def cancel_conn(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self)

    def make_empty_result(self, exec_status: int) -> PGresult:
        """Return a result without columns or rows."""
        return PGresult(exec_status)
