"""COPY in-process, as libpq has it: a result that says it begins, data piece by piece, then what the statement and those behind it give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from psycopg.pq import ExecStatus

from dotdo.storage import Blocked
from dotdo_postgres.client import statements
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.copy import CopyIn
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.plan import Result

SENT_AHEAD_BYTES = 1 << 16
"""What a server's sockets take that the client has not read."""
COPY_STATUSES = frozenset({int(ExecStatus.COPY_IN), int(ExecStatus.COPY_OUT)})


class Continuation(Protocol):
    """What comes after a COPY."""

    def __call__(self) -> list[PGresult]:
        """Go on; return the results."""

    def abort(self) -> None:
        """The COPY failed."""


class CopyResult(PGresult):
    """The result that says a COPY begins.

    Args:
        result: what the engine gave.
        then: what comes after it.
    """

    __slots__ = ("result", "then")

    def __init__(self, result: Result, then: Continuation) -> None:
        copy = result.copy
        assert copy is not None
        is_in = isinstance(copy, CopyIn)
        status = int(ExecStatus.COPY_IN if is_in else ExecStatus.COPY_OUT)
        super().__init__(status, format=int(copy.is_binary))
        self.result = result
        self.then = then

    @property
    def nfields(self) -> int:
        """Number of columns."""
        return 0 if self.result.copy is None else self.result.copy.column_count


class Copying:
    """A COPY under way.

    Args:
        begun: its first result.
        can_wait: in this thread, for other transactions.
    """

    def __init__(self, begun: CopyResult, *, can_wait: bool) -> None:
        self.is_in = begun.status == ExecStatus.COPY_IN
        self._result = begun.result
        self._then = begun.then
        self._can_wait = can_wait
        self._failure: PostgresError | None = None
        copy = begun.result.copy
        self._incoming = copy if isinstance(copy, CopyIn) else None
        self._pieces: Iterator[bytes] = (
            iter(()) if copy is None or isinstance(copy, CopyIn) else copy.pieces()
        )

    def put(self, data: bytes) -> None:
        """Take data; an error is told at the end, as a server does.

        Raises:
            Blocked: what came before must be written first, and cannot be yet.
        """
        incoming = self._incoming
        if self._failure is not None or incoming is None:
            return
        try:
            if incoming.is_full:
                incoming.flush(wait=self._can_wait)
            incoming.feed(data)
        except PostgresError as failure:
            self._failure = failure

    def give_up(self, reason: bytes) -> None:
        """The client has no more data, for this reason."""
        self._failure = self._failure or CopyIn.failed(reason.decode(errors="replace"))

    def cancel(self) -> None:
        """End it by an error, unless a server would have sent all of it by now."""
        ahead: list[bytes] = []
        size_bytes = 0
        for piece in self._pieces:
            ahead.append(piece)
            size_bytes += len(piece)
            if size_bytes > SENT_AHEAD_BYTES:
                self._failure = error("57014", "canceling statement due to user request")
                return
        self._pieces = iter(ahead)

    def next_piece(self) -> bytes | None:
        """Return the next piece of data, None at the end or after an error."""
        if self._failure is not None:
            return None
        try:
            return next(self._pieces, None)
        except PostgresError as failure:
            self._failure = failure
            return None

    def finish(self) -> list[PGresult]:
        """Return the result of the COPY, and of what comes after it.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait; call again.
        """
        try:
            if self._failure is not None:
                raise self._failure
            result = self._result
            if self._incoming is not None:
                result = self._incoming.finish(wait=self._can_wait)
        except Blocked:
            raise
        except PostgresError:
            self._then.abort()
            raise
        return [
            PGresult(statements.COMMAND_OK, (), (), result.tag, result.row_count),
            *self._then(),
        ]
