"""One search: its index, the documents it may look at, and how its parts reach the terms at their paths."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.search.analyzers import KEYWORD, analyzer
from dotdo_mongo.engine.search.corpus import Corpus, paths_of, texts_at
from dotdo_mongo.engine.search.definitions import Mapping, Text
from dotdo_mongo.engine.search.failing import field, only, wrong
from dotdo_mongo.engine.search.postings import Postings, Scores
from dotdo_mongo.engine.tables import Reader
from dotdo_mongo.engine.text.words import folded

Document = dict[str, Any]


@dataclass(slots=True)
class Search:
    """One search.

    Args:
        collection: Whose documents.
        store: Where they are.
        reader: Reads them.
        corpus: What is remembered of them.
        mapping: How they are indexed.
    """

    collection: Collection
    store: Store
    reader: Reader
    corpus: Corpus
    mapping: Mapping

    # --- terms -----------------------------------------------------------------------------------

    def postings(self, path: str, text: Text) -> Postings:
        """Return the terms at a path."""
        cut = analyzer(text.analyzer)
        analyze = (lambda given: cut(folded(given))) if text.folds else cut
        return self.corpus.remembered(
            self.collection,
            self.reader,
            ("text", path, text.analyzer, text.folds),
            lambda: Postings(analyze),
            texts_at(path),
        )

    def tokens(self, path: str) -> Postings:
        """Return whole texts at a path as terms."""
        text = Text(KEYWORD, KEYWORD)
        return self.postings(path, text)

    def paths(self, given: Any, where: str) -> list[str]:
        """Return the paths that a part of a query names: one, several, or by a wildcard.

        Raises:
            CommandFailure: It names none (code 8).
        """
        if given is None:
            raise wrong(f'"{where}" is required')
        found: list[str] = []
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, str):
                found.append(one)
            elif isinstance(one, dict) and "wildcard" in one:
                only(one, where, "wildcard")
                found += self._matching(field(one, where, "wildcard", str))
            elif isinstance(one, dict) and "value" in one:
                raise wrong(f'"{where}.multi" is not supported')
            else:
                raise wrong(f'"{where}" must be a string, a wildcard or an array of them')
        if not found and given == []:
            raise wrong(f'"{where}" cannot be empty')
        return list(dict.fromkeys(found))

    def _matching(self, pattern: str) -> list[str]:
        parts = (".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern))
        matches = re.compile("".join(parts)).fullmatch
        seen: dict[str, None] = {}
        for record in self.collection.table.scan(self.reader):
            seen.update(dict.fromkeys(paths_of(record.document)))
        return sorted(path for path in seen if matches(path))

    # --- documents -------------------------------------------------------------------------------

    def matching(self, query: Document, score: float = 1.0) -> Scores:
        """Return the rows that a filter of the query language finds, all with one score."""
        found = plan(self.collection, query, Context()).records(self.reader)
        return {record.row: score for record in found}

    def everything(self) -> Scores:
        """Return all rows."""
        return {record.row: 1.0 for record in self.collection.table.scan(self.reader)}


def added(parts: Iterable[Scores]) -> Scores:
    """Return the sums of scores."""
    total: Scores = {}
    for scores in parts:
        for row, score in scores.items():
            total[row] = total.get(row, 0.0) + score
    return total


def in_all(parts: list[Scores]) -> Scores:
    """Return the sums of scores of the rows that every part has."""
    rows = set(parts[0]).intersection(*parts[1:])
    return {row: sum(scores[row] for scores in parts) for row in rows}


def texts_of(spec: Document, where: str) -> list[str]:
    """Return the texts that are asked for.

    Raises:
        CommandFailure: There are none, or one is no text or empty (code 8).
    """
    given = field(spec, where, "query", str, list, default=...)
    texts = given if isinstance(given, list) else [given]
    if not texts or any(not isinstance(text, str) for text in texts):
        raise wrong(f'"{where}.query" must be a string or a non-empty array of strings')
    if not all(texts):
        raise wrong(f'"{where}.query" cannot be empty')
    return texts


def near_terms(
    word: str, terms: Iterable[str], edits: int, prefix: int
) -> Iterator[tuple[str, int]]:
    """Yield the terms that so many changes of letters lead to, each with their number."""
    start = word[:prefix]
    for term in terms:
        if abs(len(term) - len(word)) <= edits and term.startswith(start):
            distance = _distance(word, term, edits)
            if distance <= edits:
                yield term, distance


def _distance(one: str, other: str, most: int) -> int:
    """Return how many letters are to be added, dropped, replaced or swapped; more than `most` is `most` + 1."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        following = [i]
        for j, target in enumerate(other, 1):
            cost = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        if min(following) > most:
            return most + 1
        before, row = row, following
    return row[-1]
