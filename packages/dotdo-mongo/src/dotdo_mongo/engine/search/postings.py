"""The terms of one path's texts: where they stand in which rows, and how rows are scored for them, as Lucene's BM25 does."""

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

Scores = dict[int, float]
_GAP = 100  # between the texts of an array, which no phrase spans
_K1, _B = 1.2, 0.75
_EXACT_LENGTHS = 24


class Postings:
    """The terms of texts.

    Args:
        analyze: A text -> its terms.
    """

    __slots__ = ("_analyze", "_lengths", "_of_row", "_postings", "_total")

    def __init__(self, analyze: Callable[[str], list[str]]) -> None:
        self._analyze = analyze
        self._postings: dict[str, dict[int, list[int]]] = {}
        self._of_row: dict[int, set[str]] = {}
        self._lengths: dict[int, int] = {}
        self._total = 0

    def put(self, row: int, texts: Iterable[str]) -> None:
        """Let a row have these texts, and no others."""
        self.drop(row)
        at = length = 0
        for text in texts:
            for term in self._analyze(text):
                self._postings.setdefault(term, {}).setdefault(row, []).append(at)
                self._of_row.setdefault(row, set()).add(term)
                at += 1
                length += 1
            at += _GAP
        if length:
            self._lengths[row] = length
            self._total += length

    def drop(self, row: int) -> None:
        """Forget a row."""
        for term in self._of_row.pop(row, ()):
            rows = self._postings[term]
            del rows[row]
            if not rows:
                del self._postings[term]
        self._total -= self._lengths.pop(row, 0)

    @property
    def terms(self) -> Collection[str]:
        """All terms."""
        return self._postings.keys()

    def scores(self, term: str, boost: float = 1.0) -> Scores:
        """Return the scores of the rows that have a term."""
        rows = self._postings.get(term, {})
        return self._scored({row: len(places) for row, places in rows.items()}, [term], boost)

    def phrase(self, terms: list[str], slop: int) -> Scores:
        """Return the scores of the rows in which terms stand one after the other, with so many moves between them."""
        found = [self._postings.get(term, {}) for term in terms]
        if not found or not all(found):
            return {}
        rows = set(found[0]).intersection(*found[1:])
        counts: dict[int, float] = {}
        for row in rows:
            count = _count([places[row] for places in found], slop)
            if count:
                counts[row] = count
        return self._scored(counts, terms, 1.0)

    def _scored(self, counts: dict[int, Any], terms: list[str], boost: float) -> Scores:
        if not counts:
            return {}
        documents = len(self._lengths)
        average = self._total / documents
        weight = boost * sum(
            math.log(1 + (documents - n + 0.5) / (n + 0.5))
            for n in (len(self._postings.get(term, ())) for term in terms)
        )
        scores: Scores = {}
        for row, count in counts.items():
            norm = _K1 * (1 - _B + _B * kept_length(self._lengths[row]) / average)
            scores[row] = weight * count / (count + norm)
        return scores


def _count(places: list[list[int]], slop: int) -> float:
    """Return how often a phrase is there; one that needs moves counts less."""
    if slop == 0:
        rest = [set(one) for one in places[1:]]
        return sum(all(at + n in one for n, one in enumerate(rest, 1)) for at in places[0])
    count = 0.0
    for at in places[0]:
        moves, previous = 0, at
        for n, one in enumerate(places[1:], 1):
            near = min(one, key=lambda place: abs(place - at - n))
            moves = max(moves, abs(near - at - n))
            previous = near
        del previous
        if moves <= slop:
            count += 1 / (1 + moves)
    return count


@lru_cache(maxsize=4096)
def kept_length(length: int) -> int:
    """Return a length as an index keeps it in one byte: exact below 40, then with four bits of precision."""
    steps = _kept_lengths()
    return steps[bisect_right(steps, length) - 1]


@lru_cache(maxsize=1)
def _kept_lengths() -> list[int]:
    return list(_decoded())


def _decoded() -> Iterator[int]:
    """Yield what each byte stands for: 24 numbers as they are, then floats of three bits and an exponent."""
    yield from range(_EXACT_LENGTHS)
    for code in range(256 - _EXACT_LENGTHS):
        bits, shift = code & 7, (code >> 3) - 1
        yield _EXACT_LENGTHS + (bits if shift < 0 else (bits | 8) << shift)
