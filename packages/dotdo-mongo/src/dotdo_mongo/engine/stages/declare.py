"""How aggregation stages are declared: a name and a function that reads the argument and gives a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dotdo_mongo.engine.context import Context, Document, Pipeline
from dotdo_mongo.engine.expressions import Scope, scope_of
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

F = TypeVar("F", bound=Callable[..., Any])
Run = Callable[[Iterable[Document]], Iterator[Document]]


@dataclass(slots=True, frozen=True, kw_only=True)
class Place:
    """Where a stage stands.

    Args:
        context: the command's.
        compile: compiles a sub-pipeline in a context.
        index: its place in the pipeline.
        is_last: whether no other stage follows.
    """

    context: Context
    compile: Callable[[list[Any], Context], Pipeline]
    index: int = 0
    is_last: bool = False

    def scope(self) -> Scope:
        """Return the scope of expressions here."""
        return scope_of(self.context)


@dataclass(slots=True, frozen=True, kw_only=True)
class Stage:
    """One stage.

    Args:
        name: with its dollar.
        parse: reads the argument: (argument, place) -> run.
        is_first: it must be the first of its pipeline, and makes the documents itself.
        is_last: it must be the last.
        in_facet: it may stand in $facet.
        in_update: it may stand in an update.
    """

    name: str
    parse: Callable[[Any, Place], Run]
    is_first: bool = False
    is_last: bool = False
    in_facet: bool = True
    in_update: bool = False


@dataclass(slots=True)
class Family:
    """The stages of one chapter."""

    chapter: str
    stages: list[Stage] = field(default_factory=list)

    def stage(self, *names: str, **facts: bool) -> Callable[[F], F]:
        """Declare a stage; `facts` are those of Stage."""

        def declare(function: F) -> F:
            self.stages.extend(Stage(name=name, parse=function, **facts) for name in names)
            return function

        return declare


def each(change: Callable[[Document], Document]) -> Run:
    """Return the run that changes every document."""
    return lambda documents: map(change, documents)


def check_document(value: Any, code: int, text: str) -> Mapping[str, Any]:
    """Return a document; the error's text may hold {} for the type."""
    if not isinstance(value, Mapping):
        raise failure(code, text.format(type_name(value)))
    return value


def check_fields(
    stage: str, argument: Mapping[str, Any], known: Iterable[str], required: Iterable[str] = ()
) -> None:
    """Refuse unknown (40415) and missing (40414) fields of a stage's argument."""
    names = set(known)
    for name in argument:
        if name not in names:
            raise failure(40415, f"BSON field '{stage}.{name}' is an unknown field.")
    for name in required:
        if name not in argument:
            raise failure(40414, f"BSON field '{stage}.{name}' is missing but a required field")


def check_kind(stage: str, name: str, value: Any, *expected: str) -> Any:
    """Return a field's value if it is of an expected type. Code 14."""
    its = type_name(value)
    if its in expected or (its in {"int", "long", "double", "decimal"} and "number" in expected):
        return value
    wanted = (
        f"type '{expected[0]}'" if len(expected) == 1 else "types '[" + ", ".join(expected) + "]'"
    )
    raise failure(14, f"BSON field '{stage}.{name}' is the wrong type '{its}', expected {wanted}")
