"""A connection as psycopg's own code talks to libpq, over an engine session in the same process: no socket, results at once."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

from psycopg import errors as e
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, PollingStatus, TransactionStatus
from psycopg.pq.misc import ConninfoOption, PGnotify

from dotdo.storage import Blocked, Waiter
from dotdo_postgres.client import conninfo, parameters, statements, tenants
from dotdo_postgres.client.cancel import PGcancel
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import Notice, PostgresError, error, not_supported

OK = int(ConnStatus.OK)
IDLE, ACTIVE, INERROR = 0, 1, 3
Unit = Callable[[], list[PGresult]]
"""One command; run again from its start when another transaction had to be waited for."""

_pids = count(1)


class PGconn:
    """An open connection; `psycopg.Connection` and its relatives drive it.

    Args:
        info: the connection string, read.
        session: the engine's session on the tenant.
    """

    tty = b""
    protocol_version = 3
    needs_password = used_password = used_gssapi = ssl_in_use = False
    _encoding = "utf-8"

    def __init__(self, info: conninfo.Conninfo, session: Session) -> None:
        self.session = session
        self.conninfo = info
        self.status = OK
        self.nonblocking = 1
        self.pipeline_status = int(PipelineStatus.OFF)
        self.notice_handler: Callable[[PGresult], None] | None = None
        self.notify_handler: Callable[[PGnotify], None] | None = None
        self._pid = next(_pids)
        self.error_message = b""
        self.can_wait = True
        self.waiter: Waiter | None = None
        self._units: deque[tuple[Unit, str | None]] = deque()
        self._results: deque[PGresult | None] = deque()
        self._prepared: dict[bytes, tuple[str, tuple[int, ...]]] = {}
        self._held: list[PGresult | None] = []
        self._chunk_size = 0
        self._is_implicit = False

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
        return connection

    connect_start = connect

    def _configure(self, name: str, value: str) -> None:
        try:
            setting = sql.SQL("set {} to {}").format(sql.Identifier(name), sql.Literal(value))
            self.command(setting.as_string())
        except PostgresError as failure:
            self.finish()
            raise e.OperationalError(f"connection failed: FATAL:  {failure.message}") from None

    def connect_poll(self) -> int:
        """Return OK: opening is done."""
        return PollingStatus.OK

    def finish(self) -> None:
        """Close the session; what is open is rolled back."""
        if self.status == OK:
            self.status = int(ConnStatus.BAD)
            self._units.clear()
            self._results.clear()
            self._held.clear()
            self.session.close()

    def reset(self) -> None:
        """Close the session and open another on the same tenant."""
        self.finish()
        self.session = tenants.open_session(self.conninfo)
        self.status = OK
        self._prepared.clear()
        self._is_implicit = False

    def reset_start(self) -> None:
        """Do `reset` at once."""
        self.reset()

    reset_poll = connect_poll

    @classmethod
    def ping(cls, conninfo_: bytes) -> int:
        """Return 0, OK: nothing has to be reached."""
        return 0

    # --- what it says of itself ---

    @property
    def info(self) -> list[ConninfoOption]:
        """The options of the connection string."""
        return list(self.conninfo.options)

    @property
    def db(self) -> bytes:
        """The tenant's reference."""
        self._check_open()
        return self.conninfo.reference.encode()

    @property
    def user(self) -> bytes:
        """The session's user."""
        self._check_open()
        return self.conninfo.user.encode()

    @property
    def password(self) -> bytes:
        """The password of the connection string; nobody checks it."""
        return self._option("password")

    @property
    def host(self) -> bytes:
        """The host of the connection string; nobody is called there."""
        return self._option("host")

    @property
    def hostaddr(self) -> bytes:
        """The address of the connection string."""
        return self._option("hostaddr")

    @property
    def port(self) -> bytes:
        """The port of the connection string."""
        return self._option("port")

    @property
    def options(self) -> bytes:
        """The options of the connection string."""
        return self._option("options")

    def _option(self, keyword: str) -> bytes:
        self._check_open()
        return self.conninfo.value(keyword)

    @property
    def backend_pid(self) -> int:
        """A number of this connection's own."""
        self._check_open()
        return self._pid

    @property
    def full_protocol_version(self) -> int:
        """The version of the protocol that would be spoken, 3.0."""
        self._check_open()
        return 30000

    @property
    def server_version(self) -> int:
        """The version of PostgreSQL that is followed, 150018 for 15.18."""
        major, _, minor = self.session.parameters["server_version"].partition(".")
        return int(major) * 10000 + int(minor.split()[0] if minor else 0)

    @property
    def socket(self) -> int:
        """Refuse: there is none.

        Raises:
            psycopg.OperationalError: the connection is closed.
            psycopg.NotSupportedError: it is open (0A000).
        """
        self._check_open()
        raise e.FeatureNotSupported("a connection in-process has no socket")

    @property
    def transaction_status(self) -> int:
        """IDLE, INTRANS, INERROR; ACTIVE while results are to be read; UNKNOWN when closed."""
        if self.status != OK:
            return TransactionStatus.UNKNOWN
        if self._units or self._results or self._held or self._is_implicit:
            return ACTIVE
        return int(self.session.transaction_status)

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way, so that a statement may be run on the session itself."""
        return not (self._units or self._results or self.pipeline_status) and self.status == OK

    def parameter_status(self, name: bytes) -> bytes | None:
        """Return a reported parameter of the session, None when it is not one."""
        self._check_open()
        value = self.session.parameters.get(name.decode())
        return None if value is None else value.encode()

    def get_error_message(self, encoding: str = "utf-8") -> str:
        """Return the last error of the connection itself."""
        return self.error_message.decode() or "no error details available"

    def _check_open(self) -> None:
        if self.status != OK:
            raise e.OperationalError("the connection is closed")

    # --- commands ---

    def send_query(self, command: bytes) -> None:
        """Run one or several statements by the simple protocol."""
        if self.pipeline_status:
            raise e.OperationalError(
                "sending query failed: PQsendQuery not allowed in pipeline mode"
            )
        text = command.decode()
        self._send(lambda: self._simple(text), text)

    def send_query_params(
        self,
        command: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_types: Sequence[int] | None = None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> None:
        """Run one statement with parameters."""
        text, oids = command.decode(), tuple(param_types or ())
        run = partial(self._extended, text, oids, param_values or (), param_formats, result_format)
        self._send(run, text)

    def send_prepare(
        self, name: bytes, command: bytes, param_types: Sequence[int] | None = None
    ) -> None:
        """Check a statement and keep it under a name; the empty name is replaced each time."""
        text, oids = command.decode(), tuple(param_types or ())
        self._send(lambda: self._prepare(name, text, oids), text)

    def send_query_prepared(
        self,
        name: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> None:
        """Run a prepared statement."""
        values = param_values or ()
        self._send(lambda: self._extended(*self._find(name), values, param_formats, result_format))

    def send_describe_prepared(self, name: bytes) -> None:
        """Describe a prepared statement: parameters and columns."""
        self._send(lambda: self._describe(name))

    def send_close_prepared(self, name: bytes) -> None:
        """Forget a prepared statement; an unknown one is no error."""
        self._send(lambda: self._close(name))

    def send_describe_portal(self, name: bytes) -> None:
        """Refuse: there are no cursors yet (0A000)."""
        self._send(self._refuse_portal)

    send_close_portal = send_describe_portal

    def _simple(self, text: str) -> list[PGresult]:
        if (deallocated := statements.deallocated(text, self._prepared)) is not None:
            return [deallocated]
        return statements.simple(self.session, text, wait=self.can_wait)

    def _extended(
        self,
        text: str,
        oids: tuple[int, ...],
        values: Sequence[Buffer | None],
        formats: Sequence[int] | None,
        result_format: int,
    ) -> list[PGresult]:
        if (deallocated := statements.deallocated(text, self._prepared)) is not None:
            return [deallocated]
        if not text.strip(" \t\r\n\f\v;"):
            return [PGresult(ExecStatus.EMPTY_QUERY)]
        if self.pipeline_status:
            self._begin_implicitly(text)
        prepared = self.session.prepare(text, oids)
        stored = parameters.decode(self.session, prepared, values, formats)
        return [
            statements.run(
                self.session, prepared, stored, wait=self.can_wait, result_format=result_format
            )
        ]

    def _prepare(self, name: bytes, text: str, oids: tuple[int, ...]) -> list[PGresult]:
        if name and name in self._prepared:
            raise error("42P05", f'prepared statement "{name.decode()}" already exists')
        self._prepared.pop(name, None)
        self.session.prepare(text, oids)
        self._prepared[name] = (text, oids)
        return [PGresult(ExecStatus.COMMAND_OK, tag="PREPARE")]

    def _find(self, name: bytes) -> tuple[str, tuple[int, ...]]:
        if name not in self._prepared:
            raise error("26000", f'prepared statement "{name.decode()}" does not exist')
        return self._prepared[name]

    def _describe(self, name: bytes) -> list[PGresult]:
        prepared = self.session.prepare(*self._find(name))
        oids = [kind.oid for kind in prepared.param_types]
        return [PGresult(ExecStatus.COMMAND_OK, prepared.columns or (), param_types=oids)]

    def _close(self, name: bytes) -> list[PGresult]:
        self._prepared.pop(name, None)
        return [PGresult(ExecStatus.COMMAND_OK)]

    def _refuse_portal(self) -> list[PGresult]:
        raise not_supported("a cursor")

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
        """Refuse: there are no cursors yet (0A000)."""
        self.send_describe_portal(name)
        return self._last_result()

    close_portal = describe_portal

    def _last_result(self) -> PGresult:
        result = self.get_result()
        assert result is not None
        while (following := self.get_result()) is not None:
            result = following
        return result

    # --- work and results ---

    def _send(self, unit: Unit, statement: str | None = None) -> None:
        self._check_open()
        if self._units and not self.pipeline_status:
            raise e.OperationalError("sending query failed: another command is already in progress")
        self._units.append((unit, statement))
        self._go_on()

    def _go_on(self) -> None:
        """Run what is to be run, until all of it is done or a transaction has to be waited for."""
        self.waiter = None
        while self._units:
            unit, statement = self._units[0]
            try:
                results = self._outcome(unit, statement)
            except Blocked as blocked:
                self.waiter = blocked.waiter
                return
            self._units.popleft()
            self._deliver(results, ends=unit != self._sync)
        self.report_notices()

    def _deliver(self, results: list[PGresult], *, ends: bool) -> None:
        """Queue results; those of a pipeline are held back until a sync or a flush is asked for."""
        self._held += results
        if ends:
            self._held.append(None)
        if not (self.pipeline_status and ends):
            self.send_flush_request()

    def _outcome(self, unit: Unit, statement: str | None) -> list[PGresult]:
        if self.pipeline_status == PipelineStatus.ABORTED and unit != self._sync:
            return [PGresult(ExecStatus.PIPELINE_ABORTED)]
        try:
            return unit()
        except PostgresError as error_:
            if self.pipeline_status:
                self.pipeline_status = int(PipelineStatus.ABORTED)
            return [self._failed(error_, statement)]

    def _failed(self, error_: PostgresError, statement: str | None) -> PGresult:
        result = PGresult.failure(error_, statement)
        self.error_message = result.error_message
        return result

    def failure(self, error_: PostgresError, statement: str | None) -> e.Error:
        """Return psycopg's exception for an error of the engine."""
        return e.error_from_result(self._failed(error_, statement), encoding=self._encoding)

    def report_notices(self) -> None:
        """Hand the notices of the last statement to whoever listens."""
        notices: list[Notice] = self.session.notices
        if notices:
            taken = notices[:]
            notices.clear()
            if self.notice_handler is not None:
                for notice in taken:
                    self.notice_handler(PGresult(ExecStatus.NONFATAL_ERROR, report=notice))

    def get_result(self) -> PGresult | None:
        """Return the next result, None after the last of a command."""
        self._check_open()
        if not self._results:
            return None
        result = self._results.popleft()
        if self._chunk_size and result is not None and result.status == ExecStatus.TUPLES_OK:
            self._results.extendleft(reversed(self._chunks(result)))
            result = self._results.popleft()
        return result

    def _chunks(self, whole: PGresult) -> list[PGresult]:
        size, self._chunk_size = self._chunk_size, 0
        status = ExecStatus.SINGLE_TUPLE if size == 1 else ExecStatus.TUPLES_CHUNK
        parts = [
            PGresult(status, whole.columns, whole.rows[at : at + size], format=whole.format)
            for at in range(0, len(whole.rows), size)
        ]
        end = PGresult(
            whole.status, whole.columns, (), whole.tag, whole.row_count, format=whole.format
        )
        return [*parts, end]

    def set_single_row_mode(self) -> None:
        """Give the next result row by row."""
        self._chunk_size = 1

    def set_chunked_rows_mode(self, size: int) -> None:
        """Give the next result in chunks of so many rows."""
        self._chunk_size = size

    def consume_input(self) -> None:
        """Go on with what had to wait."""
        self._check_open()
        if self._units:
            self._go_on()

    def is_busy(self) -> int:
        """1 while another transaction has to be waited for."""
        is_waiting = bool(self._units or self.pipeline_status)
        return 1 if is_waiting and not self._results else 0

    def flush(self) -> int:
        """Return 0: there is nothing to send."""
        self._check_open()
        return 0

    def notifies(self) -> PGnotify | None:
        """Return None: LISTEN is refused by the engine."""
        return None

    def make_empty_result(self, exec_status: int) -> PGresult:
        """Return a result without columns or rows."""
        return PGresult(exec_status)

    # --- pipeline mode: statements up to a sync are one transaction unless they begin one themselves ---

    def enter_pipeline_mode(self) -> None:
        """Queue results until they are read."""
        self._check_open()
        if self._units or self._results:
            raise e.OperationalError(
                "failed to enter pipeline mode: cannot enter pipeline mode, connection not idle"
            )
        self.pipeline_status = int(PipelineStatus.ON)

    def exit_pipeline_mode(self) -> None:
        """Leave pipeline mode; all results must have been read."""
        if self._units or any(result is not None for result in (*self._results, *self._held)):
            raise e.OperationalError("cannot exit pipeline mode with uncollected results")
        self._results.clear()
        self._held.clear()
        self._end_implicitly()
        self.pipeline_status = int(PipelineStatus.OFF)

    def pipeline_sync(self) -> None:
        """End the implicit transaction."""
        if not self.pipeline_status:
            raise e.OperationalError("cannot send pipeline when not in pipeline mode")
        self._send(self._sync)

    def _sync(self) -> list[PGresult]:
        self._end_implicitly()
        self.pipeline_status = int(PipelineStatus.ON)
        return [PGresult(ExecStatus.PIPELINE_SYNC)]

    def send_flush_request(self) -> None:
        """Hand out the results that are held back."""
        self._results += self._held
        self._held.clear()

    def _begin_implicitly(self, text: str) -> None:
        word = text.lstrip()[:9].lower()
        if word.startswith(("begin", "start tra")):
            self._is_implicit = False if self._is_implicit else self._is_implicit
        elif int(self.session.transaction_status) == IDLE:
            self.command("BEGIN")
            self._is_implicit = True

    def _end_implicitly(self) -> None:
        if self._is_implicit:
            failed = int(self.session.transaction_status) == INERROR
            self._is_implicit = False
            self.command("ROLLBACK" if failed else "COMMIT")

    def command(self, text: str) -> None:
        """Run a statement of the client's own, such as BEGIN.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and this connection does not.
        """
        self.session.run(self.session.prepare(text), (), wait=self.can_wait)

    # --- cancelling, and what there is nothing of ---

    def get_cancel(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self.session)

    def cancel_conn(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self.session)

    def abandon(self) -> None:
        """Drop what waits for another transaction."""
        self._units.clear()
        self._results.clear()
        self.waiter = None

    def put_copy_data(self, buffer: Buffer) -> int:
        """Refuse: no COPY is under way."""
        raise e.OperationalError("sending copy data failed: no COPY in progress")

    def put_copy_end(self, error_: bytes | None = None) -> int:
        """Refuse: no COPY is under way."""
        raise e.OperationalError("sending copy end failed: no COPY in progress")

    def get_copy_data(self, async_: int) -> tuple[int, memoryview]:
        """Refuse: no COPY is under way."""
        raise e.OperationalError("receiving copy data failed: no COPY in progress")

    def trace(self, fileno: int) -> None:
        """Refuse: there is no protocol to trace."""
        raise e.FeatureNotSupported("a connection in-process has no protocol to trace")

    def set_trace_flags(self, flags: int) -> None:
        """Refuse: there is no protocol to trace."""
        raise e.FeatureNotSupported("a connection in-process has no protocol to trace")

    def untrace(self) -> None:
        """Do nothing: there was nothing to trace."""

    def encrypt_password(self, passwd: bytes, user: bytes, algorithm: bytes | None = None) -> bytes:
        """Refuse: roles are not there yet."""
        raise e.FeatureNotSupported("passwords are not supported in-process")

    def change_password(self, user: bytes, passwd: bytes) -> None:
        """Refuse: roles are not there yet."""
        raise e.FeatureNotSupported("passwords are not supported in-process")
