"""The steps of a path: which children of a value each of them takes; it refuses to read paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dotdo_redis.engine.json_values.filters import Expression

Key = str | int | None
"""Field, position, or None for the value itself."""


class Step(Protocol):
    """One step; a deep one is taken from each value below, too."""

    @property
    def is_deep(self) -> bool:
        """Whether it stood behind two dots."""
        ...

    @property
    def is_static(self) -> bool:
        """Whether it names one place."""
        ...

    def select(self, value: Any, root: Any) -> Iterator[tuple[Key, Any]]:
        """Yield the children it takes with their keys."""
        ...


def children(value: Any) -> Iterator[tuple[Key, Any]]:
    """All children of a value in order."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`."""

    is_deep: bool
    is_static = False

    def select(self, value: Any, _root: Any) -> Iterator[tuple[Key, Any]]:
        """All children."""
        return children(value)


@dataclass(frozen=True, slots=True)
class Names:
    """`.name` and `['name', ...]`."""

    is_deep: bool
    names: tuple[str, ...]

    @property
    def is_static(self) -> bool:
        """Whether it names one place."""
        return not self.is_deep and len(self.names) == 1

    def select(self, value: Any, _root: Any) -> Iterator[tuple[Key, Any]]:
        """The fields of those names."""
        if isinstance(value, dict):
            for name in self.names:
                if name in value:
                    yield name, value[name]


@dataclass(frozen=True, slots=True)
class Index:
    """`[0, ...]`; a negative one counts from the end and stops at the start."""

    is_deep: bool
    numbers: tuple[int, ...]

    @property
    def is_static(self) -> bool:
        """Whether it names one place."""
        return not self.is_deep and len(self.numbers) == 1

    def select(self, value: Any, _root: Any) -> Iterator[tuple[Key, Any]]:
        """The elements at those places."""
        if isinstance(value, list):
            for number in self.numbers:
                at = number if number >= 0 else max(0, number + len(value))
                if at < len(value):
                    yield at, value[at]


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end:step]`."""

    is_deep: bool
    first: int | None
    last: int | None
    pace: int
    is_static = False

    def select(self, value: Any, _root: Any) -> Iterator[tuple[Key, Any]]:
        """The elements between two places."""
        if isinstance(value, list):
            for at in range(len(value))[self.first : self.last : self.pace]:
                yield at, value[at]


@dataclass(frozen=True, slots=True)
class Subset:
    """`[?(expression)]`: children of which the expression is true; a scalar is its own only child."""

    is_deep: bool
    expression: "Expression"
    is_static = False

    def select(self, value: Any, root: Any) -> Iterator[tuple[Key, Any]]:
        """The children that pass."""
        if isinstance(value, dict | list):
            for key, child in children(value):
                if self.expression.holds(child, root):
                    yield key, child
        elif self.expression.holds(value, root):
            yield None, value
