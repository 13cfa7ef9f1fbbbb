"""The synchronous connection."""

from collections.abc import Generator
from typing import Any, TypeVar, cast

import psycopg
from psycopg.rows import Row, RowFactory, tuple_row

from dotdo_postgres.client import seam, statements
from dotdo_postgres.client.arrivals import Arrivals
from dotdo_postgres.client.connection_base import InprocConnection
from dotdo_postgres.client.cursor import Cursor, ServerCursor
from dotdo_postgres.errors import PostgresError

RV = TypeVar("RV")
READY = seam.Ready.RW
TUPLE_ROW: Any = tuple_row


class Pipeline(seam.PipelineInPython, psycopg.Pipeline):
    """psycopg's pipeline."""

    __module__ = "dotdo_postgres"


class Connection(InprocConnection, psycopg.Connection[Row]):
    """psycopg's connection, to a tenant in the same process."""

    __module__ = "dotdo_postgres"

    def __init__(self, pgconn: Any, row_factory: RowFactory[Row] = TUPLE_ROW) -> None:
        super().__init__(pgconn, row_factory)
        self.cursor_factory = Cursor
        self.server_cursor_factory = ServerCursor

    connect = classmethod(
        seam.relink(
            seam.of_class(psycopg.Connection.connect),
            conninfo_attempts=lambda params: [params],
        )
    )

    def wait(
        self, gen: Generator[Any, Any, RV], interval: float = 0.1, timeout: float | None = None
    ) -> RV:
        """Run a generator to its end; nothing but a notification has to be waited for here."""
        if isinstance(gen, Arrivals):
            return cast("RV", gen.block(timeout, interval))
        self.pgconn.check_open()
        try:
            next(gen)
            while True:
                gen.send(READY)
        except StopIteration as done:
            return cast("RV", done.value)

    def commit(self) -> None:
        """Commit any pending transaction."""
        if self.ends_short:
            with self.lock:
                self._end("COMMIT")
        else:
            super().commit()

    def rollback(self) -> None:
        """Roll back to the start of any pending transaction."""
        if self.ends_short:
            with self.lock:
                self._end("ROLLBACK")
        else:
            super().rollback()

    def _end(self, command: str) -> None:
        if self.pgconn.session.transaction_status != statements.IDLE:
            try:
                self.end_short(command)
            except PostgresError as error:
                raise self.pgconn.failure(error, command) from None
            self.pgconn.report_notices()

    notifies = seam.relink(psycopg.Connection.notifies, notifies=Arrivals)
    pipeline = seam.manager_method(psycopg.Connection.pipeline, Pipeline=Pipeline)
    _pipeline_nolock = seam.manager_method(
        psycopg.Connection._pipeline_nolock,  # noqa: SLF001 -- its maker, under the name psycopg calls it by
        Pipeline=Pipeline,
    )
