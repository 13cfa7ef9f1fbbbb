"""What the statements of a PL/pgSQL body are made of: variables, the names a block sees, SQL and what is assigned to."""

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
