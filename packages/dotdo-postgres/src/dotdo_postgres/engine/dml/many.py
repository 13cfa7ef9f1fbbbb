"""One writing statement for many rows of parameters, run as one; refuses none, but tells which statements it is for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from dotdo_postgres.engine.dml.run import run_write
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.engine.run.values import session_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Row = Sequence["StorageValue"]


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
    kernel.write_many(prepared.sql, rows, planned_for=prepared.catalog, wait=wait)
    tag = f"{prepared.detail['tag']} {rows.changes_of_last}"
    return Result(None, [], tag, kernel.changes)
