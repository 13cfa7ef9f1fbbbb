"""How update operators are declared: a name and a function that reads the argument and gives a change of a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context
    from dotdo_mongo.engine.update.paths import Change

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True, frozen=True)
class Operator:
    """One operator.

    Args:
        name: with its dollar.
        parse: (argument, path, context) -> change.
        creates: whether it makes an absent field.
        needs_way: whether a value on the way that holds no fields is an error.
        on_insert_only: whether only an upsert that inserts applies it.
    """

    name: str
    parse: Callable[[Any, str, Context], Change]
    creates: bool = True
    on_insert_only: bool = False
    needs_way: bool = False


@dataclass(slots=True)
class Family:
    """The operators of one chapter."""

    chapter: str
    operators: list[Operator] = field(default_factory=list)

    def operator(self, name: str, **facts: bool) -> Callable[[F], F]:
        """Declare an operator; `facts` are those of Operator."""

        def declare(function: F) -> F:
            self.operators.append(Operator(name, function, **facts))
            return function

        return declare
