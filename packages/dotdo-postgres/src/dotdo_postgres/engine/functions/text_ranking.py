"""ts_rank and ts_rank_cd (9.13): how well a tsvector matches, in single precision step by step as PostgreSQL counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.text_matching import matches
from dotdo_postgres.errors import error
from dotdo_postgres.mapping.floats import single
from dotdo_postgres.mapping.tsqueries import AND, PHRASE, Node, Operand, Operator, operands

if TYPE_CHECKING:
    from dotdo_postgres.engine.functions.text_matching import Truth
    from dotdo_postgres.mapping.tsvectors import Lexemes, Position

WEIGHTS = (0.1, 0.2, 0.4, 1.0)
_LOG_LENGTH, _LENGTH, _EXTENT, _UNIQUE, _LOG_UNIQUE, _BOUNDED = 1, 2, 4, 8, 16, 32
_NO_POSITION = 16384
_LIMIT = 1.64493406685


def weights_of(items: list[float | None] | None) -> list[float]:
    """Return the weights of D, C, B and A; negative ones are as usual (2202E, 22004, 22023)."""
    if items is None:
        return [single(weight) for weight in WEIGHTS]
    if len(items) < len(WEIGHTS):
        raise error("2202E", "array of weight is too short")
    if None in items:
        raise error("22004", "array of weight must not contain nulls")
    found = [
        single(usual if given is None or given < 0 else given)
        for given, usual in zip(items, WEIGHTS, strict=False)
    ]
    if any(weight > 1 for weight in found):
        raise error("22023", "weight out of range")
    return found


def _words(node: Node, lexemes: Lexemes) -> list[list[list[Position]]]:
    """Return for each different lexeme of a query the positions of each lexeme that it stands for."""
    found = {operand.word: operand for operand in sorted(operands(node), key=lambda one: one.word)}
    return [_entries(operand, lexemes) for operand in found.values()]


def _entries(operand: Operand, lexemes: Lexemes) -> list[list[Position]]:
    if operand.is_prefix:
        return [positions for word, positions in lexemes.items() if word.startswith(operand.word)]
    return [lexemes[operand.word]] if operand.word in lexemes else []


def _length(lexemes: Lexemes) -> int:
    return sum(len(positions) or 1 for positions in lexemes.values())


def rank(weights: list[float], lexemes: Lexemes, node: Node | None, method: int) -> float:
    """Return how often the lexemes of a query are there, by their weights."""
    if not lexemes or node is None:
        return 0.0
    is_joined = isinstance(node, Operator) and node.kind in {AND, PHRASE}
    words = _words(node, lexemes)
    found = _near(weights, words) if is_joined and len(words) > 1 else _frequent(weights, words)
    found = found if found >= 0 else single(1e-20)
    if method & _LOG_LENGTH:
        found = single(found / (math.log(_length(lexemes) + 1) / math.log(2.0)))
    if method & _LENGTH:
        found = single(found / _length(lexemes))
    if method & _UNIQUE:
        found = single(found / len(lexemes))
    if method & _LOG_UNIQUE:
        found = single(found / (math.log(len(lexemes) + 1) / math.log(2.0)))
    return single(found / single(found + 1)) if method & _BOUNDED else found


def _frequent(weights: list[float], words: list[list[list[Position]]]) -> float:
    total = 0.0
    for entries in words:
        for positions in entries:
            listed = positions or [(0, 0)]
            mass, best, place = 0.0, -1.0, 0
            for at, (_, weight) in enumerate(listed):
                mass = single(mass + single(weights[weight] / ((at + 1) * (at + 1))))
                if weights[weight] > best:
                    best, place = weights[weight], at
            part = single(single(best + mass) - single(best / ((place + 1) * (place + 1))))
            total = single(total + part / _LIMIT)
    return single(total / len(words)) if words else total


def _distance_weight(distance: int) -> float:
    if distance > 100:
        return single(1e-30)
    return single(1.0 / (1.005 + 0.05 * math.exp(single(distance) / 1.5 - 2)))


def _near(weights: list[float], words: list[list[list[Position]]]) -> float:
    found = -1.0
    known: list[list[Position] | None] = [None] * len(words)
    for number, entries in enumerate(words):
        for positions in entries:
            known[number] = positions
            for other in known[:number]:
                if other is not None:
                    found = _pairs(weights, positions, other, found)
    return found


def _pairs(
    weights: list[float], ours: list[Position], theirs: list[Position], found: float
) -> float:
    lacks = not ours or not theirs
    nowhere = [(_NO_POSITION - 1, 0)]
    for number, weight in ours or nowhere:
        for other, other_weight in theirs or nowhere:
            distance = abs(number - other)
            if not distance and not lacks:
                continue
            near = _distance_weight(distance or _NO_POSITION)
            product = single(single(weights[weight] * weights[other_weight]) * near)
            part = single(math.sqrt(product))
            found = part if found < 0 else single(1.0 - (1.0 - found) * (1.0 - part))
    return found


class _Document:
    """The places of a query's lexemes in a tsvector, in order; parts of it are looked at one by one."""

    def __init__(self, lexemes: Lexemes, node: Node) -> None:
        self.node = node
        places: dict[Position, list[Operand]] = {}
        for operand in operands(node):
            for positions in _entries(operand, lexemes):
                for place in positions:
                    if not operand.weights or operand.weights >> place[1] & 1:
                        places.setdefault(place, []).append(operand)
        self.places = sorted(places.items(), key=lambda item: item[0])
        self.seen: dict[Operand, set[int]] = {}

    def holds(self, at: int) -> bool:
        """Take one more place into account, and tell whether the query holds on those so far."""
        (number, _), found = self.places[at]
        for operand in found:
            self.seen.setdefault(operand, set()).add(number)
        return matches(self.node, self._find)

    def _find(self, operand: Operand, _: bool) -> tuple[Truth, list[int]]:
        numbers = self.seen.get(operand)
        return (False, []) if numbers is None else (True, sorted(numbers))

    def cover(self, start: int) -> tuple[int, int] | None:
        """Return the shortest part from a place on on which the query holds, by its first and last place."""
        while True:
            self.seen = {}
            last = next((at for at in range(start, len(self.places)) if self.holds(at)), None)
            if last is None:
                return None
            self.seen = {}
            first = next((at for at in range(last, start - 1, -1) if self.holds(at)), None)
            if first is not None:
                return first, last
            start += 1


def rank_by_covers(weights: list[float], lexemes: Lexemes, node: Node | None, method: int) -> float:
    """Return how densely the lexemes of a query lie together."""
    if node is None:
        return 0.0
    inverse = [1.0 / weight for weight in weights]
    document = _Document(lexemes, node)
    total = distances = before = 0.0
    start = extents = 0
    while (cover := document.cover(start)) is not None:
        first, last = cover
        places = [place for place, _ in document.places[first : last + 1]]
        mass = len(places) / sum(inverse[weight] for _, weight in places)
        begin, end = places[0][0], places[-1][0]
        noise = (end - begin) - (last - first)
        total += mass / (1 + (noise if noise >= 0 else (last - first) // 2))
        middle = (begin + end) / 2.0
        if extents and middle > before:
            distances += 1.0 / (middle - before)
        before = middle
        extents += 1
        start = first + 1
    return single(_normal(total, lexemes, method, extents, distances))


def _normal(total: float, lexemes: Lexemes, method: int, extents: int, distances: float) -> float:
    if method & _LOG_LENGTH and lexemes:
        total /= math.log(_length(lexemes) + 1)
    if method & _LENGTH and lexemes:
        total /= _length(lexemes)
    if method & _EXTENT and extents and distances > 0:
        total /= extents / distances
    if method & _UNIQUE and lexemes:
        total /= len(lexemes)
    if method & _LOG_UNIQUE and lexemes:
        total /= math.log(len(lexemes) + 1) / math.log(2.0)
    return total / (total + 1) if method & _BOUNDED else total
