"""The asynchronous connection."""

import asyncio
from collections.abc import Generator
from functools import partial
from typing import Any, TypeVar, cast

import psycopg
from psycopg.rows import AsyncRowFactory, Row, tuple_row

from dotdo_postgres.client import seam, statements, waiting
from dotdo_postgres.client.arrivals import Arrivals
from dotdo_postgres.client.connection_base import InprocConnection
from dotdo_postgres.client.cursor_async import AsyncCursor, AsyncServerCursor
from dotdo_postgres.errors import PostgresError

RV = TypeVar("RV")
READY = seam.Ready.RW
TUPLE_ROW: Any = tuple_row


async def one_attempt(params: Any) -> list[Any]:
    """Return the one attempt there is: no host has to be found."""
    return [params]


class AsyncPipeline(seam.PipelineInPython, psycopg.AsyncPipeline):
    """psycopg's asynchronous pipeline."""

    __module__ = "dotdo_postgres"


class AsyncConnection(InprocConnection, psycopg.AsyncConnection[Row]):
    """psycopg's asynchronous connection, to a tenant in the same process."""

    __module__ = "dotdo_postgres"

    def __init__(
        self,
        pgconn: Any,
        row_factory: AsyncRowFactory[Row] = TUPLE_ROW,
    ) -> None:
        super().__init__(pgconn, row_factory)
        pgconn.can_wait = False
        pgconn.send_away = waiting.in_thread
        self.cursor_factory = AsyncCursor
        self.server_cursor_factory = AsyncServerCursor

    connect = classmethod(
        seam.relink(
            seam.of_class(psycopg.AsyncConnection.connect),
            conninfo_attempts_async=one_attempt,
        )
    )

    async def wait(
        self,
        gen: Generator[Any, Any, RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 -- psycopg's signature
    ) -> RV:
        """Run a generator to its end, waiting where another transaction must end first."""
        if isinstance(gen, Arrivals):
            return cast("RV", await gen.arrive(timeout, interval))
        self.pgconn.check_open()
        await waiting.give_way()
        try:
            next(gen)
            while True:
                if (waiter := self.pgconn.waiter) is not None:
                    await self._until_done(waiter)
                gen.send(READY)
        except StopIteration as done:
            return cast("RV", done.value)

    async def _until_done(self, waiter: Any) -> None:
        try:
            await waiting.until_done(waiter)
        except BaseException:
            if self.pgconn.errand is not None:
                self.pgconn.session.cancel()
                await asyncio.wait([self.pgconn.errand])
            self.pgconn.abandon()
            raise

    async def commit(self) -> None:
        """Commit any pending transaction."""
        if self.ends_short:
            async with self.lock:
                await self._end("COMMIT")
        else:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back to the start of any pending transaction."""
        if self.ends_short:
            async with self.lock:
                await self._end("ROLLBACK")
        else:
            await super().rollback()

    async def _end(self, command: str) -> None:
        if self.pgconn.session.transaction_status != statements.IDLE:
            try:
                await waiting.again_when_free(self.pgconn, partial(self.end_short, command))
            except PostgresError as error:
                raise self.pgconn.failure(error, command) from None
            self.pgconn.report_notices()

    notifies = seam.relink(psycopg.AsyncConnection.notifies, notifies=Arrivals)
    pipeline = seam.manager_method(psycopg.AsyncConnection.pipeline, AsyncPipeline=AsyncPipeline)
    _pipeline_nolock = seam.manager_method(
        psycopg.AsyncConnection._pipeline_nolock,  # noqa: SLF001 -- its maker, under the name psycopg calls it by
        AsyncPipeline=AsyncPipeline,
    )
