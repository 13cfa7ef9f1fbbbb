"""The parts of a query that ask for words and tags; it refuses numbers and places."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from dotdo_redis.engine.search.nodes import EVERYTHING, Search
from dotdo_redis.engine.search.words import distance, sound, stem

SHORTEST_PREFIX = 2


@dataclass(slots=True)
class Terms:
    """Terms of the index, any of which counts."""

    terms: list[str]
    fields: int = EVERYTHING
    weight: float = 1.0
    shown: list[str] = field(default_factory=list)
    label: str = ""

    def find(self, search: Search) -> set[int]:
        """The documents that hold one of them in the fields asked for."""
        found: set[int] = set()
        for term in self.terms:
            postings = search.index.terms.get(term)
            if postings is None:
                continue
            if self.fields == EVERYTHING:
                found |= postings.keys()
            else:
                found |= {doc for doc, one in postings.items() if one.fields & self.fields}
        return found

    def score(self, search: Search, document: int) -> float:
        """What the terms count together."""
        scorer, index = search.scorer, search.index
        counts = []
        for term in self.terms:
            postings = index.terms.get(term)
            posting = None if postings is None else postings.get(document)
            if posting is not None and posting.fields & self.fields:
                assert postings is not None
                counts.append(scorer.of_term(index, document, posting.count, len(postings)))
        return scorer.union(counts) * self.weight if counts else 0.0

    def places(self, search: Search, document: int) -> list[int]:
        """Where any of them stands."""
        found: set[int] = set()
        for term in self.terms:
            posting = search.index.terms.get(term, {}).get(document)
            if posting is not None and posting.fields & self.fields:
                found.update(posting.places)
        return sorted(found)

    def explain(self) -> Iterator[str]:
        """The term, or the union of them."""
        tail = f" => {{$weight: {self.weight:g};}}" if self.weight != 1 else ""
        if len(self.shown) == 1:
            yield f"{self.label}{self.shown[0]}{tail}"
            return
        yield f"{self.label}UNION {{"
        for number, shown in enumerate(self.shown):
            yield f"  {self.label}{shown}{'' if number else tail}"
        yield "}"


def word_node(search: Search, word: str, fields: int, label: str) -> Terms:
    """A word with its stem, its synonyms and its sound."""
    index = search.index
    stemming = any(
        one.is_stemmed and fields & 1 << at for at, one in enumerate(index.definition.text_fields())
    )
    terms, shown = [word], [word]
    if not search.is_verbatim and stemming:
        stemmed = stem(word, search.language)
        terms.append(f"+{stemmed}")
        shown.append(f"+{stemmed}(expanded)")
        if stemmed != word:
            terms.append(stemmed)
            shown.append(f"{stemmed}(expanded)")
    if not search.is_verbatim:
        groups = [f"~{group}" for group in index.synonyms.get(word, ())]
        terms += groups
        shown += [f"{group}(expanded)" for group in groups]
        if any(one.is_phonetic for one in index.definition.fields):
            terms.append(f"<{sound(word)}")
            shown.append(f"<{sound(word)}(expanded)")
    return Terms(terms, fields, 1.0, shown, label)


@dataclass(slots=True)
class Matching:
    """Words of the index that are like a pattern: a prefix, a suffix, a part, a wildcard, nearly a word."""

    kind: str
    text: str
    fields: int = EVERYTHING
    weight: float = 1.0
    label: str = ""

    def _terms(self, search: Search) -> Terms:
        accepts = _MATCHERS[self.kind](self.text)
        short = self.kind in {"PREFIX", "INFIX"} and len(self.text) < SHORTEST_PREFIX
        terms = [] if short else [term for term in search.index.words() if accepts(term)]
        return Terms(terms, self.fields, self.weight)

    def find(self, search: Search) -> set[int]:
        """The documents that hold such a word."""
        return self._terms(search).find(search)

    def score(self, search: Search, document: int) -> float:
        """What the words count together."""
        return self._terms(search).score(search, document)

    def places(self, search: Search, document: int) -> list[int]:
        """Where such a word stands."""
        return self._terms(search).places(search, document)

    def explain(self) -> Iterator[str]:
        """The pattern."""
        shown = {
            "PREFIX": f"PREFIX{{{self.text}*}}",
            "SUFFIX": f"SUFFIX{{*{self.text}}}",
            "INFIX": f"INFIX{{*{self.text}*}}",
            "WILDCARD": f"WILDCARD{{{self.text}}}",
        }
        yield self.label + shown.get(self.kind, f"FUZZY{{{self.text}}}")


@lru_cache(256)
def _wild(pattern: str) -> Callable[[str], bool]:
    """Match `*` and `?` without backtracking."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
            parts.append("\\" + pattern[at])
        else:
            parts.append(pattern[at])
        at += 1

    def matches(text: str) -> bool:
        states = {0}
        for letter in [*text, ""]:
            todo = list(states)
            while todo:
                state = todo.pop()
                if state < len(parts) and parts[state] == "*" and state + 1 not in states:
                    states.add(state + 1)
                    todo.append(state + 1)
            if not letter:
                break
            states = {
                state if parts[state] == "*" else state + 1
                for state in states
                if state < len(parts) and parts[state] in {"*", "?", letter, "\\" + letter}
            }
        return len(parts) in states

    return matches


def _nearly(most: int) -> Callable[[str], Callable[[str], bool]]:
    return lambda text: lambda word: distance(text, word, most) <= most


_MATCHERS: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "PREFIX": lambda text: lambda word: word.startswith(text),
    "SUFFIX": lambda text: lambda word: word.endswith(text),
    "INFIX": lambda text: lambda word: text in word,
    "WILDCARD": _wild,
    "FUZZY1": _nearly(1),
    "FUZZY2": _nearly(2),
    "FUZZY3": _nearly(3),
}


@dataclass(slots=True)
class Tags:
    """Tags of a field, any of which counts; `*` in them as in words."""

    name: str
    tags: list[tuple[str, str]]
    """Kind (`IS`, or of `Matching`) and text."""
    weight: float = 1.0

    def _members(self, search: Search) -> list[set[int]]:
        known = search.index.tags.get(self.name)
        one = search.index.definition.find(self.name)
        if known is None or one is None:
            return []
        found: list[set[int]] = []
        for kind, text in self.tags:
            tag = search.index.normal_tag(one, text)
            if kind == "IS":
                found.append(known.get(tag, set()))
            elif kind not in {"PREFIX", "INFIX"} or len(tag) >= SHORTEST_PREFIX:
                accepts = _MATCHERS[kind](tag)
                found += [members for other, members in known.items() if accepts(other)]
        return found

    def find(self, search: Search) -> set[int]:
        """The documents that have one of them."""
        return set().union(*self._members(search))

    def score(self, search: Search, document: int) -> float:
        """What the tags count together."""
        counts = [
            search.scorer.of_term(search.index, document, 1, len(members))
            for members in self._members(search)
            if document in members
        ]
        return search.scorer.union(counts) * self.weight if counts else 0.0

    def places(self, _search: Search, _document: int) -> list[int]:
        """Nowhere."""
        return []

    def explain(self) -> Iterator[str]:
        """The tags."""
        yield f"TAG:@{self.name} {{"
        for kind, text in self.tags:
            yield f"  {_TAG_SHAPES.get(kind, '{}').format(text)}"
        yield "}"


_TAG_SHAPES = {"PREFIX": "PREFIX{{{}*}}", "SUFFIX": "SUFFIX{{*{}}}", "INFIX": "INFIX{{*{}*}}"}
