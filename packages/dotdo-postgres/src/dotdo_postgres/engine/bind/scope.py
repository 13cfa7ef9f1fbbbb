"""Scopes: which names a clause sees; ambiguous and unknown columns are PostgreSQL's errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.query import Cte, Entry


@dataclass(slots=True)
class ScopeItem:
    """A name in FROM and the columns behind it.

    Args:
        name: Alias or table name, empty for a join without alias.
        columns: Name and expression of each column.
        is_named: `name.column` works.
        has_plain_columns: `column` alone works.
        may_be_missing: An outer join may give no row, so that the whole row is NULL.
        is_lateral_only: Seen only from LATERAL.
        entry: The entry itself, None for joins.
        row_type: It is a row variable of a routine: OID of its type; 0 when it is none.
    """

    name: str
    columns: list[tuple[str, ir.Expr]]
    is_named: bool = True
    has_plain_columns: bool = True
    entry: Entry | None = None
    may_be_missing: bool = False
    is_outside_lateral: bool = False
    row_type: int = 0


@dataclass(slots=True)
class Variables:
    """The variables of a routine, and what a name means that is a column's too.

    Args:
        scope: Innermost scope of the variables.
        conflict: `error`, `use_variable` or `use_column`.
    """

    scope: Scope
    conflict: str = "error"

    def settle(self, name: str, found: ir.Expr | None, location: int) -> ir.Expr | None:
        """Return what a name means that was found.

        Raises:
            PostgresError: it may mean a variable and a column (SQLSTATE 42702).
        """
        own = self.scope.column(name, location)
        if own is None or own is found or (found is not None and self.conflict == "use_column"):
            return found
        if found is None:
            return own
        if self.conflict == "use_variable":
            return own
        detail = "It could refer to either a PL/pgSQL variable or a table column."
        message = f'column reference "{name}" is ambiguous'
        raise error("42702", message, detail=detail, position=location)


@dataclass(slots=True)
class Scope:
    """What one query level sees.

    Args:
        parent: Scope of the query around it.
        items: Names of FROM.
        clause: Clause being bound, for messages about aggregates (`WHERE`).
        ctes: Common table expressions of this level by name.
        entries: Entries of this level, those inside joins too.
        aggregates: Aggregates found at this level.
        has_windows: A window function was found.
        named_windows: Definitions of the WINDOW clause.
        hidden: Names that are there but may not be used.
    """

    parent: Scope | None = None
    items: list[ScopeItem] = field(default_factory=list)
    clause: str = ""
    ctes: dict[str, Cte] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    aggregates: list[ir.Aggregate] = field(default_factory=list)
    window_calls: list[ir.Aggregate] = field(default_factory=list)
    groupings: list[ir.Grouping] = field(default_factory=list)
    named_windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    series: list[Entry] = field(default_factory=list)
    uses_outer: bool = False
    lateral_of: list[ScopeItem] = field(default_factory=list)
    used_laterally: bool = False
    hidden: list[ScopeItem] = field(default_factory=list)

    def find_cte(self, name: str) -> Cte | None:
        """Return the common table expression of that name, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.ctes:
                return scope.ctes[name]
            scope = scope.parent
        return None

    def column(self, name: str, location: int) -> ir.Expr | None:
        """Resolve an unqualified column, this level first."""
        scope: Scope | None = self
        while scope is not None:
            found = _unique(
                [
                    expr
                    for item in scope.items
                    if item.has_plain_columns
                    for column, expr in item.columns
                    if column == name
                ],
                name,
                location,
            )
            if found is not None:
                _mark(self, scope)
                return found
            scope = scope.parent
        return None

    def item(self, name: str) -> ScopeItem | None:
        """Return the FROM item of that name, this level first."""
        scope: Scope | None = self
        while scope is not None:
            for item in scope.items:
                if item.is_named and item.name == name:
                    _mark(self, scope)
                    return item
            scope = scope.parent
        return None

    def qualified(self, table: str, name: str, location: int) -> ir.Expr | None:
        """Resolve `table.column`; None when the table is seen but has no such column.

        Raises:
            PostgresError: 42P01 when no such table is in FROM.
        """
        item = self.item(table)
        if item is None:
            raise missing_from(self, table, location)
        return _unique([expr for column, expr in item.columns if column == name], name, location)


def _mark(user: Scope, owner: Scope) -> None:
    scope: Scope | None = user
    while scope is not None and scope is not owner:
        scope.uses_outer = True
        scope = scope.parent


def _unique(found: list[ir.Expr], name: str, location: int) -> ir.Expr | None:
    if len(found) > 1:
        raise error("42702", f'column reference "{name}" is ambiguous', position=location)
    return found[0] if found else None


def _levels(scope: Scope) -> list[Scope]:
    found = [scope]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def missing_from(scope: Scope, table: str, location: int) -> Exception:
    """Make the error for a table name that FROM does not have (42P01)."""
    hint = None
    level: Scope | None = scope
    while level is not None:
        for item in level.items:
            if (
                item.entry is not None
                and item.entry.relation is not None
                and item.entry.relation.name == table
            ):
                hint = f'Perhaps you meant to reference the table alias "{item.name}".'
                message = f'invalid reference to FROM-clause entry for table "{table}"'
                return error("42P01", message, hint=hint, position=location)
        level = level.parent
    if any(item.name == table for level in _levels(scope) for item in level.hidden):
        message = f'invalid reference to FROM-clause entry for table "{table}"'
        hint = f'There is an entry for table "{table}", but it cannot be referenced from this part of the query.'
        return error("42P01", message, hint=hint, position=location)
    return error("42P01", f'missing FROM-clause entry for table "{table}"', position=location)
