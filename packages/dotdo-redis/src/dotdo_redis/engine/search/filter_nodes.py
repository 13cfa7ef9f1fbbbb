"""The parts of a query that ask for numbers, places, shapes, vectors and fields that are missing; it refuses words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from dotdo_redis.engine.geo import distance_m
from dotdo_redis.engine.search import shapes
from dotdo_redis.engine.search.nodes import Everything, Leaf, Node, Search, indented


@dataclass(slots=True)
class Between(Leaf):
    """Numbers of a field between two."""

    name: str
    low: float
    high: float
    opens_low: bool = False
    opens_high: bool = False

    def find(self, search: Search) -> set[int]:
        """The documents with such a number."""
        if self.name not in search.index.numeric:
            return set()
        opens = self.opens_low, self.opens_high
        return search.index.between(self.name, self.low, self.high, opens)

    def score(self, search: Search, document: int) -> float:
        """What a filter counts."""
        return search.scorer.of_filter(search.index, document)

    def explain(self) -> Iterator[str]:
        """The bounds."""
        low, high = (_bound(one) for one in (self.low, self.high))
        signs = "<" if self.opens_low else "<=", "<" if self.opens_high else "<="
        yield f"NUMERIC {{{low} {signs[0]} @{self.name} {signs[1]} {high}}}"


def _bound(number: float) -> str:
    if abs(number) == inf:
        return "inf" if number > 0 else "-inf"
    return f"{number:f}"


@dataclass(slots=True)
class Around(Leaf):
    """Places of a field within a distance."""

    name: str
    center: tuple[float, float]
    radius_m: float
    shown: str = ""

    def find(self, search: Search) -> set[int]:
        """The documents with such a place."""
        places = search.index.places.get(self.name, {})
        return {
            document
            for document, found in places.items()
            if any(distance_m(self.center, place) <= self.radius_m for place in found)
        }

    def explain(self) -> Iterator[str]:
        """Center and radius."""
        yield f"GEO {self.name}:{{{self.shown}}}"


@dataclass(slots=True)
class Shaped(Leaf):
    """Shapes of a field that lie so or so to one."""

    name: str
    relation: str
    shape: shapes.Shape

    def find(self, search: Search) -> set[int]:
        """The documents with such a shape."""
        holds = _RELATIONS[self.relation]
        found = search.index.shapes.get(self.name, {})
        return {document for document, shape in found.items() if holds(shape, self.shape)}

    def explain(self) -> Iterator[str]:
        """Its kind."""
        yield f"GEOSHAPE{{{self.relation}}}"


_RELATIONS: dict[str, Callable[[shapes.Shape, shapes.Shape], bool]] = {
    "WITHIN": shapes.within,
    "CONTAINS": lambda shape, other: shapes.within(other, shape),
    "INTERSECTS": shapes.intersects,
    "DISJOINT": lambda shape, other: not shapes.intersects(shape, other),
}


@dataclass(slots=True)
class Missing(Leaf):
    """Documents that do not have a field."""

    name: str

    def find(self, search: Search) -> set[int]:
        """Those."""
        return set(search.index.missing.get(self.name, ()))

    def explain(self) -> Iterator[str]:
        """Its name."""
        yield f"ISMISSING{{{self.name}}}"


@dataclass(slots=True)
class Nearest(Leaf):
    """The vectors nearest to one, among what another part finds; or those within a distance."""

    name: str
    vector: Any
    alias: str
    count: int | None = None
    radius: float | None = None
    among: Node | None = None

    def find(self, search: Search) -> set[int]:
        """The documents with such a vector."""
        known = search.distances.get(self.alias)
        if known is not None:
            return set(known)
        vectors = search.index.vectors.get(self.name)
        if vectors is None:
            return set()
        allowed = None if self.among is None else self.among.find(search)
        found = vectors.distances(self.vector, allowed)
        if self.radius is not None:
            found = [pair for pair in found if pair[0] <= self.radius]
        search.distances[self.alias] = {document: far for far, document in found[: self.count]}
        return set(search.distances[self.alias])

    def score(self, search: Search, document: int) -> float:
        """What the other part counts."""
        if self.among is None or isinstance(self.among, Everything):
            return 0.0
        return self.among.score(search, document)

    def explain(self) -> Iterator[str]:
        """What is asked of the vectors."""
        if self.radius is not None:
            yield f"VECTOR {{Vectors that are within {self.radius:g} distance radius from `${self.name}` in vector index associated with field @{self.name}}}"
            return
        shown = f"K={self.count} nearest vectors to `$vec` in vector index associated with field @{self.name}"
        if self.among is None or isinstance(self.among, Everything):
            yield f"VECTOR {{{shown}, yields distance as `{self.alias}`}}"
            return
        yield "VECTOR {"
        yield from indented(self.among.explain())
        yield f"}} => {{{shown}, yields distance as `{self.alias}`}}"
