"""The cursors of a synchronous connection."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.rows import Row

from dotdo_postgres.client import batch, seam
from dotdo_postgres.client.copy import Copy
from dotdo_postgres.client.cursor_base import NativeCursor
from dotdo_postgres.client.transformer import Transformer
from dotdo_postgres.errors import PostgresError


class Cursor(NativeCursor, psycopg.Cursor[Row]):
    """psycopg's cursor; plain statements go the short way."""

    __module__ = "dotdo_postgres"

    def execute(
        self,
        query: Any,
        params: Any = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Any:
        """Execute a query or command."""
        with self._conn.lock:
            bound = None if prepare else self.bind_short(query, params, binary)
            if bound is not None:
                try:
                    if prepare is None and (
                        bound[4] is None or bound[4] is not self._counts.newest
                    ):
                        self.count_short(bound)
                    self.take_short(*self.run_short(bound), query, params)
                except PostgresError as error:
                    self._reset()
                    raise self._pgconn.failure(error, bound[1]) from None
                return self
        return super().execute(query, params, prepare=prepare, binary=binary)

    def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        """Execute the same command with a sequence of input data."""
        params_list = list(params_seq)
        with self._conn.lock:
            batched = batch.bind(self, query, params_list)
            if batched is not None:
                batch.run(self, batched, returning=returning)
                return
        super().executemany(query, params_list, returning=returning)

    copy = seam.manager_method(psycopg.Cursor.copy, Copy=Copy)

    def fetchone(self) -> Row | None:
        """Return the next record, None at the end."""
        native_rows = self._loaded
        if native_rows is None and (native_rows := self._native_rows()) is None:
            return super().fetchone()
        pos = self._pos
        if pos >= len(native_rows):
            return None
        self._pos = pos + 1
        row: Any = native_rows[pos]
        made: Row = row if self._make_row is tuple else self._make_row(row)
        return made

    def fetchmany(self, size: int = 0) -> list[Row]:
        """Return the next `size` records."""
        native_rows = self._native_rows()
        if native_rows is None:
            return super().fetchmany(size)
        return self._next_native(native_rows, self._pos + (size or self.arraysize))

    def fetchall(self) -> list[Row]:
        """Return all the remaining records."""
        native_rows = self._native_rows()
        if native_rows is None:
            return super().fetchall()
        return self._next_native(native_rows, len(native_rows))

    def __next__(self) -> Row:
        native_rows = self._native_rows()
        if native_rows is None:
            return super().__next__()
        pos = self._pos
        if pos >= len(native_rows):
            raise StopIteration("no more records to return")
        self._pos = pos + 1
        row: Any = native_rows[pos]
        made: Row = row if self._make_row is tuple else self._make_row(row)
        return made


class ClientCursor(psycopg.ClientCursor[Row], Cursor[Row]):
    """psycopg's cursor that merges parameters into the text."""

    __module__ = "dotdo_postgres"

    def mogrify(self, query: Any, params: Any = None) -> str:
        """Return the query and parameters merged."""
        self._tx = Transformer(self)
        merged: bytes = self._convert_query(query, params).query
        return merged.decode(self._encoding)


class RawCursor(psycopg.RawCursor[Row], Cursor[Row]):
    """psycopg's cursor with PostgreSQL's own placeholders."""

    __module__ = "dotdo_postgres"


class ServerCursor(seam.ServerCursorInPython, psycopg.ServerCursor[Row], Cursor[Row]):
    """psycopg's cursor on the server's side."""

    __module__ = "dotdo_postgres"

    __init__ = seam.relink(psycopg.ServerCursor.__init__, Cursor=Cursor)


class RawServerCursor(psycopg.RawServerCursor[Row], ServerCursor[Row]):
    """psycopg's cursor on the server's side with PostgreSQL's own placeholders."""

    __module__ = "dotdo_postgres"
