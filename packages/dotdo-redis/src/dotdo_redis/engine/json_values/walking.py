"""Where a path leads in a document; it refuses to change what it finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dotdo_redis.engine.json_values.steps import Step, children

Place = tuple[str | int, ...]


@dataclass(slots=True)
class Match:
    """A value, what it lies in, and the keys that lead to it; the root lies in nothing."""

    value: Any
    parent: Any
    place: Place

    @property
    def key(self) -> Any:
        """The field or position in the parent."""
        return self.place[-1]


def find(root: Any, steps: Sequence[Step]) -> list[Match]:
    """All values that steps lead to, in the order of RedisJSON: a value before those below it."""
    found = [Match(root, None, ())]
    for step in steps:
        found = [taken for match in found for taken in _taken(match, step, root)]
    return found


def find_values(start: Any, steps: Sequence[Step], root: Any) -> list[Any]:
    """The values alone, from any value of the document on."""
    found = [Match(start, None, ())]
    for step in steps:
        found = [taken for match in found for taken in _taken(match, step, root)]
    return [match.value for match in found]


def _taken(match: Match, step: Step, root: Any) -> Iterator[Match]:
    for key, child in step.select(match.value, root):
        yield match if key is None else Match(child, match.value, (*match.place, key))
    if step.is_deep:
        for key, child in children(match.value):
            assert key is not None
            yield from _taken(Match(child, match.value, (*match.place, key)), step, root)


def outermost(matches: list[Match]) -> list[Match]:
    """Each place once, without those below another one, the last of a list first: the order to delete in."""
    places: dict[Place, Match] = {}
    for match in sorted(matches, key=lambda match: len(match.place)):
        if not any(match.place[:length] in places for length in range(len(match.place) + 1)):
            places[match.place] = match
    kept = list(places.values())
    kept.sort(key=lambda match: _position(match.place), reverse=True)
    return kept


def _position(place: Place) -> int:
    return place[-1] if place and isinstance(place[-1], int) else -1
