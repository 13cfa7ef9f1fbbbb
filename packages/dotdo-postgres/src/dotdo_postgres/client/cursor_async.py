"""The cursors of an asynchronous connection."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.rows import Row

from dotdo_postgres.client import batch, seam, waiting
from dotdo_postgres.client.copy import AsyncCopy
from dotdo_postgres.client.cursor_base import NativeCursor
from dotdo_postgres.client.transformer import Transformer
from dotdo_postgres.errors import PostgresError


class AsyncCursor(NativeCursor, psycopg.AsyncCursor[Row]):
    """psycopg's asynchronous cursor; plain statements go the short way."""

    __module__ = "dotdo_postgres"

    async def execute(
        self,
        query: Any,
        params: Any = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Any:
        """Execute a query or command."""
        async with self._conn.lock:
            await waiting.give_way()
            bound = None if prepare else self.bind_short(query, params, binary)
            if bound is not None:
                statement = bound
                try:
                    if prepare is None:
                        self.count_short(statement)
                    ran = await waiting.again_when_free(
                        self._pgconn, lambda: self.run_short(statement)
                    )
                    self.take_short(*ran, query, params)
                except PostgresError as error:
                    self._reset()
                    raise self._pgconn.failure(error, bound[1]) from None
                return self
        return await super().execute(query, params, prepare=prepare, binary=binary)

    async def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        """Execute the same command with a sequence of input data."""
        params_list = list(params_seq)
        async with self._conn.lock:
            batched = batch.bind(self, query, params_list)
            if batched is not None:
                await batch.run_async(self, batched, returning=returning)
                return
        await super().executemany(query, params_list, returning=returning)

    copy = seam.manager_method(psycopg.AsyncCursor.copy, AsyncCopy=AsyncCopy)

    async def fetchone(self) -> Row | None:
        """Return the next record, None at the end."""
        native_rows = self._native_rows()
        if native_rows is None:
            return await super().fetchone()
        return next(iter(self._next_native(native_rows, self._pos + 1)), None)

    async def fetchmany(self, size: int = 0) -> list[Row]:
        """Return the next `size` records."""
        native_rows = self._native_rows()
        if native_rows is None:
            return await super().fetchmany(size)
        return self._next_native(native_rows, self._pos + (size or self.arraysize))

    async def fetchall(self) -> list[Row]:
        """Return all the remaining records."""
        native_rows = self._native_rows()
        if native_rows is None:
            return await super().fetchall()
        return self._next_native(native_rows, len(native_rows))

    async def __anext__(self) -> Row:
        native_rows = self._native_rows()
        if native_rows is None:
            return await super().__anext__()
        found = self._next_native(native_rows, self._pos + 1)
        if not found:
            raise StopAsyncIteration("no more records to return")
        row: Row = found[0]
        return row


class AsyncClientCursor(psycopg.AsyncClientCursor[Row], AsyncCursor[Row]):
    """psycopg's asynchronous cursor that merges parameters into the text."""

    __module__ = "dotdo_postgres"

    def mogrify(self, query: Any, params: Any = None) -> str:
        """Return the query and parameters merged."""
        self._tx = Transformer(self)
        merged: bytes = self._convert_query(query, params).query
        return merged.decode(self._encoding)


class AsyncRawCursor(psycopg.AsyncRawCursor[Row], AsyncCursor[Row]):
    """psycopg's asynchronous cursor with PostgreSQL's own placeholders."""

    __module__ = "dotdo_postgres"


class AsyncServerCursor(
    seam.ServerCursorInPython, psycopg.AsyncServerCursor[Row], AsyncCursor[Row]
):
    """psycopg's asynchronous cursor on the server's side."""

    __module__ = "dotdo_postgres"

    __init__ = seam.relink(psycopg.AsyncServerCursor.__init__, AsyncCursor=AsyncCursor)


class AsyncRawServerCursor(psycopg.AsyncRawServerCursor[Row], AsyncServerCursor[Row]):
    """psycopg's asynchronous cursor on the server's side with PostgreSQL's own placeholders."""

    __module__ = "dotdo_postgres"
