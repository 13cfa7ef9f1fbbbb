"""Bound queries: entries of FROM, joins, selects, set operations and VALUES, each with its result columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dotdo_postgres.engine.ir import Expr
    from dotdo_postgres.engine.relations import Relation


@dataclass(slots=True, eq=False)
class OutputColumn:
    """A result column: name, type, type modifier, and the table column it comes from (0 when from none)."""

    name: str
    type: int
    typmod: int = -1
    table_oid: int = 0
    column_number: int = 0


@dataclass(slots=True, eq=False)
class SortKey:
    """One ORDER BY term."""

    expr: Expr
    is_descending: bool
    nulls_first: bool


@dataclass(slots=True, eq=False)
class Entry:
    """A range table entry: what a name in FROM stands for.

    Args:
        name: Alias or table name.
        columns: Its columns.
        relation: The table, when it is one.
        query: The subquery, when it is one.
        cte: The common table expression it reads.
        calls: The functions it runs over, side by side.
        is_lateral: The subquery sees entries to its left.
        schema: Schema of the table or view that goes by its own name, empty for an alias.
        view: Number of the view, or of the table with descendants, that the subquery stands for, 0 when it is none.
        hidden: How many of the last columns only system columns refer to.
        readable: Places of the columns that the acting role may read, None for all.
    """

    name: str
    columns: list[OutputColumn]
    relation: Relation | None = None
    query: Query | None = None
    cte: Cte | None = None
    calls: list[Expr] = field(default_factory=list)
    with_ordinality: bool = False
    is_lateral: bool = False
    view: int = 0
    schema: str = ""
    hidden: int = 0
    readable: frozenset[int] | None = None


@dataclass(slots=True, eq=False)
class Join:
    """A join of two FROM items.

    Args:
        kind: `inner`, `left`, `right`, `full` or `cross`.
        left, right: What is joined.
        on: The condition.
        using: The columns of USING, or those that NATURAL finds.
        alias: Its name, empty without.
    """

    kind: str
    left: FromItem
    right: FromItem
    on: Expr | None
    using: tuple[str, ...] = ()
    alias: str = ""


FromItem = Entry | Join


@dataclass(slots=True, eq=False)
class Cte:
    """A common table expression.

    Args:
        name: Its name.
        columns: Its columns.
        query: What it runs; None while a recursive one is being bound.
        is_recursive: It reads itself.
        table: Where its rows are kept when it has been run before; empty otherwise.
        forms: How these are kept.
        is_without_rows: It changes data and returns nothing.
        is_materialized: `MATERIALIZED` True, `NOT MATERIALIZED` False, neither None.
    """

    name: str
    columns: list[OutputColumn]
    query: Query | None = None
    is_recursive: bool = False
    is_materialized: bool | None = None
    uses: int = 0
    table: str = ""
    forms: list[Any] = field(default_factory=list)
    is_without_rows: bool = False


@dataclass(slots=True, eq=False)
class Target:
    """A term of the select list."""

    expr: Expr
    column: OutputColumn


@dataclass(slots=True, eq=False)
class Locking:
    """FOR UPDATE and its kin: the entries locked, how strongly, what to do when another holds them."""

    entries: list[Entry]
    mode: str
    wait: bool | str


@dataclass(slots=True, eq=False)
class Query:
    """What all queries share: result columns, WITH, ORDER BY, LIMIT and OFFSET."""

    columns: list[OutputColumn]
    ctes: list[Cte] = field(default_factory=list)
    order: list[SortKey] = field(default_factory=list)
    limit: Expr | None = None
    offset: Expr | None = None
    with_ties: bool = False


@dataclass(slots=True, eq=False)
class Select(Query):
    """A SELECT.

    Args:
        distinct_on: Expressions of DISTINCT ON; None when there is no DISTINCT ON.
        grouping_sets: Places of the terms of each grouping set; None when all terms are one set.
        has_groups: GROUP BY, HAVING or aggregates make groups of rows.
    """

    targets: list[Target] = field(default_factory=list)
    from_items: list[FromItem] = field(default_factory=list)
    where: Expr | None = None
    group: list[Expr] = field(default_factory=list)
    grouping_sets: list[list[int]] | None = None
    has_groups: bool = False
    having: Expr | None = None
    is_distinct: bool = False
    distinct_on: list[Expr] | None = None
    locking: list[Locking] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class SetOperation(Query):
    """UNION, INTERSECT or EXCEPT; both sides have coerced columns; order refers to columns by position."""

    kind: str = "union"
    is_all: bool = False
    left: Query | None = None
    right: Query | None = None
    order_positions: list[tuple[int, bool, bool]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Values(Query):
    """A VALUES list of rows."""

    rows: list[list[Expr]] = field(default_factory=list)
    order_positions: list[tuple[int, bool, bool]] = field(default_factory=list)
