"""A $text query on a text index: which documents match, and their scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.text.languages import language
from dotdo_mongo.engine.text.words import Manner, Search, parse_search

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document, Matcher

Text = tuple[str, float, str]
"""A text of a document, its weight and its language."""


class _Index:
    """A text index: which fields it holds, and how much each weighs."""

    def __init__(self, index: Mapping[str, Any]) -> None:
        self.weights = {name: to_double(value) for name, value in index.get("weights", {}).items()}
        self.default = language(index.get("default_language", "english"))
        self.override = index.get("language_override", "language")

    def texts(self, document: Document) -> Iterator[Text]:
        """Yield the indexed texts of a document."""
        yield from self._inside(document, "", self.default)

    def _inside(self, value: Any, path: str, name: str) -> Iterator[Text]:
        if isinstance(value, Mapping):
            own = value.get(self.override)
            here = language(own) if isinstance(own, str) and own else name
            for field, member in value.items():
                yield from self._inside(member, f"{path}.{field}" if path else field, here)
        elif isinstance(value, list):
            for member in value:
                yield from self._inside(member, path, name)
        elif type(value) is str:
            weight = self.weights.get(path, self.weights.get("$**", 0.0))
            if weight:
                yield value, weight, name


def _field_scores(text: str, weight: float, manner: Manner) -> Counter[str]:
    """Return the score of each stem of a text: earlier counts more, rarer words in long texts less."""
    stems = list(manner.stems(text))
    counts: Counter[str] = Counter()
    frequency: dict[str, float] = {}
    for stem in stems:
        frequency[stem] = frequency.get(stem, 0.0) + 1.0 / (1 << min(counts[stem], 60))
        counts[stem] += 1
    scores: Counter[str] = Counter()
    for stem, count in counts.items():
        share = 0.5 * count / len(stems) + 0.5
        adjustment = 1.1 if len(text) == len(stem) else 1.0
        scores[stem] = weight * frequency[stem] * share * adjustment  # type: ignore[assignment]  # a Counter of floats
    return scores


class _Query:
    """A compiled $text query."""

    def __init__(self, index: _Index, argument: Mapping[str, Any], context: Context) -> None:
        self.index = index
        self.metadata = context.metadata
        name = argument.get("$language") or index.default
        self.manner = Manner(
            language(name),
            bool(argument.get("$caseSensitive", False)),
            bool(argument.get("$diacriticSensitive", False)),
        )
        self.search: Search = parse_search(argument["$search"], self.manner)

    def matches(self, document: Document) -> bool:
        """Whether a document matches; its score is noted."""
        texts = list(self.index.texts(document))
        scores: Counter[str] = Counter()
        for text, weight, name in texts:
            manner = Manner(
                name if self.manner.language != "none" else "none",
                self.manner.is_case_sensitive,
                self.manner.is_diacritic_sensitive,
            )
            scores.update(_field_scores(text, weight, manner))
        search = self.search
        if not any(term in scores for term in search.terms):
            return False
        if any(term in scores for term in search.refused):
            return False
        whole = [self.manner.fold(text) for text, _, _ in texts]
        if any(phrase in text for phrase in search.refused_phrases for text in whole):
            return False
        if not all(any(phrase in text for text in whole) for phrase in search.phrases):
            return False
        self.metadata.put(document, "textScore", float(sum(scores[term] for term in search.terms)))
        return True


def text_of(indexes: Sequence[Mapping[str, Any]]) -> Callable[[Any, Context], Matcher] | None:
    """Return the maker of $text matchers for a collection, None where no text index is.

    Args:
        indexes: of the collection, as listIndexes shows them.
    """
    for index in indexes:
        if index["key"].get("_fts") == "text":
            found = index
            return lambda argument, context: _Query(_Index(found), argument, context).matches
    return None
