"""Text cut into words, and a search string into terms and phrases."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotdo_mongo.engine.text.languages import STOP_WORDS, stemmer

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*", re.UNICODE)
_PIECE = re.compile(r'(-?)"([^"]*)"|(\S+)')


def folded(
    text: str, *, is_case_sensitive: bool = False, is_diacritic_sensitive: bool = False
) -> str:
    """Return a text without the differences that do not count."""
    if not is_case_sensitive:
        text = text.lower()
    if not is_diacritic_sensitive:
        decomposed = unicodedata.normalize("NFD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return text


@dataclass(slots=True, frozen=True)
class Manner:
    """How words compare."""

    language: str
    is_case_sensitive: bool = False
    is_diacritic_sensitive: bool = False

    def fold(self, text: str) -> str:
        """Return a text without the differences that do not count."""
        return folded(
            text,
            is_case_sensitive=self.is_case_sensitive,
            is_diacritic_sensitive=self.is_diacritic_sensitive,
        )

    def stems(self, text: str) -> Iterator[str]:
        """Yield the stems of the words that count."""
        stop, stem = STOP_WORDS.get(self.language, frozenset()), stemmer(self.language)
        for match in _WORD.finditer(text):
            lower = match.group().lower()
            if lower in stop:
                continue
            word = match.group() if self.is_case_sensitive else lower
            yield self.fold(stem(word) if self.is_case_sensitive else stem(lower))


@dataclass(slots=True)
class Search:
    """What a search string asks."""

    terms: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    refused_phrases: list[str] = field(default_factory=list)


def parse_search(text: str, manner: Manner) -> Search:
    """Read words, `-words`, "phrases" and -"phrases"."""
    found = Search()
    for minus, phrase, word in _PIECE.findall(text):
        if phrase and minus:
            found.refused_phrases.append(manner.fold(phrase))
        elif phrase:
            found.phrases.append(manner.fold(phrase))
            found.terms += manner.stems(phrase)
        elif word.startswith("-") and len(word) > 1:
            found.refused += manner.stems(word[1:])
        elif word:
            found.terms += manner.stems(word)
    found.terms = list(dict.fromkeys(found.terms))
    return found
