"""executemany: one statement with many rows of parameters, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from dotdo_postgres.client import native, statements, waiting
from dotdo_postgres.engine.dml.many import takes_many
from dotdo_postgres.errors import PostgresError

if TYPE_CHECKING:
    from psycopg import errors as e

    from dotdo_postgres.client.pgconn import PGconn
    from dotdo_postgres.client.pgresult import PGresult


class Batch(NamedTuple):
    """The bound statement of each row of parameters."""

    bound: list[native.Bound]


def bind(cursor: Any, query: Any, params_list: Sequence[Any]) -> Batch | None:
    """Bind every row, or return None when psycopg's own way must be taken for one of them."""
    bound: list[native.Bound] = []
    for params in params_list:
        one = None if params is None else cursor.bind_short(query, params, None)
        if one is None:
            return None
        bound.append(one)
    return Batch(bound) if bound else None


def statement_of(bound: native.Bound) -> tuple[str, tuple[int, ...]]:
    """Return what rows run at once have in common: SQL and OIDs of the parameters."""
    return bound[1], bound[2]


class Run:
    """The run of a batch on a cursor: outside a transaction the batch is one, and a failure undoes all of it.

    Args:
        cursor: what runs it and gets the results.
        batch: what is run.
        returning: keep every result, else only the number of rows.
    """

    def __init__(self, cursor: Any, batch: Batch, *, returning: bool) -> None:
        cursor.forget()
        self.cursor, self.batch, self.returning = cursor, batch, returning
        self.pgconn: PGconn = cursor.connection.pgconn
        self.is_idle = self.pgconn.session.transaction_status == statements.IDLE
        self.is_alone = self.is_idle and not cursor.connection.begin_command
        self.results: list[PGresult] = []
        self.count = 0
        self.tag = ""

    def steps(self) -> Iterator[Callable[[], None]]:
        """Yield the steps to call in order; one that is blocked may be called again."""
        pgconn = self.pgconn
        groups = [list(rows) for _, rows in groupby(self.batch.bound, statement_of)]
        is_one = len(groups) == 1 and self._takes_many(groups[0])
        is_begun = self.is_alone and not is_one
        if is_begun:
            yield partial(pgconn.command, "BEGIN")
        elif self.is_idle and not self.is_alone:
            yield partial(pgconn.command, self.cursor.connection.begin_command)
        for rows in groups:
            if self._takes_many(rows):
                yield partial(self._rows, rows)
            else:
                yield from (partial(self._row, bound) for bound in rows)
        if is_begun:
            yield partial(pgconn.command, "COMMIT")

    def _takes_many(self, rows: list[native.Bound]) -> bool:
        return not self.returning and takes_many(
            self.pgconn.session.prepare(*statement_of(rows[0]))
        )

    def _rows(self, rows: list[native.Bound]) -> None:
        result = self.cursor.run_many(rows)
        self.tag = result.tag
        self.count += result.row_count or 0

    def _row(self, bound: native.Bound) -> None:
        result, _ = self.cursor.run_short(bound)
        self.tag = result.tag
        self.count += result.row_count or 0
        if self.returning:
            self.results.append(statements.result_of(result))

    def failed(self, error: PostgresError) -> "e.Error":
        """Undo the batch and return the exception to raise."""
        self.cursor.forget()
        pgconn = self.pgconn
        if self.is_alone and pgconn.session.transaction_status != statements.IDLE:
            pgconn.command("ROLLBACK")
        return self.pgconn.failure(error, self.batch.bound[0][1])

    def finish(self) -> None:
        """Leave the cursor as psycopg's executemany does."""
        self.cursor.take_batch(self.results, self.count, self.tag, returning=self.returning)


def run(cursor: Any, batch: Batch, *, returning: bool) -> None:
    """Run a batch.

    Raises:
        psycopg.Error: a row failed; nothing of a batch that was its own transaction remains.
    """
    this = Run(cursor, batch, returning=returning)
    try:
        for step in this.steps():
            step()
    except PostgresError as error:
        raise this.failed(error) from None
    this.finish()


async def run_async(cursor: Any, batch: Batch, *, returning: bool) -> None:
    """Run a batch, waiting for other transactions without blocking the loop.

    Raises:
        psycopg.Error: a row failed; nothing of a batch that was its own transaction remains.
    """
    this = Run(cursor, batch, returning=returning)
    try:
        for step in this.steps():
            await waiting.again_when_free(this.pgconn, step)
            await waiting.give_way()
    except PostgresError as error:
        raise this.failed(error) from None
    this.finish()
