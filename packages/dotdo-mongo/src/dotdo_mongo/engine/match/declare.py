"""How query operators are declared: on a field's value, or at the top of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dotdo_mongo.engine.match.paths import Test, at_path, both, negated
from dotdo_mongo.engine.values import collated_key

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document, Matcher

F = TypeVar("F", bound=Callable[..., Any])


class Question(Protocol):
    """What an operator asks of a field."""

    def on(self, path: str) -> Matcher:
        """Return the matcher of documents whose field at the path answers yes."""

    def of_value(self) -> Test:
        """Return the test of one value alone, as inside $elemMatch."""


@dataclass(slots=True, frozen=True)
class Predicate:
    """A question answered by any one of the values that a path reaches.

    Args:
        test: of one value.
        enters: whether members of an array are values too.
        is_negated: whether no value may pass.
    """

    test: Test
    enters: bool = True
    is_negated: bool = False

    def on(self, path: str) -> Matcher:
        """Return the matcher of documents whose field at the path answers yes."""
        found = at_path(path, self.test, enters=self.enters)
        return negated(found) if self.is_negated else found

    def of_value(self) -> Test:
        """Return the test of one value alone, as inside $elemMatch."""
        return negated(self.test) if self.is_negated else self.test


@dataclass(slots=True, frozen=True)
class Several:
    """Questions that all must be answered yes, or not all."""

    parts: Sequence[Question]
    is_negated: bool = False

    def on(self, path: str) -> Matcher:
        """Return the matcher of documents whose field at the path answers yes."""
        found = both([part.on(path) for part in self.parts])
        return negated(found) if self.is_negated else found

    def of_value(self) -> Test:
        """Return the test of one value alone, as inside $elemMatch."""
        found = both([part.of_value() for part in self.parts])
        return negated(found) if self.is_negated else found


class Scope:
    """Where a query stands.

    Args:
        context: the command's.
        parse: compiles a query in this scope.
        parse_field: compiles what a query asks of a field: (value, scope) -> questions.
        path: the field of the operator being read.
        is_top: whether the query is the command's own, not inside $elemMatch or another.
        restricted: operators that are not allowed here, by name -> (code, text).
    """

    __slots__ = ("context", "is_top", "key", "parse", "parse_field", "path", "restricted")

    def __init__(
        self,
        context: Context,
        parse: Callable[[Document, Scope], Matcher],
        parse_field: Callable[[Any, Scope], list[Question]],
        *,
        path: str = "",
        is_top: bool = True,
        restricted: Mapping[str, tuple[int, str]],
    ) -> None:
        self.context, self.parse, self.parse_field = context, parse, parse_field
        self.path, self.is_top, self.restricted = path, is_top, restricted
        self.key = collated_key(context.collation.key if context.collation else None)

    def at(self, path: str) -> Scope:
        """Return the scope of a field."""
        return Scope(
            self.context, self.parse, self.parse_field, path=path, is_top=self.is_top, restricted=self.restricted
        )  # fmt: skip

    def inside(self) -> Scope:
        """Return the scope of a query within this one."""
        return Scope(
            self.context, self.parse, self.parse_field, path=self.path, is_top=False, restricted=self.restricted
        )  # fmt: skip


@dataclass(slots=True)
class Family:
    """The query operators of one chapter.

    `fields`: name -> (argument, scope, all operators beside it) -> Question, None for a companion
    that another operator reads. `tops`: name -> (argument, scope) -> Matcher.
    """

    chapter: str
    fields: dict[str, Callable[[Any, Scope, Mapping[str, Any]], Question | None]] = field(
        default_factory=dict
    )
    tops: dict[str, Callable[[Any, Scope], Matcher]] = field(default_factory=dict)

    def operator(self, *names: str) -> Callable[[F], F]:
        """Declare an operator on a field."""

        def declare(function: F) -> F:
            for name in names:
                self.fields[name] = function
            return function

        return declare

    def top(self, *names: str) -> Callable[[F], F]:
        """Declare an operator at the top of a query."""

        def declare(function: F) -> F:
            for name in names:
                self.tops[name] = function
            return function

        return declare
