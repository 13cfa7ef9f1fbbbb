"""How much an occurrence of a word counts, by each scorer that RedisSearch has; it refuses to find documents."""

from dataclasses import dataclass
from math import log, log2
from struct import pack, unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_redis.engine.search.index import Entry, Index

K1 = 1.2000000476837158
"""1.2, as a machine's short number has it."""
B = 0.5


def _rarity(documents: int, having: int) -> float:
    """How rare a word is, in whole powers of two."""
    return float(int(log2(1 + (documents + 1) / max(having, 1))))


def _probability(documents: int, having: int) -> float:
    odds = 1 + (documents - having + 0.5) / (having + 0.5)
    return log(unpack("<f", pack("<f", odds))[0])  # reckoned in short numbers there


@dataclass(frozen=True, slots=True)
class Scorer:
    """One scorer by its name."""

    name: str

    @property
    def weighs_distance(self) -> bool:
        """Whether words that stand apart count less."""
        return self.name in {"TFIDF", "TFIDF.DOCNORM", "BM25"}

    def of_term(self, index: "Index", document: int, count: int, having: int) -> float:
        """What a word counts that a document has so often, and so many documents have."""
        documents = len(index.entries)
        entry = index.entries[document]
        if self.name == "TFIDF":
            return count / entry.highest * _rarity(documents, having)
        if self.name == "TFIDF.DOCNORM":
            return count / max(entry.length, 1) * _rarity(documents, having)
        if self.name == "BM25":
            share = count / (count + K1 * (1 - B + B * index.mean_length))
            return _rarity(documents, having) * share
        if self.name.startswith("BM25STD"):
            return _probability(documents, having) * self._saturated(index, entry, count)
        return float(count) if self.name == "DISMAX" else 0.0

    @staticmethod
    def _saturated(index: "Index", entry: "Entry", count: int) -> float:
        length = entry.length / (index.mean_length or 1)
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length))

    def of_filter(self, index: "Index", document: int) -> float:
        """What a number or a place counts."""
        if self.name.startswith("BM25STD"):
            return 0.0
        return self.of_wildcard(index, document)

    def of_wildcard(self, index: "Index", document: int) -> float:
        """What every document counts."""
        entry = index.entries[document]
        if self.name == "TFIDF":
            return 1 / entry.highest
        if self.name == "TFIDF.DOCNORM":
            return 1 / max(entry.length, 1)
        if self.name == "BM25":
            return 1 / (1 + K1 * (1 - B + B * index.mean_length))
        if self.name.startswith("BM25STD"):
            return self._saturated(index, entry, 1)
        return 1.0 if self.name == "DISMAX" else 0.0

    def union(self, counts: list[float]) -> float:
        """What alternatives count together."""
        return max(counts, default=0.0) if self.name == "DISMAX" else sum(counts)

    def finish(self, index: "Index", document: int, counted: float) -> float:
        """The score of a document."""
        score: float = index.entries[document].score
        if self.name == "DOCSCORE":
            return score
        if self.name in {"HAMMING", "DISMAX"}:
            return counted if self.name == "DISMAX" else 0.0
        return counted * score


SCORERS = frozenset({
    "TFIDF", "TFIDF.DOCNORM", "BM25", "BM25STD", "BM25STD.NORM", "BM25STD.TANH", "DISMAX", "DOCSCORE", "HAMMING",
})  # fmt: skip
