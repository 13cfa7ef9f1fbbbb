"""The parts of a query that join others: all of them, any of them, none, as one likes; it refuses to find by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from dotdo_redis.engine.search.nodes import Node, Search, indented


@dataclass(slots=True)
class Negation:
    """What a part does not find."""

    part: Node
    weight: float = 1.0

    def find(self, search: Search) -> set[int]:
        """All other documents."""
        return search.index.entries.keys() - self.part.find(search)

    def score(self, _search: Search, _document: int) -> float:
        """Nothing."""
        return 0.0

    def places(self, _search: Search, _document: int) -> list[int]:
        """Nowhere."""
        return []

    def explain(self) -> Iterator[str]:
        """NOT and the part."""
        yield "NOT{"
        yield from indented(self.part.explain())
        yield "}"


@dataclass(slots=True)
class Optional:
    """A part that only counts."""

    part: Node
    weight: float = 1.0

    def find(self, search: Search) -> set[int]:
        """All documents."""
        self.part.find(search)
        return set(search.index.entries)

    def score(self, search: Search, document: int) -> float:
        """What the part counts."""
        return self.part.score(search, document) * self.weight

    def places(self, _search: Search, _document: int) -> list[int]:
        """Nowhere."""
        return []

    def explain(self) -> Iterator[str]:
        """OPTIONAL and the part."""
        yield "OPTIONAL{"
        yield from indented(self.part.explain())
        yield "}"


@dataclass(slots=True)
class Union:
    """Parts of which one is enough."""

    parts: list[Node]
    weight: float = 1.0
    label: str = ""

    def find(self, search: Search) -> set[int]:
        """What any of them finds."""
        return set().union(*(part.find(search) for part in self.parts))

    def score(self, search: Search, document: int) -> float:
        """What those count that find the document."""
        counts = [part.score(search, document) for part in self.parts]
        return search.scorer.union(counts) * self.weight

    def places(self, search: Search, document: int) -> list[int]:
        """Where any of them stands."""
        return sorted({at for part in self.parts for at in part.places(search, document)})

    def explain(self) -> Iterator[str]:
        """UNION and the parts."""
        yield f"{self.label}UNION {{"
        for part in self.parts:
            yield from indented(part.explain())
        yield "}"


@dataclass(slots=True)
class Intersection:
    """Parts that are all needed, perhaps near each other, perhaps in order."""

    parts: list[Node]
    weight: float = 1.0
    slop: int | None = None
    in_order: bool = False
    is_exact: bool = False
    label: str = ""

    def find(self, search: Search) -> set[int]:
        """What all of them find, as near as asked."""
        found: set[int] | None = None
        for part in self.parts:
            theirs = part.find(search)
            found = theirs if found is None else found & theirs
            if not found:
                return set()
        if found is None or (self.slop is None and not self.in_order) or len(self.parts) < 2:
            return found or set()
        return {document for document in found if self._is_near(search, document)}

    def _is_near(self, search: Search, document: int) -> bool:
        places = [part.places(search, document) for part in self.parts]
        if not all(places):
            return True
        most = inf if self.slop is None else self.slop
        near = _near_in_order if self.in_order else _near
        return near(places, most)

    def score(self, search: Search, document: int) -> float:
        """What the parts count together; less, the farther apart they stand."""
        total = sum(part.score(search, document) for part in self.parts)
        if search.scorer.weighs_distance and len(self.parts) > 1:
            total /= self._spread(search, document)
        return total * self.weight

    def _spread(self, search: Search, document: int) -> float:
        places = [part.places(search, document) for part in self.parts]
        places = [found for found in places if found]
        gaps = sum(
            min(abs(one - other) for one in places[n] for other in places[n + 1]) ** 2
            for n in range(len(places) - 1)
        )
        steps = len(places) - 1
        return (
            max(float(int((gaps / steps) ** 0.5 * steps) // max(steps, 1)), 1.0)
            if steps > 0
            else 1.0
        )

    def places(self, search: Search, document: int) -> list[int]:
        """Where the parts stand."""
        return sorted({at for part in self.parts for at in part.places(search, document)})

    def explain(self) -> Iterator[str]:
        """INTERSECT, or EXACT for a phrase, and the parts."""
        yield f"{self.label}{'EXACT' if self.is_exact else 'INTERSECT'} {{"
        for part in self.parts:
            yield from indented(part.explain())
        yield "}"


def _near_in_order(places: list[list[int]], most: float) -> bool:
    for first in places[0]:
        last, span = first, 0
        for later in places[1:]:
            following = next((at for at in later if at > last), None)
            if following is None:
                return False
            span += following - last - 1
            last = following
            if span > most:
                break
        else:
            return True
    return False


def _near(places: list[list[int]], most: float) -> bool:
    at = [0] * len(places)
    while True:
        current = [found[n] for found, n in zip(places, at, strict=True)]
        low, high = min(current), max(current)
        if high - low - (len(places) - 1) <= most:
            return True
        lowest = current.index(low)
        at[lowest] += 1
        if at[lowest] == len(places[lowest]):
            return False
