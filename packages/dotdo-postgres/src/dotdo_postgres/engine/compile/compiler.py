"""The compiler: one statement's state while bound expressions become SQLite, and the dispatch on kinds of expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.query import Cte, Entry, Query
    from dotdo_postgres.engine.routines.declare import Routine

SessionKey = tuple[str, str]
Compiled = tuple[Any, list[Sql]]


@dataclass(slots=True, frozen=True)
class PythonCall:
    """A Python routine as one statement uses it: name in SQLite and how each argument arrives.

    Args:
        routine: The declaration.
        sql_name: Its name with the forms of its arguments.
        types: OIDs of the arguments.
        scales: Scale of each numeric argument, None for byte strings and other types.
    """

    routine: Routine
    sql_name: str
    types: tuple[int, ...]
    scales: tuple[int | None, ...]


class Compiler:
    """Compiles one statement.

    Args:
        expressions: Compilers by kind of expression.
        query: Compiles a query.
        param_count: Number of the client's parameters; values of the session follow them.
        is_wide: Keep every numeric as a byte string: no integer can overflow.
        is_persistent: The text goes into the schema: Python functions are refused.
    """

    def __init__(
        self,
        expressions: dict[type[ir.Expr], Callable[[Compiler, ir.Expr], Sql]],
        query: Callable[[Compiler, Query], tuple[n.Node, list[Sql]]],
        param_count: int = 0,
        *,
        is_wide: bool = False,
        is_persistent: bool = False,
    ) -> None:
        self._expressions = expressions
        self._query = query
        self.param_count = param_count
        self.is_wide = is_wide
        self.is_persistent = is_persistent
        self.python_calls: dict[str, PythonCall] = {}
        self.session_values: list[SessionKey] = []
        self.columns: dict[tuple[int, int], Sql] = {}
        self.cte_names: dict[int, str] = {}
        self.cte_scales: dict[int, list[Sql]] = {}
        self.subquery_columns: list[list[Sql]] = []
        self.array_elements: list[Sql] = []
        self.left_out: list[ir.Expr] = []
        self.kept: list[ir.Expr] = []
        self._aliases = 0

    def expression(self, expr: ir.Expr) -> Sql:
        """Compile an expression; what the grouping set leaves out is NULL, but within a term that it keeps."""
        if self.left_out and any(ir.same(expr, other) for other in self.kept):
            left_out, self.left_out = self.left_out, []
            try:
                return self._expressions[type(expr)](self, expr)
            finally:
                self.left_out = left_out
        if self.left_out and self.is_left_out(expr):
            form = self._expressions[type(expr)](self, expr)
            return Sql(n.null(), form.scale, form.digits, is_null=True)
        return self._expressions[type(expr)](self, expr)

    def is_left_out(self, expr: ir.Expr) -> bool:
        """Tell whether the grouping set being compiled leaves an expression out."""
        return any(ir.same(expr, other) for other in self.left_out)

    def node(self, expr: ir.Expr) -> n.Node:
        """Compile an expression whose type is not numeric, or whose form does not matter."""
        return self.expression(expr).node

    def query(self, query: Query) -> tuple[n.Node, list[Sql]]:
        """Compile a query; return it and its result columns, named c0, c1 ..."""
        return self._query(self, query)

    def alias(self, prefix: str = "t") -> str:
        """Return a name that the statement has not used, and no table has: written to, one goes by its own name."""
        self._aliases += 1
        return f"{prefix}#{self._aliases}"

    def session_value(self, kind: str, argument: str = "") -> n.Node:
        """Return the parameter that carries a value of the session."""
        key = (kind, argument)
        if self.is_persistent:
            raise not_supported(f"{kind} in a stored expression")
        if kind == "nextval" or key not in self.session_values:
            self.session_values.append(key)
            return n.parameter(self.param_count + len(self.session_values))
        return n.parameter(self.param_count + self.session_values.index(key) + 1)

    def python(self, routine: Routine, args: list[Sql], types: list[int]) -> n.Node:
        """Call a Python routine.

        Args:
            routine: The declaration.
            args: Compiled arguments.
            types: Their OIDs.

        Returns:
            The call; a numeric result is a byte string.

        Raises:
            PostgresError: the text is stored in the schema, and the routine may not answer the same at all times (0A000).
        """
        if self.is_persistent and (
            routine.is_volatile
            or routine.takes_session
            or routine.writes
            or len(args) != len(routine.arguments)
        ):
            raise not_supported(f"{routine.name} in a stored expression")
        scales = tuple(
            arg.scale if oid == t.NUMERIC else None for arg, oid in zip(args, types, strict=True)
        )
        sql_name = routine.sql_name
        if t.ANY in routine.arguments or any(oid in t.POLYMORPHIC for oid in routine.arguments):
            sql_name += "__" + "_".join(map(str, types))
        elif len(args) != len(routine.arguments):
            sql_name += f"__{len(args)}"
        if any(scale is not None for scale in scales):
            sql_name += "__" + "_".join("b" if scale is None else f"s{scale}" for scale in scales)
        self.python_calls.setdefault(sql_name, PythonCall(routine, sql_name, tuple(types), scales))
        return n.call(sql_name, *[arg.node for arg in args])

    def is_volatile(self, node: n.Node) -> bool:
        """Tell whether an expression calls a function that may answer differently each time."""
        names = {name for name, call in self.python_calls.items() if call.routine.is_volatile}
        return bool(names) and any(
            call.name in names for call in node.find_all(exp.Anonymous, exp.Func)
        )

    def bind_entry(self, entry: Entry, alias: str, columns: list[tuple[str, Sql]]) -> None:
        """Note how the columns of an entry are written."""
        for at, (physical, form) in enumerate(columns):
            node = n.column(alias, physical)
            self.columns[id(entry), at] = Sql(node, form.scale, form.digits)

    def cte_name(self, cte: Cte) -> str:
        """Return the name of a common table expression in the text."""
        if id(cte) not in self.cte_names:
            self.cte_names[id(cte)] = self.alias("w")
        return self.cte_names[id(cte)]
