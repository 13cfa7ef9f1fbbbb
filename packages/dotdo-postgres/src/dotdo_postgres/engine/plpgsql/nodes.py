"""The parts of a PL/pgSQL body: variables, expressions and statements, as parsed; no catalog is asked yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Variable:
    """A variable.

    Args:
        number: Its place among the values of a call.
        name: Its name.
        type_text: Its type as written; empty for one whose type is given.
        line: Where it is declared.
        is_constant: It is assigned nothing after its default.
        is_not_null: NULL is refused.
        default: What it begins with.
        query: Of a bound cursor: what it runs.
        arguments: Of a bound cursor: its parameters.
        scroll: Of a cursor: `SCROLL`, `NO SCROLL` or neither.
        type, typmod: OID and type modifier, once resolved; `record` is 2249.
        domain: OID of the domain the type was written as, 0 without.
        fields: Of a row type: names, types, modifiers, domains of its columns; None when any row goes in.
        is_record: It holds a row.
        collation: As written, empty without.
    """

    number: int
    name: str
    type_text: str = ""
    line: int = 0
    is_constant: bool = False
    is_not_null: bool = False
    default: Sql | None = None
    query: Sql | None = None
    arguments: list[Variable] = field(default_factory=list)
    scroll: str = ""
    type: int = 0
    typmod: int = -1
    domain: int = 0
    fields: tuple[tuple[str, int, int], ...] | None = None
    is_record: bool = False
    collation: str = ""


@dataclass(slots=True, eq=False)
class Namespace:
    """The names that a block sees: its own, then those around it.

    Args:
        parent: The block around it.
        label: Its label, empty without.
        names: Its variables by name.
        is_loop: The label is a loop's.
    """

    parent: Namespace | None = None
    label: str = ""
    names: dict[str, Variable] = field(default_factory=dict)
    is_loop: bool = False

    def find(self, name: str) -> Variable | None:
        """Return the variable of that name, innermost first."""
        space: Namespace | None = self
        while space is not None:
            if name in space.names:
                return space.names[name]
            space = space.parent
        return None

    def labelled(self, label: str) -> Namespace | None:
        """Return the block or loop of that label."""
        space: Namespace | None = self
        while space is not None:
            if space.label and space.label == label:
                return space
            space = space.parent
        return None


@dataclass(slots=True, eq=False)
class Sql:
    """SQL in a body: an expression, an assignment's source or a statement.

    Args:
        text: As written.
        scope: The names it sees.
        line: Where it begins.
        is_statement: A whole statement; an expression otherwise.
        plan: How it was planned last.
        tree: Its parse tree, once parsed.
        row: The statement that gives the same as a row.
        start: Its place in the body, -1 when it is not there as it stands.
    """

    text: str
    scope: Namespace
    line: int
    is_statement: bool = False
    plan: Any = None
    tree: Any = None
    row: Sql | None = None
    start: int = -1


@dataclass(slots=True, eq=False)
class Target:
    """What is assigned to: a variable, or a part of one.

    Args:
        variable: The variable.
        fields: Names of the fields that lead to the part.
        subscripts: Subscripts after these, one or two expressions (a slice) each.
    """

    variable: Variable
    fields: tuple[str, ...] = ()
    subscripts: tuple[tuple[Sql | None, Sql | None, bool], ...] = ()


@dataclass(slots=True, eq=False)
class Into:
    """INTO: one row variable, or variables for the columns."""

    targets: list[Target]
    is_strict: bool = False

    @property
    def is_row(self) -> bool:
        """The whole row goes into one variable."""
        return (
            len(self.targets) == 1
            and self.targets[0].variable.is_record
            and not self.targets[0].fields
        )


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
