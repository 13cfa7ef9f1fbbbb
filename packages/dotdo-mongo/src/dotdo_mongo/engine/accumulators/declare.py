"""How accumulators are declared: what they read of a document, and the state that takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from dotdo_mongo.engine.expressions import Evaluate, Scope
from dotdo_mongo.errors import failure


class State(Protocol):
    """What an accumulator has gathered."""

    def add(self, value: Any) -> None:
        """Take what was read of one document."""

    def value(self) -> Any:
        """Return the result so far."""


@dataclass(slots=True, frozen=True)
class Accumulation:
    """One accumulator of a stage.

    Args:
        read: what it reads of a document: (document, variables) -> value.
        start: makes an empty state; it gets the group's key.
    """

    read: Evaluate
    start: Callable[[Any], State]


Parse = Callable[[Any, Scope], Accumulation]


@dataclass(slots=True)
class Family:
    """The accumulators of one chapter."""

    chapter: str
    parses: dict[str, Parse] = field(default_factory=dict)

    def accumulator(self, name: str) -> Callable[[Parse], Parse]:
        """Declare an accumulator that reads its own form."""

        def declare(function: Parse) -> Parse:
            self.parses[name] = function
            return function

        return declare

    def unary(self, name: str, make: Callable[[Scope], State]) -> None:
        """Declare an accumulator of one expression. Code 40237 for an array in its place."""

        def parse(argument: Any, scope: Scope) -> Accumulation:
            given = argument
            if isinstance(argument, list):
                if len(argument) != 1 or "window" not in scope.context.features:
                    raise failure(40237, f"The {name} accumulator is a unary operator")
                (given,) = argument
            return Accumulation(scope.compile(given).evaluate, lambda _: make(scope))

        self.parses[name] = parse
