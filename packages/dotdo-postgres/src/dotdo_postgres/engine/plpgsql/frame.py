"""A call of a body: the values of its variables, what it has to give back, where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.udf.rowvalues import Fields, Row
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plan import Result
    from dotdo_postgres.engine.plpgsql.nodes import Body, Statement
    from dotdo_postgres.engine.plpgsql.parts import Sql, Variable
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True, frozen=True)
class Signal:
    """Why statements are left: `return`, `exit` or `continue`, with the label of what is left."""

    kind: str
    label: str = ""


@dataclass(slots=True)
class Frame:
    """One call.

    Args:
        session: Whose.
        body: What runs.
        name: How CONTEXT calls it.
        routine: The function, None for DO.
        values: Of the variables, by number; rows are `Row`, or None for a row without values.
        run: Runs statements.
        rows: What RETURN NEXT and RETURN QUERY gave so far.
        columns: Names, types and modifiers of the columns of a result that is rows, None for a single value.
        result_type: OID of the result.
        returns_set: The result is many.
        is_trigger: RETURN gives a row or NULL for it.
        is_atomic: COMMIT and ROLLBACK are refused.
        is_read_only: What changes something is refused: the function is not volatile.
        row_count: Rows of the last statement.
        line, doing: Where it is, for CONTEXT.
        handling: The errors that handlers are at, innermost last.
        result: What RETURN gave: a value, or a `Row`.
        has_returned: RETURN was reached.
        transition: Transition tables of a trigger by name: their columns, and where their rows are.
    """

    session: Session
    body: Body
    name: str
    routine: Stored | None
    values: list[Any]
    run: Callable[[Frame, list[Statement]], Signal | None]
    columns: Fields | None = None
    result_type: int = t.VOID
    returns_set: bool = False
    is_trigger: bool = False
    is_atomic: bool = True
    is_read_only: bool = False
    rows: list[tuple[StorageValue, ...]] = field(default_factory=list)
    row_count: int = 0
    line: int = 0
    doing: str = ""
    result: Any = None
    has_returned: bool = False
    handling: list[PostgresError] = field(default_factory=list)
    transition: dict[str, tuple[Fields, str]] = field(default_factory=dict)
    steps: int = 0

    @property
    def context(self) -> str:
        """The line of CONTEXT for where the call is."""
        place = f"line {self.line} {self.doing}" if self.line else self.doing
        return f"PL/pgSQL function {self.name} {place}".rstrip()

    def set_found(self, is_found: bool) -> None:
        """Set FOUND."""
        self.values[self.body.found.number] = int(is_found)

    def row(self, variable: Variable) -> Row | None:
        """Return the value of a row variable."""
        found: Row | None = self.values[variable.number]
        return found

    def fields(self, variable: Variable) -> Fields | None:
        """Return what a row variable's fields are now, None when it has none yet."""
        found = self.values[variable.number]
        return found.fields if found is not None else variable.fields

    def shapes(self, sql: Sql) -> tuple[object, ...]:
        """Return the fields of the row variables that a piece of SQL sees: its plan depends on them."""
        found: list[object] = []
        space: Any = sql.scope
        while space is not None:
            found += [self.fields(v) for v in space.names.values() if v.is_record]
            space = space.parent
        found += [table for _, table in self.transition.values()]
        return tuple(found)


def outs_of(frame: Frame, stored: Stored) -> list[Variable]:
    """Return the variables of the arguments that come out."""
    return [v for v, mode in zip(frame.body.arguments, stored.modes, strict=True) if mode in "obt"]


def stack_of(session: Session) -> str:
    """Return where the routines that are under way are, innermost first."""
    return "\n".join(frame.context for frame in reversed(session.frames))


def not_assigned(variable: Variable) -> PostgresError:
    """Make the error for a row variable that has no fields yet."""
    detail = "The tuple structure of a not-yet-assigned record is indeterminate."
    return error("55000", f'record "{variable.name}" is not assigned yet', detail=detail)


def row_of(result: Result, at: int) -> Row:
    """Return a row of a result whose values are in the form of parameters."""
    fields = tuple((c.name, c.oid, c.typmod) for c in result.columns or ())
    return Row(fields, result.rows[at])
