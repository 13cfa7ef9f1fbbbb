"""A connection as psycopg's own code talks to libpq, over an engine session in the same process: no socket, results at once."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from psycopg import errors as e
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.pq import ConnStatus, ExecStatus, PollingStatus

from dotdo.storage import CatalogChanged
from dotdo_postgres.client import conninfo, parameters, statements, tenants
from dotdo_postgres.client.cancel import PGcancel
from dotdo_postgres.client.command_queue import OK, CommandQueue
from dotdo_postgres.client.connection_facts import ConnectionFacts
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from psycopg.pq.misc import PGnotify

_pids = count(1)


class PGconn(CommandQueue, ConnectionFacts):
    """An open connection; `psycopg.Connection` and its relatives drive it.

    Args:
        info: the connection string, read.
        session: the engine's session on the tenant.
    """

    def __init__(self, info: conninfo.Conninfo, session: Session) -> None:
        CommandQueue.__init__(self, session)
        ConnectionFacts.__init__(self, info, next(_pids))
        self.notify_handler: Callable[[PGnotify], None] | None = None
        self._prepared: dict[bytes, tuple[str, tuple[int, ...]]] = {}

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
            self._clear()
            self.session.close()

    def reset(self) -> None:
        """Close the session and open another on the same tenant."""
        self.finish()
        self.session = tenants.open_session(self.conninfo)
        self.status = OK
        self._prepared.clear()

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
        text = command.decode()
        self.submit(lambda: self._simple(text), text)

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
        self.submit(run, text)

    def send_prepare(
        self, name: bytes, command: bytes, param_types: Sequence[int] | None = None
    ) -> None:
        """Check a statement and keep it under a name; the empty name is replaced each time."""
        text, oids = command.decode(), tuple(param_types or ())
        self.submit(lambda: self._prepare(name, text, oids), text)

    def send_query_prepared(
        self,
        name: bytes,
        param_values: Sequence[Buffer | None] | None,
        param_formats: Sequence[int] | None = None,
        result_format: int = 0,
    ) -> None:
        """Run a prepared statement."""
        values = param_values or ()
        self.submit(lambda: self._extended(*self._find(name), values, param_formats, result_format))

    def send_describe_prepared(self, name: bytes) -> None:
        """Describe a prepared statement: parameters and columns."""
        self.submit(lambda: self._describe(name))

    def send_close_prepared(self, name: bytes) -> None:
        """Forget a prepared statement; an unknown one is no error."""
        self.submit(lambda: self._close(name))

    def send_describe_portal(self, name: bytes) -> None:
        """Refuse: there are no cursors yet (0A000)."""
        self.submit(self._refuse_portal)

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
        while True:
            prepared = self.session.prepare(text, oids)
            stored = parameters.decode(self.session, prepared, values, formats)
            try:
                result = self.session.run(prepared, stored, wait=self.can_wait)
            except CatalogChanged:
                continue
            return [statements.result_of(result, result_format)]

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

    # --- cancelling ---

    def get_cancel(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self.session)

    def cancel_conn(self) -> PGcancel:
        """Return what cancels the running statement, from any thread."""
        return PGcancel(self.session)

    def make_empty_result(self, exec_status: int) -> PGresult:
        """Return a result without columns or rows."""
        return PGresult(exec_status)
