"""Portals: statements being executed whose rows are taken in parts, by the protocol or by FETCH."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.named import Statement
    from dotdo_postgres.engine.plan import Prepared, Result, ResultColumn
    from dotdo_postgres.engine.plan import Row as StoredRow
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Portal:
    """A statement with its values, and how far its rows have been taken.

    Args:
        name: Its name, empty for the unnamed one.
        prepared: What it runs; None for a cursor, which has run.
        params: Storage values of the parameters.
        statement: The prepared statement it was made of.
        values: The parameters as they came over the protocol.
        formats: Their formats, 0 text and 1 binary.
        result_formats: Formats of the columns: none, one for all, or one for each.
        result: What it gave, once it has run.
        position: Rows before the next one; for a cursor 0 is before the first row.
        is_scroll: Rows can be taken backward too.
        is_hold: It outlives its transaction.
        is_binary: A cursor whose rows are binary.
        is_kept: Its transaction has been committed.
        is_cursor: Made by DECLARE.
        has_parts: Its rows are taken in parts, each with a count of its own.
        depth: Savepoints that were open when it was made.
        sql: Text of the statement, for `pg_cursors`.
        made_us: When it was made.
    """

    name: str
    prepared: Prepared | None = None
    params: Sequence[StorageValue] = ()
    statement: Statement | None = None
    values: Sequence[bytes | None] = ()
    formats: Sequence[int] = ()
    result_formats: tuple[int, ...] = ()
    result: Result | None = None
    position: int = 0
    is_scroll: bool = False
    is_hold: bool = False
    is_binary: bool = False
    is_kept: bool = False
    is_cursor: bool = False
    has_parts: bool = False
    depth: int = 0
    sql: str = ""
    made_us: int = 0

    @property
    def columns(self) -> tuple[ResultColumn, ...] | None:
        """Its result columns, None when it returns no rows."""
        if self.result is not None:
            return self.result.columns
        return None if self.prepared is None else self.prepared.columns

    def take(self, count: int) -> list[StoredRow]:
        """Return the next rows, all that are left for 0."""
        rows: list[StoredRow] = [] if self.result is None else self.result.rows
        start = self.position
        end = len(rows) if count <= 0 else min(start + count, len(rows))
        self.position = end
        return rows if not start and end == len(rows) else rows[start:end]


@dataclass(slots=True)
class Portals:
    """The portals of one session by name."""

    named: dict[str, Portal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.named)

    def add(self, portal: Portal) -> None:
        """Keep a portal; the unnamed one is replaced.

        Raises:
            PostgresError: the name is taken (42P03).
        """
        if portal.name and portal.name in self.named:
            raise error("42P03", f'cursor "{portal.name}" already exists')
        self.named[portal.name] = portal

    def get(self, name: str, what: str = "cursor") -> Portal:
        """Return the portal of that name.

        Raises:
            PostgresError: there is none (34000).
        """
        found = self.named.get(name)
        if found is None:
            raise error("34000", f'{what} "{name}" does not exist')
        return found

    def close(self, name: str) -> None:
        """Forget a portal; an unknown one is no error."""
        self.named.pop(name, None)

    def end(self, *, is_committed: bool) -> None:
        """The transaction is over: forget all but the cursors that outlive it."""
        self.named = {
            name: portal
            for name, portal in self.named.items()
            if portal.is_hold and (portal.is_kept or is_committed)
        }
        for portal in self.named.values():
            portal.is_kept = True

    def released(self, depth: int) -> None:
        """A savepoint is forgotten: what was made after it belongs to the one before."""
        for portal in self.named.values():
            portal.depth = min(portal.depth, depth - 1)

    def undo(self, depth: int) -> None:
        """Forget what was made after the savepoint at that depth, the outermost being 1."""
        self.named = {
            name: portal
            for name, portal in self.named.items()
            if portal.is_kept or portal.depth < depth
        }
