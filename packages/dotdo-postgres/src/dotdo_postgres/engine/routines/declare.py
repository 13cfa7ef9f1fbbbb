"""How functions, operators, casts and aggregates are declared: PostgreSQL's identity beside the Python or SQLite that does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from dotdo_postgres.mapping.types import type_named

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.compile.sql import Sql
    from dotdo_postgres.engine.ir import Expr

F = TypeVar("F", bound=Callable[..., Any])
B = TypeVar("B", bound=Callable[..., Any])
Builder = Callable[["Compiler", "list[Sql]", "Expr"], "Sql"]


@dataclass(slots=True, frozen=True, eq=False)
class Routine:
    """One function, operator, cast, aggregate or window function.

    Args:
        kind: `function`, `operator`, `cast`, `aggregate`, `window` or `series`.
        name: PostgreSQL's name.
        arguments: OIDs of the argument types; the last repeats when variadic.
        result: OID of the result type.
        build: Makes a SQLite expression of compiled arguments; None for Python.
        body: Python function on values (numeric as Decimal, interval as Interval, others as stored).
        is_strict: NULL in gives NULL out without a call.
        is_volatile: Not to be computed once for a statement.
        takes_session: The body gets the session first.
        takes_window: The aggregate also works over windows.
        is_text_form: Arguments arrive as their output text.
        is_json_form: Arguments arrive as JSON text.
        is_array_text: Array arguments arrive as lists of the output text of their elements.
        writes: It changes something beyond its result: the statement that calls it takes the writer.
        is_distinct: The aggregate passes over values that it has had.
        is_spread: The last argument is an array whose elements are the last arguments.
        sql_name: Name under which the body is known to SQLite.
        is_stored: A user made it: values arrive and leave in the form of parameters.
        schema: Where a user made it, when the search path does not lead there.
    """

    kind: str
    name: str
    arguments: tuple[int, ...]
    result: int
    build: Builder | None = None
    body: Callable[..., Any] | None = None
    is_strict: bool = True
    is_volatile: bool = False
    takes_session: bool = False
    takes_window: bool = False
    is_text_form: bool = False
    is_array_text: bool = False
    is_json_form: bool = False
    writes: bool = False
    is_distinct: bool = False
    is_spread: bool = False
    sql_name: str = ""
    is_stored: bool = False
    schema: str = ""


_SIGNATURE = re.compile(r"\s*([^\s(]+)\s*\((.*)\)\s*$")


def _parse_types(text: str) -> tuple[int, ...]:
    return tuple(
        type_named(part.replace("variadic ", "")).oid for part in text.split(",") if part.strip()
    )


def parse_function(signature: str) -> tuple[str, tuple[int, ...]]:
    """Read `name(type, type)`."""
    match = _SIGNATURE.match(signature)
    if match is None:
        raise ValueError(signature)
    return match[1], _parse_types(match[2])


def parse_operator(signature: str) -> tuple[str, tuple[int, ...]]:
    """Read `type op type` or `op type`."""
    match = re.fullmatch(r"\s*(.*?)\s*([-+*/<>=~!@#%^&|`?]+)\s+(.+?)\s*", signature)
    if match is None:
        raise ValueError(signature)
    left, name, right = match.groups()
    return name, _parse_types(f"{left},{right}" if left else right)


def _python_name(kind: str, name: str, arguments: tuple[int, ...]) -> str:
    word = name if name.isidentifier() else "op_" + "_".join(str(ord(char)) for char in name)
    return (
        "pg_"
        + "_".join([word, *(str(oid) for oid in arguments)])
        + ("" if kind != "cast" else "_cast")
    )


@dataclass(slots=True)
class Family:
    """The declarations of one chapter."""

    chapter: str
    routines: list[Routine] = field(default_factory=list)
    fallbacks: list[Routine] = field(default_factory=list)

    def as_fallback(self) -> Routine:
        """Take the last declaration back: what is built of SQLite's own calls it where that does not do."""
        self.fallbacks.append(self.routines.pop())
        return self.fallbacks[-1]

    def _add(
        self, kind: str, names: Sequence[tuple[str, tuple[int, ...]]], result: str, **facts: Any
    ) -> None:
        for name, arguments in names:
            sql_name = _python_name(kind, name, arguments)
            self.routines.append(
                Routine(kind, name, arguments, type_named(result).oid, sql_name=sql_name, **facts)
            )

    def function(self, *signatures: str, returns: str, **facts: Any) -> Callable[[F], F]:
        """Declare a Python function, e.g. `@FAMILY.function("lpad(text, integer)", returns="text")`."""
        return self._python(
            "function", [parse_function(text) for text in signatures], returns, facts
        )

    def operator(self, *signatures: str, returns: str, **facts: Any) -> Callable[[F], F]:
        """Declare a Python operator, e.g. `@FAMILY.operator("date + interval", returns="timestamp")`."""
        return self._python(
            "operator", [parse_operator(text) for text in signatures], returns, facts
        )

    def cast(self, *signatures: str, **facts: Any) -> Callable[[F], F]:
        """Declare Python casts, e.g. `@FAMILY.cast("double precision as integer")`."""

        def declare(body: F) -> F:
            for text in signatures:
                source, _, target = text.partition(" as ")
                self._add(
                    "cast", [(target.strip(), _parse_types(source))], target, body=body, **facts
                )
            return body

        return declare

    def series(self, *signatures: str, returns: str, **facts: Any) -> Callable[[F], F]:
        """Declare a set-returning function; its body returns the list of values."""
        return self._python("series", [parse_function(text) for text in signatures], returns, facts)

    def native(self, *signatures: str, returns: str, **facts: Any) -> Callable[[B], B]:
        """Declare a function that a SQLite expression computes exactly."""
        return self._built(
            "function", [parse_function(text) for text in signatures], returns, facts
        )

    def native_operator(self, *signatures: str, returns: str, **facts: Any) -> Callable[[B], B]:
        """Declare an operator that a SQLite expression computes exactly."""
        return self._built(
            "operator", [parse_operator(text) for text in signatures], returns, facts
        )

    def native_cast(self, *signatures: str, **facts: Any) -> Callable[[B], B]:
        """Declare casts that a SQLite expression computes exactly."""

        def declare(build: B) -> B:
            for text in signatures:
                source, _, target = text.partition(" as ")
                self._add(
                    "cast", [(target.strip(), _parse_types(source))], target, build=build, **facts
                )
            return build

        return declare

    def native_aggregate(self, *signatures: str, returns: str, **facts: Any) -> Callable[[B], B]:
        """Declare an aggregate made of SQLite's own."""
        return self._built(
            "aggregate", [parse_function(text) for text in signatures], returns, facts
        )

    def aggregate(self, *signatures: str, returns: str, **facts: Any) -> Callable[[F], F]:
        """Declare an aggregate in Python: a class with `step(value ...)` and `final()`."""
        return self._python(
            "aggregate", [parse_function(text) for text in signatures], returns, facts
        )

    def native_window(self, *signatures: str, returns: str, **facts: Any) -> Callable[[B], B]:
        """Declare a window function made of SQLite's own."""
        return self._built("window", [parse_function(text) for text in signatures], returns, facts)

    def _python(
        self,
        kind: str,
        names: Sequence[tuple[str, tuple[int, ...]]],
        returns: str,
        facts: dict[str, Any],
    ) -> Callable[[F], F]:
        def declare(body: F) -> F:
            self._add(kind, names, returns, body=body, **facts)
            return body

        return declare

    def _built(
        self,
        kind: str,
        names: Sequence[tuple[str, tuple[int, ...]]],
        returns: str,
        facts: dict[str, Any],
    ) -> Callable[[B], B]:
        def declare(build: B) -> B:
            self._add(kind, names, returns, build=build, **facts)
            return build

        return declare
