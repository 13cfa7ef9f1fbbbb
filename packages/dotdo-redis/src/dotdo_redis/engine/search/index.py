"""One index: documents by number, words, tags, numbers, places, vectors; it refuses to parse queries."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dotdo_redis.engine.search import shapes
from dotdo_redis.engine.search.schema import Definition, Field
from dotdo_redis.engine.search.values import (
    Unindexable,
    numbers,
    raw_values,
    text_of,
    texts,
)
from dotdo_redis.engine.search.vectors import Vectors
from dotdo_redis.engine.search.words import LANGUAGES, sound, stem, tokens
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.hashes import Hash


@dataclass(slots=True)
class Posting:
    """A word in a document: in which fields, how often (weighted), where."""

    fields: int = 0
    count: int = 0
    places: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A document."""

    key: bytes
    score: float
    length: int = 0
    """Words, weighted."""
    highest: int = 1
    """The count of the most frequent word."""
    terms: set[str] = field(default_factory=set)


class Index:
    """What is known of the keys that a definition takes."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.entries: dict[int, Entry] = {}
        self.numbers_of: dict[bytes, int] = {}
        self.terms: dict[str, dict[int, Posting]] = {}
        self.tags: dict[str, dict[str, set[int]]] = {}
        self.numeric: dict[str, dict[int, list[float]]] = {}
        self.sorted: dict[str, list[tuple[float, int]]] = {}
        self.places: dict[str, dict[int, list[tuple[float, float]]]] = {}
        self.shapes: dict[str, dict[int, shapes.Shape]] = {}
        self.vectors: dict[str, Vectors] = {}
        self.missing: dict[str, set[int]] = {}
        self.synonyms: dict[str, list[str]] = {}
        """Word -> groups."""
        self.aliases: set[str] = set()
        self.last = 0
        self.total_length = 0
        self.failures = 0
        self.last_failure: tuple[str, bytes] | None = None
        for one in definition.fields:
            self.add_field(one)

    def add_field(self, one: Field) -> None:
        """Make room for a field."""
        one.bind(is_json=self.definition.is_json)
        if one.kind == "TAG":
            self.tags.setdefault(one.name, {})
        elif one.kind == "NUMERIC":
            self.numeric.setdefault(one.name, {})
        elif one.kind == "GEO":
            self.places.setdefault(one.name, {})
        elif one.kind == "GEOSHAPE":
            self.shapes.setdefault(one.name, {})
        elif one.kind == "VECTOR":
            self.vectors[one.name] = Vectors(one)
        if one.indexes_missing:
            self.missing.setdefault(one.name, set())

    # -- documents

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        number = self.numbers_of.pop(key, None)
        if number is not None:
            self._drop(number)

    def _drop(self, number: int) -> None:
        entry = self.entries.pop(number)
        self.total_length -= entry.length
        for term in entry.terms:
            postings = self.terms[term]
            postings.pop(number, None)
            if not postings:
                del self.terms[term]
        for tags in self.tags.values():
            _drop_tags(tags, number)
        for name, values in self.numeric.items():
            if values.pop(number, None) is not None:
                self.sorted.pop(name, None)
        for places in self.places.values():
            places.pop(number, None)
        for found in self.shapes.values():
            found.pop(number, None)
        for vectors in self.vectors.values():
            vectors.drop(number)
        for members in self.missing.values():
            members.discard(number)

    def take(self, key: bytes, value: Value) -> None:
        """Index a key anew; one with a value that its field cannot take is left out."""
        self.drop(key)
        self.last += 1
        number = self.last
        entry = Entry(key, self._score(value))
        self.entries[number] = entry
        self.numbers_of[key] = number
        try:
            self._take(number, entry, value)
        except Unindexable as error:
            self.drop(key)
            self.failures += 1
            self.last_failure = str(error), key
            return
        self.total_length += entry.length

    def _score(self, value: Value) -> float:
        name = self.definition.score_field
        found = _plain_field(value, name) if name else None
        try:
            return float(found) if found is not None else self.definition.score
        except ValueError:
            return self.definition.score

    def language_of(self, value: Value) -> str:
        """The language of a document."""
        name = self.definition.language_field
        found = _plain_field(value, name) if name else None
        language = found.lower() if found is not None else self.definition.language
        return language if language in LANGUAGES else self.definition.language

    def _take(self, number: int, entry: Entry, value: Value) -> None:
        language = self.language_of(value)
        place = 0
        take = {
            "TAG": self._take_tags,
            "NUMERIC": self._take_numbers,
            "GEO": self._take_places,
            "GEOSHAPE": self._take_shapes,
            "VECTOR": self._take_vector,
        }
        for one in self.definition.fields:
            values = raw_values(value, one)
            if values is None:
                if one.name in self.missing:
                    self.missing[one.name].add(number)
                continue
            if not one.is_indexed:
                continue
            if one.kind == "TEXT":
                place = self._take_text(number, entry, one, texts(values, one), (place, language))
            else:
                take[one.kind](number, one, values)

    def _take_text(
        self, number: int, entry: Entry, one: Field, found: list[str], state: tuple[int, str]
    ) -> int:
        place, language = state
        bit = 1 << self.definition.text_fields().index(one)
        weight = max(1, int(one.weight))
        for text in found:
            words = tokens(text, language)
            if one.indexes_empty and not text:
                self._note(number, entry, "", (bit, place), weight)
            for word in words:
                if word in self.definition.stop_words:
                    continue
                place += 1
                entry.length += weight
                self._note(number, entry, word, (bit, place), weight)
                self._note_derived(number, entry, one, word, (bit, place, language))
        return place

    def _note_derived(
        self, number: int, entry: Entry, one: Field, word: str, state: tuple[int, int, str]
    ) -> None:
        """Stems, sounds and synonyms of a word."""
        bit, place, language = state
        stemmed = stem(word, language) if one.is_stemmed else word
        if stemmed != word:
            self._note(number, entry, f"+{stemmed}", (bit, place), 1)
        if one.is_phonetic:
            self._note(number, entry, f"<{sound(word)}", (bit, place), 1)
        for group in self.synonyms.get(word, ()):
            self._note(number, entry, f"~{group}", (bit, place), 1)

    def _note(self, number: int, entry: Entry, term: str, at: tuple[int, int], weight: int) -> None:
        postings = self.terms.get(term)
        if postings is None:
            postings = self.terms[term] = {}
        posting = postings.get(number)
        if posting is None:
            posting = postings[number] = Posting()
            entry.terms.add(term)
        bit, place = at
        posting.fields |= bit
        posting.count += weight
        posting.places.append(place)
        if posting.count > entry.highest:
            entry.highest = posting.count

    def _take_tags(self, number: int, one: Field, values: list[Any]) -> None:
        for text in texts(values, one):
            parts = (
                [text]
                if self.definition.is_json and one.separator == ","
                else text.split(one.separator)
            )
            for part in parts:
                tag = self.normal_tag(one, part)
                if tag or one.indexes_empty:
                    self.tags[one.name].setdefault(tag, set()).add(number)

    @staticmethod
    def normal_tag(one: Field, tag: str) -> str:
        """A tag as it is compared."""
        return tag.strip() if one.is_case_sensitive else tag.strip().casefold()

    def _take_numbers(self, number: int, one: Field, values: list[Any]) -> None:
        self.numeric[one.name][number] = numbers(values, one)
        self.sorted.pop(one.name, None)

    def _take_places(self, number: int, one: Field, values: list[Any]) -> None:
        self.places[one.name][number] = [_point(text, one) for text in texts(values, one)]

    def _take_shapes(self, number: int, one: Field, values: list[Any]) -> None:
        try:
            self.shapes[one.name][number] = shapes.parse(texts(values, one)[0])
        except (ValueError, IndexError):
            raise Unindexable(one.name) from None

    def _take_vector(self, number: int, one: Field, values: list[Any]) -> None:
        self.vectors[one.name].put(number, values[0])

    # -- reading

    @property
    def mean_length(self) -> float:
        """Words of a document in the mean."""
        return self.total_length / len(self.entries) if self.entries else 1.0

    def between(self, name: str, low: float, high: float, opens: tuple[bool, bool]) -> set[int]:
        """The documents with a number between two, without the bounds that are open."""
        pairs = self.sorted.get(name)
        if pairs is None:
            values = self.numeric[name].items()
            pairs = self.sorted[name] = sorted((n, doc) for doc, found in values for n in found)
        first = (bisect_right if opens[0] else bisect_left)(pairs, low, key=lambda pair: pair[0])
        last = (bisect_left if opens[1] else bisect_right)(pairs, high, key=lambda pair: pair[0])
        return {document for _, document in pairs[first:last]}

    def words(self) -> Iterator[str]:
        """The words that stand in documents, without what is derived of them."""
        return (term for term in self.terms if term[:1] not in {"+", "<", "~"})


def _drop_tags(tags: dict[str, set[int]], number: int) -> None:
    for tag in [tag for tag, members in tags.items() if number in members]:
        tags[tag].discard(number)
        if not tags[tag]:
            del tags[tag]


def _plain_field(value: Value, name: str) -> str | None:
    if isinstance(value, Hash):
        found = value.fields.get(name.encode())
        return None if found is None else text_of(found)
    one = Field(name, name, "TAG")
    one.bind(is_json=True)
    found_values = raw_values(value, one)
    return None if not found_values else str(found_values[0])


def _point(text: str, one: Field) -> tuple[float, float]:
    parts = text.replace(",", " ").split()
    try:
        longitude, latitude = (float(part) for part in parts)
    except ValueError:
        raise Unindexable(one.name) from None
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise Unindexable(one.name)
    return longitude, latitude
