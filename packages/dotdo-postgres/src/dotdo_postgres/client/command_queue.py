"""Commands sent and results not yet read: run at once, again when a transaction had to be waited for; pipelines hold results back."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from psycopg import errors as e
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus

from dotdo.storage import Blocked
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.errors import PostgresError

if TYPE_CHECKING:
    from dotdo.storage import Waiter
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.errors import Notice

OK = int(ConnStatus.OK)
IDLE, ACTIVE, INERROR = 0, 1, 3
Unit = Callable[[], list[PGresult]]
"""One command; run again from its start when another transaction had to be waited for."""


class CommandQueue:
    """The commands of one connection.

    Args:
        session: the engine's session.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.status = OK
        self.pipeline_status = int(PipelineStatus.OFF)
        self.error_message = b""
        self.notice_handler: Callable[[PGresult], None] | None = None
        self.can_wait = True
        self.waiter: Waiter | None = None
        self._units: deque[tuple[Unit, str | None]] = deque()
        self._results: deque[PGresult | None] = deque()
        self._held: list[PGresult | None] = []
        self._chunk_size = 0
        self._is_implicit = False

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

    def _check_open(self) -> None:
        if self.status != OK:
            raise e.OperationalError("the connection is closed")

    def _clear(self) -> None:
        self._units.clear()
        self._results.clear()
        self._held.clear()
        self.waiter = None
        self._is_implicit = False

    def submit(self, unit: Unit, statement: str | None = None) -> None:
        """Run a command, or queue it behind one that waits.

        Args:
            unit: what to run.
            statement: text that the position of an error points into.

        Raises:
            psycopg.OperationalError: closed, or the last command is not through.
        """
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
        return e.error_from_result(self._failed(error_, statement), encoding="utf-8")

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
        """Return 1 while another transaction has to be waited for."""
        is_waiting = bool(self._units or self.pipeline_status)
        return 1 if is_waiting and not self._results else 0

    def flush(self) -> int:
        """Return 0: there is nothing to send."""
        self._check_open()
        return 0

    def abandon(self) -> None:
        """Drop what waits for another transaction."""
        self._units.clear()
        self._results.clear()
        self.waiter = None

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
        self.submit(self._sync)

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
            self._is_implicit = False
        elif int(self.session.transaction_status) == IDLE:
            self.command("BEGIN")
            self._is_implicit = True

    def _end_implicitly(self) -> None:
        is_implicit, self._is_implicit = self._is_implicit, False
        status = int(self.session.transaction_status)
        if is_implicit and status != IDLE:
            self.command("ROLLBACK" if status == INERROR else "COMMIT")

    def command(self, text: str) -> None:
        """Run a statement of the client's own, such as BEGIN.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and this connection does not.
        """
        self.session.run(self.session.prepare(text), (), wait=self.can_wait)
