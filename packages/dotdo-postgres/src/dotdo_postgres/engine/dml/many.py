"""One writing statement for many rows of parameters, run as one; refuses none, but tells which statements it is for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING

from dotdo.errors import (
    DotdoError,
    Interrupted,
    LockTimeout,
    StatementTimeout,
    TransactionError,
)
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.dml.batches import BATCH_ROWS
from dotdo_postgres.engine.dml.run import run_write
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.engine.run.values import session_values
from dotdo_postgres.errors import PostgresError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Row = Sequence["StorageValue"]
_FINAL = (
    Blocked,
    CatalogChanged,
    TurnOver,
    Interrupted,
    LockTimeout,
    StatementTimeout,
    TransactionError,
)
"""Failures that are no row's."""


class Rows(Collection[Row]):
    """Rows of parameters that know which of them was handed out last.

    Args:
        session: whose kernel counts the changes, and which keeps what the row drew.
        rows: the client's parameters.
        drawn: values of the session that follow those of each row; None when there are none.
    """

    def __init__(
        self, session: Session, rows: Sequence[Row], drawn: Sequence[Row] | None = None
    ) -> None:
        self._session, self._rows, self._drawn = session, rows, drawn
        self.current: Row = ()
        self.changes_of_last = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: object) -> bool:
        return row in self._rows

    def __iter__(self) -> Iterator[Row]:
        kernel, before = self._session.kernel, 0
        last = len(self._rows) - 1
        for at, row in enumerate(self._rows):
            self.current = row
            if at == last:
                before = kernel.changes
            if self._drawn is None:
                yield row
            else:
                self._session.drawn = list(self._drawn[at])
                yield [*row, *self._drawn[at]]
        self.changes_of_last = kernel.changes - before

    def whole(self) -> list[Row]:
        """Return all rows, each with what it drew, as the text takes them."""
        if self._drawn is None:
            return list(self._rows)
        self._session.drawn = list(self._drawn[-1])
        return [[*row, *drawn] for row, drawn in zip(self._rows, self._drawn, strict=True)]


def takes_many(prepared: Prepared) -> bool:
    """Tell whether runs of a statement may be done at once: it writes, returns no rows and draws a number once."""
    drawn = [key for key in prepared.session_values if key[0] == "nextval"]
    is_plain = prepared.execute is run_write and prepared.columns is None
    return is_plain and "upsert" not in prepared.detail and len(drawn) == len(set(drawn))


def draw(session: Session, prepared: Prepared, count: int) -> list[Row] | None:
    """Draw the values of the session for so many rows, None when the statement takes none."""
    if not prepared.session_values:
        return None
    session.begin_statement()
    columns: list[Iterable[StorageValue]] = []
    for key in prepared.session_values:
        kind, argument = key
        if kind == "rowid":
            first = session.kernel.allocate(session.kernel.catalog.by_table[argument], count)
            columns.append(range(first, first + count))
        elif kind == "nextval":
            first = session.sequences.next(argument, count)
            columns.append(range(first, first + count))
        else:
            (value,) = session_values(session, [key])
            columns.append(repeat(value, count))
    return list(zip(*columns, strict=True))


def write_many(session: Session, prepared: Prepared, rows: Rows, wait: bool) -> Result:
    """Run a statement for each row; the tag is that of the last, the count that of all."""
    kernel = session.kernel
    batches = _batches(prepared, rows)
    if batches is not None:
        text, batched, left = batches

        def work() -> int:
            kernel.write_many(text, batched)
            changes = kernel.changes
            if left:
                kernel.write_many(prepared.sql, left)
                changes += kernel.changes
            return changes

        try:
            changes = kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
        except _FINAL:
            raise
        except (DotdoError, PostgresError):  # row by row it tells which one it is
            pass
        else:
            return Result(None, [], f"{prepared.detail['tag']} 1", changes)
    kernel.write_many(prepared.sql, rows, planned_for=prepared.catalog, wait=wait)
    tag = f"{prepared.detail['tag']} {rows.changes_of_last}"
    return Result(None, [], tag, kernel.changes)


def _batches(prepared: Prepared, rows: Rows) -> tuple[str, list[Row], list[Row]] | None:
    """Return the text of an INSERT of several rows, its parameters, and the rows that are left; None where it does not pay."""
    write = prepared.detail.get("batch")
    if write is None or len(rows) < 2 * BATCH_ROWS:
        return None
    whole = rows.whole()
    if len(whole[0]) != prepared.parameters:
        return None
    text = prepared.detail.get("batch_text")
    if text is None:
        text = prepared.detail["batch_text"] = write()
    count = len(whole) // BATCH_ROWS * BATCH_ROWS
    width = prepared.parameters * BATCH_ROWS
    values = [*chain.from_iterable(whole[:count])]
    return text, [values[at : at + width] for at in range(0, len(values), width)], whole[count:]
