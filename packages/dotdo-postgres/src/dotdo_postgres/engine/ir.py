"""Typed, bound expressions: what the binder makes of a parse tree and the compiler turns into SQLite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dotdo_postgres.engine.query import Entry, Query, SortKey
    from dotdo_postgres.engine.routines.declare import Routine


@dataclass(slots=True, eq=False)
class Expr:
    """A typed expression.

    Args:
        type: OID of the type.
        typmod: Type modifier, -1 when there is none.
        location: Byte offset in the statement, -1 when unknown.
    """

    type: int
    typmod: int
    location: int


@dataclass(slots=True, eq=False)
class Const(Expr):
    """A literal: a storage value (numeric: Decimal; type unknown: text), None for NULL."""

    value: Any


@dataclass(slots=True, eq=False)
class Param(Expr):
    """Parameter `$number`, from 1."""

    number: int


@dataclass(slots=True, eq=False)
class Column(Expr):
    """A column of an entry of FROM, at any level of nesting."""

    entry: Entry
    index: int


@dataclass(slots=True, eq=False)
class Call(Expr):
    """A function, operator or cast applied to arguments of exactly its types; `is_syntax`: written in words, as TRIM(BOTH FROM x)."""

    routine: Routine
    args: list[Expr]
    is_syntax: bool = False


@dataclass(slots=True, eq=False)
class Relabel(Expr):
    """The same bytes seen as another type (varchar as text)."""

    arg: Expr


@dataclass(slots=True, eq=False)
class Fit(Expr):
    """A value forced into its type modifier: varchar(n), char(n), numeric(p, s), timestamp(p).

    Args:
        is_explicit: A cast was written, so that long text is cut without error.
    """

    arg: Expr
    is_explicit: bool


@dataclass(slots=True, eq=False)
class Aggregate(Expr):
    """An aggregate call, or one over a window."""

    routine: Routine
    args: list[Expr]
    is_distinct: bool = False
    order: list[SortKey] = field(default_factory=list)
    condition: Expr | None = None
    window: WindowSpec | None = None


@dataclass(slots=True, eq=False)
class Grouping(Expr):
    """GROUPING(...): a bit for each argument that the grouping set leaves out."""

    args: list[Expr]


@dataclass(slots=True, eq=False)
class WindowSpec:
    """A window: partition, order and the frame as parsed."""

    partition: list[Expr]
    order: list[SortKey]
    frame_options: int
    start: Expr | None = None
    end: Expr | None = None


@dataclass(slots=True, eq=False)
class Bool(Expr):
    """AND, OR or NOT."""

    op: Literal["and", "or", "not"]
    args: list[Expr]


@dataclass(slots=True, eq=False)
class NullTest(Expr):
    """IS NULL or IS NOT NULL."""

    arg: Expr
    is_null: bool


@dataclass(slots=True, eq=False)
class BooleanTest(Expr):
    """IS [NOT] TRUE, FALSE or UNKNOWN."""

    arg: Expr
    test: str


@dataclass(slots=True, eq=False)
class DistinctFrom(Expr):
    """IS DISTINCT FROM, over operands of one comparison."""

    comparison: Expr
    is_not: bool


@dataclass(slots=True, eq=False)
class Case(Expr):
    """A searched CASE; `is_simple` when each condition compares the same operand with a value."""

    whens: list[tuple[Expr, Expr]]
    default: Expr | None
    is_simple: bool = False


@dataclass(slots=True, eq=False)
class Coalesce(Expr):
    """COALESCE."""

    args: list[Expr]


@dataclass(slots=True, eq=False)
class MinMax(Expr):
    """GREATEST or LEAST."""

    args: list[Expr]
    is_greatest: bool


@dataclass(slots=True, eq=False)
class NullIf(Expr):
    """NULLIF: the first operand unless the comparison is true."""

    comparison: Call


@dataclass(slots=True, eq=False)
class InList(Expr):
    """`x IN (list)`: one equality for each item."""

    comparisons: list[Expr]
    is_not: bool


@dataclass(slots=True, eq=False)
class Row(Expr):
    """A row of expressions.

    Args:
        absent: Tells that there is no row at all, as an outer join may find.
        names: Of its fields, where they have any.
    """

    args: list[Expr]
    absent: Expr | None = None
    names: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class FieldOf(Expr):
    """A field of a row, by its place from 0."""

    arg: Expr
    index: int


@dataclass(slots=True, eq=False)
class RowId(Expr):
    """Where a row is, as `ctid` tells: as long as the row stays, it is the same."""

    entry: Entry


@dataclass(slots=True, eq=False)
class Missing(Expr):
    """Tells that an outer join gave no row for a table."""

    entry: Entry


@dataclass(slots=True, eq=False)
class RowCompare(Expr):
    """A comparison of rows, field by field."""

    op: str
    comparisons: list[Call]


@dataclass(slots=True, eq=False)
class ArrayOf(Expr):
    """ARRAY[...]."""

    args: list[Expr]


@dataclass(slots=True, eq=False)
class Subscript(Expr):
    """`array[index]`, or a part of an array.

    Args:
        indexes: One for each dimension; for a part lower and upper bound of each, None where left out.
        is_slice: It is a part.
    """

    arg: Expr
    indexes: list[Expr | None]
    is_slice: bool = False


@dataclass(slots=True, eq=False)
class Subquery(Expr):
    """A subquery in an expression.

    Args:
        kind: `exists`, `scalar`, `array`, `any` or `all`.
        query: The subquery.
        op: Operator of any and all.
        comparisons: One comparison for each column of any and all; its right side is a `SubqueryColumn`.
    """

    kind: str
    query: Query
    op: str = ""
    comparisons: list[Expr] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class SubqueryColumn(Expr):
    """Stands for a column of the subquery on the right of any and all."""

    index: int


@dataclass(slots=True, eq=False)
class ArrayCompare(Expr):
    """`x op ANY (array)` and ALL: the right side of the comparison is an `ArrayElement`."""

    comparison: Expr
    array: Expr
    op: str
    is_any: bool


@dataclass(slots=True, eq=False)
class ArrayElement(Expr):
    """Stands for an element of the array of an `ArrayCompare`."""


@dataclass(slots=True, eq=False)
class SessionValue(Expr):
    """A value known when the statement runs: now, transaction time, sequence number.

    Args:
        kind: What it is (`now`, `statement`, `clock`, `nextval`, `uuid` ...).
        argument: A name that goes with it.
    """

    kind: str
    argument: str = ""


@dataclass(slots=True, eq=False)
class SeriesCall(Expr):
    """A set-returning function: gives JSON text of its rows, to be read by json_each.

    Args:
        columns: Name and type of each column; rows of several are arrays.
        row_type: OID of the type of its rows where they have one.
        typmods: Type modifiers of the columns where there are any.
    """

    routine: Routine
    args: list[Expr]
    columns: list[tuple[str, int]] = field(default_factory=list)
    row_type: int = 0
    typmods: tuple[int, ...] = ()


def children(expr: Expr) -> list[Expr]:
    """Return the direct operands of an expression, not those inside subqueries."""
    found: list[Expr] = []
    for name in type(expr).__dataclass_fields__:
        value = getattr(expr, name)
        _collect(value, found)
    return found


def _collect(value: Any, found: list[Expr]) -> None:
    if isinstance(value, Expr):
        found.append(value)
    elif isinstance(value, WindowSpec):
        for part in (value.partition, value.order, value.start, value.end):
            _collect(part, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, found)
    elif type(value).__name__ == "SortKey":
        found.append(value.expr)


def same(one: Any, other: Any) -> bool:
    """Tell whether two expressions are the same but for their place in the text."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, (Expr, WindowSpec)) or type(one).__name__ == "SortKey":
        return all(
            same(getattr(one, name), getattr(other, name))
            for name in type(one).__dataclass_fields__
            if name != "location"
        )
    return bool(one == other)
