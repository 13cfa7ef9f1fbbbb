"""The parts of a PL/pgSQL body: variables, expressions and statements, as parsed; no catalog is asked yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.parts import Into, Sql, Target, Variable


@dataclass(slots=True, eq=False)
class Statement:
    """A statement."""

    line: int


@dataclass(slots=True, eq=False)
class Handler:
    """WHEN conditions THEN statements: SQLSTATEs, `others` for all."""

    conditions: list[str]
    body: list[Statement]


@dataclass(slots=True, eq=False)
class Block(Statement):
    """DECLARE ... BEGIN ... EXCEPTION ... END."""

    label: str
    variables: list[Variable]
    body: list[Statement]
    handlers: list[Handler]
    sqlstate: Variable | None = None
    sqlerrm: Variable | None = None


@dataclass(slots=True, eq=False)
class Assign(Statement):
    """Target := expression."""

    target: Target
    value: Sql


@dataclass(slots=True, eq=False)
class If(Statement):
    """IF with its ELSIFs."""

    branches: list[tuple[Sql, list[Statement]]]
    otherwise: list[Statement]


@dataclass(slots=True, eq=False)
class Case(Statement):
    """CASE; with an operand it is kept in a variable that the conditions compare."""

    operand: Sql | None
    variable: Variable | None
    whens: list[tuple[Sql, list[Statement]]]
    otherwise: list[Statement] | None


@dataclass(slots=True, eq=False)
class Loop(Statement):
    """LOOP, or WHILE with a condition."""

    label: str
    body: list[Statement]
    condition: Sql | None = None


@dataclass(slots=True, eq=False)
class ForInteger(Statement):
    """FOR i IN [REVERSE] a..b BY c."""

    label: str
    variable: Variable
    lower: Sql
    upper: Sql
    step: Sql | None
    is_reverse: bool
    body: list[Statement]


@dataclass(slots=True, eq=False)
class ForRows(Statement):
    """FOR target IN query, EXECUTE, or a bound cursor."""

    label: str
    into: Into
    body: list[Statement]
    query: Sql | None = None
    dynamic: Sql | None = None
    using: list[Sql] = field(default_factory=list)
    cursor: Variable | None = None
    arguments: list[tuple[str, Sql]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Foreach(Statement):
    """FOREACH target [SLICE n] IN ARRAY expression."""

    label: str
    into: Into
    slice: int
    array: Sql
    body: list[Statement]


@dataclass(slots=True, eq=False)
class Exit(Statement):
    """EXIT or CONTINUE."""

    is_exit: bool
    label: str
    condition: Sql | None


@dataclass(slots=True, eq=False)
class Return(Statement):
    """RETURN; `variable` when a variable alone is returned."""

    value: Sql | None
    variable: Variable | None = None


@dataclass(slots=True, eq=False)
class ReturnNext(Statement):
    """RETURN NEXT."""

    value: Sql | None
    variable: Variable | None = None


@dataclass(slots=True, eq=False)
class ReturnQuery(Statement):
    """RETURN QUERY [EXECUTE]."""

    query: Sql | None
    dynamic: Sql | None = None
    using: list[Sql] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Raise(Statement):
    """RAISE.

    Args:
        level: `EXCEPTION`, `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`.
        condition: Name of a condition or a SQLSTATE, None without.
        message: The format, None without.
        parameters: What goes into it.
        options: Names and values of USING.
        is_again: The error in hand is raised again.
    """

    level: str
    condition: str | None = None
    message: str | None = None
    parameters: list[Sql] = field(default_factory=list)
    options: list[tuple[str, Sql]] = field(default_factory=list)
    is_again: bool = False


@dataclass(slots=True, eq=False)
class Assert(Statement):
    """ASSERT."""

    condition: Sql
    message: Sql | None


@dataclass(slots=True, eq=False)
class Execute(Statement):
    """EXECUTE text [INTO] [USING]."""

    command: Sql
    into: Into | None
    using: list[Sql]


@dataclass(slots=True, eq=False)
class RunSql(Statement):
    """A statement of SQL, with INTO where it is given."""

    query: Sql
    into: Into | None = None
    kind: str = "SQL statement"


@dataclass(slots=True, eq=False)
class Perform(Statement):
    """PERFORM."""

    query: Sql


@dataclass(slots=True, eq=False)
class GetDiagnostics(Statement):
    """GET [STACKED] DIAGNOSTICS."""

    is_stacked: bool
    items: list[tuple[Target, str]]


@dataclass(slots=True, eq=False)
class Open(Statement):
    """OPEN cursor."""

    cursor: Variable
    query: Sql | None = None
    dynamic: Sql | None = None
    using: list[Sql] = field(default_factory=list)
    arguments: list[tuple[str, Sql]] = field(default_factory=list)
    scroll: str = ""


@dataclass(slots=True, eq=False)
class Fetch(Statement):
    """FETCH or MOVE.

    Args:
        direction: As in the parse tree of FETCH.
        count: A number, or an expression.
        is_all: As many rows as there are.
    """

    cursor: Variable
    direction: str
    count: int | Sql
    into: Into | None
    is_move: bool
    is_all: bool = False


@dataclass(slots=True, eq=False)
class Close(Statement):
    """CLOSE cursor."""

    cursor: Variable


@dataclass(slots=True, eq=False)
class EndTransaction(Statement):
    """COMMIT or ROLLBACK."""

    is_commit: bool
    is_chained: bool


@dataclass(slots=True, eq=False)
class Body:
    """A parsed body.

    Args:
        block: The outermost block.
        count: How many variables there are.
        arguments: Variables of the arguments, in order.
        found: The variable FOUND.
        named: Variables that are there by name: `new`, `old`, `tg_op` and their kin.
        conflict: `error`, `use_variable` or `use_column`.
        variables: All of them by number.
        ends_transactions: It holds COMMIT, ROLLBACK or CALL.
        writes: It may change something.
    """

    block: Block
    variables: list[Variable]
    arguments: list[Variable]
    found: Variable
    named: dict[str, Variable]
    conflict: str = "error"
    ends_transactions: bool = False
    writes: bool = False
    texts: list[Sql] = field(default_factory=list)
