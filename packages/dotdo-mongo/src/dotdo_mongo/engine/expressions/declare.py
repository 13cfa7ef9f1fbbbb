"""How aggregation operators are declared: a name, its arity and its function, or a function that reads its own form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from dotdo_mongo.engine.values import MISSING, NULLISH, Key, collated_key
from dotdo_mongo.errors import CommandFailure, failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context

Variables = dict[str, Any]
Evaluate = Callable[[Any, Variables], Any]
F = TypeVar("F", bound=Callable[..., Any])

VARIADIC = -1


class _NotConstant:
    pass


NOT_CONSTANT = _NotConstant()


class Expr:
    """A compiled expression: call `evaluate` with the document and the variables.

    Args:
        evaluate: gives a value, MISSING for an absent one.
        constant: the value where it depends on nothing.
        path: the names of a field path of the document.
    """

    __slots__ = ("constant", "evaluate", "path")

    def __init__(
        self, evaluate: Evaluate, constant: Any = NOT_CONSTANT, path: tuple[str, ...] = ()
    ) -> None:
        self.evaluate = evaluate
        self.constant = constant
        self.path = path

    @property
    def is_constant(self) -> bool:
        """Whether the value depends on nothing."""
        return self.constant is not NOT_CONSTANT


def constant(value: Any) -> Expr:
    """Return the expression that always gives `value`."""
    return Expr(lambda document, variables: value, value)  # noqa: ARG005  all closures take both


def folded(evaluate: Evaluate, parts: Iterable[Expr]) -> Expr:
    """Return the expression, computed at once when its parts are all constant."""
    if all(part.is_constant for part in parts):
        try:
            return constant(evaluate({}, {}))
        except CommandFailure as error:
            error.is_of_constants = True
            raise
    return Expr(evaluate)


@dataclass(slots=True, frozen=True)
class Operator:
    """One operator: `parse` reads its argument."""

    name: str
    parse: Callable[[Any, Scope], Expr]


@dataclass(slots=True, frozen=True, kw_only=True)
class Scope:
    """Where an expression stands: the command's context and the variables defined around it.

    Args:
        context: the command's.
        operators: all there are, by name.
        names: variables that $let, $map and others define; bound at run time.
        build: compiles an expression in a scope.
        key: makes sort keys under the command's collation.
    """

    context: Context
    operators: Mapping[str, Operator]
    build: Callable[[Any, Scope], Expr]
    names: frozenset[str] = frozenset()
    key: Callable[[Any], Key] = field(init=False)

    def __post_init__(self) -> None:
        collation = self.context.collation
        object.__setattr__(self, "key", collated_key(collation.key if collation else None))

    def compile(self, expression: Any) -> Expr:
        """Compile an expression that stands here."""
        return self.build(expression, self)

    def defining(self, *names: str) -> Scope:
        """Return the scope inside an operator that defines variables."""
        return replace(self, names=self.names.union(names))


def arguments_of(argument: Any) -> list[Any]:
    """Return an operator's arguments: the list it has, or the one it has."""
    return list(argument) if isinstance(argument, list) else [argument]


def constants_last(parts: list[Expr]) -> list[Expr]:
    """Return the parts of an operator whose order means nothing, as MongoDB orders them."""
    return sorted(parts, key=lambda part: part.is_constant)


def check_arity(name: str, count: int, least: int, most: int) -> None:
    """Refuse a wrong number of arguments.

    Raises:
        CommandFailure: 16020 where the number is fixed, else 28667.
    """
    if least == most and count != least:
        raise failure(
            16020, f"Expression {name} takes exactly {least} arguments. {count} were passed in."
        )
    if count < least or (most != VARIADIC and count > most):
        raise failure(
            28667,
            f"Expression {name} takes at least {least} arguments, and at most {most}, but {count} were passed in.",
        )


def applied(function: Callable[..., Any], parts: Sequence[Expr]) -> Evaluate:
    """Return the closure that calls `function` with the parts' values."""
    calls = [part.evaluate for part in parts]
    if len(calls) == 1:
        (only,) = calls
        return lambda document, variables: function(only(document, variables))
    if len(calls) == 2:
        first, second = calls
        return lambda document, variables: function(
            first(document, variables), second(document, variables)
        )
    return lambda document, variables: function(*[call(document, variables) for call in calls])


def _null_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*values: Any) -> Any:
        for value in values:
            if type(value) in NULLISH:
                return None
        return function(*values)

    return guarded


@dataclass(slots=True)
class Family:
    """The operators of one chapter."""

    chapter: str
    operators: list[Operator] = field(default_factory=list)

    def operator(
        self,
        name: str,
        least: int = 1,
        most: int | None = None,
        *,
        null: bool = False,
        key: bool = False,
        commutes: bool = False,
    ) -> Callable[[F], F]:
        """Declare an operator whose function takes the arguments' values.

        Args:
            name: with its dollar.
            least: how many arguments at least.
            most: at most; None for the same, VARIADIC for any number.
            null: any null or missing argument gives null without a call.
            key: the function gets the collation's `sort_key` first.
            commutes: the order of arguments means nothing.
        """
        upper = least if most is None else most

        def declare(function: F) -> F:
            def parse(argument: Any, scope: Scope) -> Expr:
                given = arguments_of(argument)
                check_arity(name, len(given), least, upper)
                parts = [scope.compile(one) for one in given]
                if commutes:
                    parts = constants_last(parts)
                body: Callable[..., Any] = function
                if key:
                    sort_key = scope.key
                    body = lambda *values: function(sort_key, *values)  # noqa: E731
                return folded(applied(_null_safe(body) if null else body, parts), parts)

            self.operators.append(Operator(name, parse))
            return function

        return declare

    def form(self, *names: str) -> Callable[[F], F]:
        """Declare an operator whose function reads the argument itself: (argument, scope) -> Expr."""

        def declare(function: F) -> F:
            self.operators.extend(Operator(name, function) for name in names)
            return function

        return declare


@dataclass(slots=True, frozen=True, kw_only=True)
class Named:
    """The argument of an operator that takes a document of named parts.

    Args:
        name: the operator.
        required: part -> code and text when it is absent.
        optional: further parts.
        not_object: code and text when the argument is no document.
        unknown: code of a part of another name; its text may hold {}.
    """

    name: str
    required: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    not_object: tuple[int, str]
    unknown: tuple[int, str]

    def parts(self, argument: Any) -> dict[str, Any]:
        """Return the parts as given.

        Raises:
            CommandFailure: one of the declared.
        """
        if not isinstance(argument, Mapping):
            raise failure(*self.not_object)
        for name in argument:
            if name not in self.required and name not in self.optional:
                raise failure(self.unknown[0], self.unknown[1].format(name))
        for name, (code, text) in self.required.items():
            if name not in argument:
                raise failure(code, text)
        return dict(argument)

    def compiled(self, argument: Any, scope: Scope) -> dict[str, Expr]:
        """Return the parts compiled; absent optional ones are constant MISSING."""
        given = self.parts(argument)
        found = {name: scope.compile(part) for name, part in given.items()}
        for name in self.optional:
            found.setdefault(name, constant(MISSING))
        return found
