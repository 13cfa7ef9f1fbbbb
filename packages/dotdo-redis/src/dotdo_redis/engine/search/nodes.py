"""What a query is made of: which documents each part finds, how much it counts, how EXPLAIN shows it; it refuses to parse."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.scoring import Scorer

EVERYTHING = -1


@dataclass(slots=True)
class Search:
    """One run of a query on an index."""

    index: Index
    scorer: Scorer
    language: str = "english"
    is_verbatim: bool = False
    distances: dict[str, dict[int, float]] = field(default_factory=dict)
    """Name -> document -> distance, as vector searches found them."""


class Node(Protocol):
    """A part of a query."""

    weight: float

    def find(self, search: Search) -> set[int]:
        """The documents it finds."""
        ...

    def score(self, search: Search, document: int) -> float:
        """How much a document counts for it; 0 where it does not find it."""
        ...

    def places(self, search: Search, document: int) -> list[int]:
        """Where it stands in a document."""
        ...

    def explain(self) -> Iterator[str]:
        """The lines of EXPLAIN."""
        ...


def indented(lines: Iterator[str]) -> Iterator[str]:
    """Lines one step to the right."""
    return (f"  {line}" for line in lines)


class Leaf(ABC):
    """What counts as one occurrence without a place."""

    weight = 1.0

    @abstractmethod
    def find(self, search: Search) -> set[int]:
        """The documents it finds."""

    def score(self, search: Search, document: int) -> float:
        """A constant count, where it finds the document."""
        if document not in self.find(search):
            return 0.0
        return search.scorer.of_filter(search.index, document) * self.weight

    def places(self, _search: Search, _document: int) -> list[int]:
        """Nowhere."""
        return []

    @abstractmethod
    def explain(self) -> Iterator[str]:
        """The lines of EXPLAIN."""


class Everything(Leaf):
    """`*`."""

    def find(self, search: Search) -> set[int]:
        """All documents."""
        return set(search.index.entries)

    def score(self, search: Search, document: int) -> float:
        """One occurrence of what every document has."""
        return search.scorer.of_wildcard(search.index, document) * self.weight

    def explain(self) -> Iterator[str]:
        """Its name."""
        yield "<WILDCARD>"


class Nothing(Leaf):
    """A query of stop words, or of a field that is not there."""

    def find(self, _search: Search) -> set[int]:
        """None."""
        return set()

    def explain(self) -> Iterator[str]:
        """Its name."""
        yield "<empty>"
