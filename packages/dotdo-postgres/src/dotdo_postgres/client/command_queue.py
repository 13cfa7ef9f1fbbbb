"""Commands sent and results not yet read: run at once, again when a transaction had to be waited for; pipelines hold results back."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import errors as e
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.misc import PGnotify

from dotdo.storage import Blocked, TurnOver
from dotdo_postgres.client.copying import Copying, CopyResult
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.backends import terminated
from dotdo_postgres.engine.turns import in_turn
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping.encodings import UTF8

if TYPE_CHECKING:
    from psycopg.abc import Buffer

    from dotdo.storage import Waiter
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.errors import Notice

OK = int(ConnStatus.OK)
ACTIVE = 1
T = TypeVar("T")
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
        self.notify_handler: Callable[[PGnotify], None] | None = None
        self.can_wait = True
        self.send_away: Callable[[Callable[[], Any]], Any] | None = None
        self.waiter: Waiter | None = None
        self._errand: Any = None  # what runs in a thread, a future
        self._copying: Copying | None = None
        self._is_terminated = False  # by another session
        self._units: deque[tuple[Unit, str | None]] = deque()
        self._results: deque[PGresult | None] = deque()
        self._held: list[PGresult | None] = []
        self._chunk_size = 0

    @property
    def transaction_status(self) -> int:
        """IDLE, INTRANS, INERROR; ACTIVE while results are to be read; UNKNOWN when closed."""
        if self.status != OK:
            return TransactionStatus.UNKNOWN
        if self._units or self._results or self._held or self._copying:
            return ACTIVE
        if self.session.is_implicit:
            return ACTIVE
        return int(self.session.transaction_status)

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way and text is UTF-8, so that a statement may be run on the session itself."""
        is_idle = not (self._units or self._results or self.pipeline_status or self._copying)
        is_usable = self.status == OK and not self._is_terminated
        return is_idle and is_usable and self.session.encoding is UTF8

    def check_open(self) -> None:
        """See that the connection is open.

        Raises:
            psycopg.OperationalError: it is not.
        """
        if self.status != OK:
            raise e.OperationalError("the connection is closed")

    def _clear(self) -> None:
        self._units.clear()
        self._results.clear()
        self._held.clear()
        self.waiter = self._errand = self._copying = None

    def run(self, prepared: "Prepared", call: Callable[[], T]) -> T:
        """Run a statement, in its turn where others wait for the same thread.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and this connection does not.
            TurnOver: it takes long, and is to run in a thread.
        """
        if self.send_away is None or self._errand is not None:
            return call()
        return in_turn(self.session, prepared, call)

    def begin_errand(self, work: Callable[[], T]) -> Any:
        """Start work in a thread; return its future."""
        assert self.send_away is not None
        self._errand = True  # the thread has no turns to take
        self._errand = self.send_away(work)
        return self._errand

    def end_errand(self) -> None:
        """The work is through."""
        self._errand = None

    def submit(self, unit: Unit, statement: str | None = None) -> None:
        """Run a command, or queue it behind one that waits.

        Args:
            unit: what to run.
            statement: text that the position of an error points into.

        Raises:
            psycopg.OperationalError: closed, or the last command is not through.
        """
        self.check_open()
        if (self._units or self._copying) and not self.pipeline_status:
            raise e.OperationalError("sending query failed: another command is already in progress")
        self._units.append((unit, statement))
        self._go_on()

    def _go_on(self) -> None:
        """Run what is to be run, until all of it is done or a transaction has to be waited for."""
        self.waiter = None
        while self._units:
            unit, statement = self._units[0]
            try:
                results = self._outcome(self._errand.result if self._errand else unit, statement)
            except Blocked as blocked:
                self.waiter, self._errand = blocked.waiter, None
                return
            except TurnOver:
                self.waiter = self.begin_errand(unit)
                return
            self._errand = None
            self._units.popleft()
            self._deliver(results, ends=unit != self._sync)
        self.report_notices()

    def _deliver(self, results: list[PGresult], *, ends: bool) -> None:
        """Queue results; those of a pipeline are held back until a sync or a flush is asked for."""
        self._held += results
        last = results[-1] if results else None
        if isinstance(last, CopyResult):
            self._copying = Copying(last, can_wait=self.can_wait)
            ends = False
        if ends:
            self._held.append(None)
        if not (self.pipeline_status and ends):
            self.send_flush_request()

    # --- COPY --------------------------------------------------------------------------------

    def put_copy_data(self, buffer: "Buffer") -> int:
        """Take data of a COPY; return 0 when it must be given again."""
        copying = self._copy("sending copy data")
        try:
            copying.put(bytes(buffer))
        except Blocked as blocked:
            self.waiter = blocked.waiter
            return 0
        return 1

    def put_copy_end(self, error_: bytes | None = None) -> int:
        """End the data of a COPY, or give it up for a reason."""
        copying = self._copy("sending copy end")
        if error_ is not None:
            copying.give_up(error_)
        self._finish_copy(copying)
        return 1

    def get_copy_data(self, async_: int) -> tuple[int, memoryview]:
        """Return the next piece of a COPY; size -1 at the end, when the result can be read."""
        copying = self._copy("receiving copy data")
        piece = copying.next_piece()
        if piece is None:
            self._finish_copy(copying)
            return -1, memoryview(b"")
        return len(piece), memoryview(piece)

    def _copy(self, what: str) -> Copying:
        self.check_open()
        if self._copying is None:
            raise e.OperationalError(f"{what} failed: no COPY in progress")
        return self._copying

    def _finish_copy(self, copying: Copying) -> None:
        self._copying = None
        self._units.appendleft((copying.finish, None))
        self._go_on()

    def cancel_copy(self) -> None:
        """End a COPY to the client by an error."""
        if self._copying is not None:
            self._copying.cancel()

    # --- results -----------------------------------------------------------------------------

    def _outcome(self, unit: Unit, statement: str | None) -> list[PGresult]:
        if self.pipeline_status == PipelineStatus.ABORTED and unit != self._sync:
            return [PGresult(ExecStatus.PIPELINE_ABORTED)]
        try:
            if self._is_terminated:
                raise terminated()
            return self._encoded(unit())
        except PostgresError as error_:
            if self.pipeline_status:
                self.pipeline_status = int(PipelineStatus.ABORTED)
            return [self._failed(error_, statement)]

    def _encoded(self, results: list[PGresult]) -> list[PGresult]:
        encoding = self.session.encoding
        if encoding is UTF8:
            return results
        try:
            return [result.encode_in(encoding) for result in results]
        except PostgresError:
            self.session.fail()
            raise

    def read_text(self, data: "Buffer") -> str:
        """Read text of the client.

        Raises:
            PostgresError: it is not of the client's encoding (22021); an open transaction has failed.
        """
        try:
            return self.session.encoding.decode(bytes(data))
        except PostgresError:
            self.session.fail()
            raise

    def _failed(self, error_: PostgresError, statement: str | None) -> PGresult:
        result = PGresult.failure(error_, statement)
        result.encoding = self.session.encoding
        self.error_message = result.error_message
        self._is_terminated |= error_.severity == "FATAL"
        return result

    def terminate(self) -> None:
        """Let the next command, or the one that runs, end the connection; from any thread."""
        self._is_terminated = True
        self.session.cancel()

    def end(self) -> None:
        """Close the session: the connection is lost."""
        self.status = int(ConnStatus.BAD)
        self.session.close()

    def failure(self, error_: PostgresError, statement: str | None) -> e.Error:
        """Return psycopg's exception for an error of the engine."""
        result = self._failed(error_, statement)
        if self._is_terminated:
            self.end()
        return e.error_from_result(result, encoding=result.encoding.codec)

    def notifies(self) -> "PGnotify | None":
        """Return the next notification, None when none has come or a transaction is open."""
        self.check_open()
        inbox = self.session.mailbox.inbox
        if not inbox or not self.session.is_idle:
            return None
        found = inbox.pop(0)
        codec = self.session.encoding.codec
        channel, payload = (
            text.encode(codec, "replace") for text in (found.channel, found.payload)
        )
        return PGnotify(channel, found.pid, payload)

    def report_notifies(self) -> None:
        """Hand what was notified to whoever listens."""
        while self.notify_handler is not None and (found := self.notifies()) is not None:
            self.notify_handler(found)

    def report_notices(self) -> None:
        """Hand the notices of the last statement to whoever listens."""
        notices: list[Notice] = self.session.notices
        if notices:
            taken = notices[:]
            notices.clear()
            if self.notice_handler is not None:
                for notice in taken:
                    told = PGresult(ExecStatus.NONFATAL_ERROR, report=notice)
                    told.encoding = self.session.encoding
                    self.notice_handler(told)

    def get_result(self) -> PGresult | None:
        """Return the next result, None after the last of a command."""
        self.check_open()
        if not self._results:
            return None
        result = self._results.popleft()
        if result is None and self._is_terminated:
            self.end()
        if self._chunk_size and result is not None and result.status == ExecStatus.TUPLES_OK:
            self._results.extendleft(reversed(self._chunks(result)))
            result = self._results.popleft()
        return result

    def _chunks(self, whole: PGresult) -> list[PGresult]:
        size, self._chunk_size = self._chunk_size, 0
        status = ExecStatus.SINGLE_TUPLE if size == 1 else ExecStatus.TUPLES_CHUNK
        parts = [whole.part(status, at, at + size) for at in range(0, len(whole.rows), size)]
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
        self.check_open()
        if self._units:
            self._go_on()

    def is_busy(self) -> int:
        """Return 1 while another transaction has to be waited for."""
        is_waiting = bool(self._units or self.pipeline_status)
        return 1 if is_waiting and not self._results else 0

    def flush(self) -> int:
        """Return 0: there is nothing to send."""
        self.check_open()
        return 0

    @property
    def errand(self) -> Any:
        """What runs in a thread, a future; None when nothing does."""
        return self._errand

    def abandon(self) -> None:
        """Drop what waits for another transaction."""
        self._units.clear()
        self._results.clear()
        self.waiter = self._errand = None

    # --- pipeline mode: statements up to a sync are one transaction unless they begin one themselves ---

    def enter_pipeline_mode(self) -> None:
        """Queue results until they are read."""
        self.check_open()
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

    def _begin_implicitly(self) -> None:
        if self.session.is_idle:
            self.session.begin_implicit()

    def _end_implicitly(self) -> None:
        if self.session.is_implicit:
            self.session.end_implicit(commit=True, wait=self.can_wait)
        self.session.statement_over()

    def command(self, text: str) -> None:
        """Run a statement of the client's own, such as BEGIN.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and this connection does not.
        """
        self.session.run(self.session.prepare(text), (), wait=self.can_wait)
