"""Text as words: tokens, stems, sounds; it refuses languages that have no stemmer."""

import re
from functools import lru_cache
from typing import Any

import snowballstemmer

LANGUAGES = frozenset({
    "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german", "greek",
    "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "portuguese", "romanian",
    "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish", "chinese",
})  # fmt: skip
SEPARATORS = " \t\n\r,./(){}[]:;~!@#$%^&*-=+|'`\"<>?\0"
_TOKEN = re.compile(rf"(?:\\.|[^{re.escape(SEPARATORS)}\\])+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def tokens(text: str, language: str = "english") -> list[str]:
    """The words of a text in lower case."""
    found = [_ESCAPED.sub(r"\1", word).casefold() for word in _TOKEN.findall(text)]
    if language != "chinese":
        return found
    return [part for word in found for part in _split_ideographs(word)]


def _split_ideographs(word: str) -> list[str]:
    """Each ideograph is a word of its own: no dictionary says which of them belong together."""
    parts: list[str] = []
    rest = ""
    for letter in word:
        if _IDEOGRAPH.match(letter):
            if rest:
                parts.append(rest)
                rest = ""
            parts.append(letter)
        else:
            rest += letter
    return [*parts, rest] if rest else parts


@lru_cache(64)
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language) if language in snowballstemmer.algorithms() else None


@lru_cache(65536)
def stem(word: str, language: str) -> str:
    """The stem of a word; the word itself where there is no stemmer, or it is too short."""
    stemmer = _stemmer(language)
    if stemmer is None or len(word) < 4:
        return word
    found: str = stemmer.stemWord(word)
    return found


_CODES = {
    "b": "1", "f": "1", "p": "1", "v": "1", "c": "2", "g": "2", "j": "2", "k": "2", "q": "2", "s": "2", "x": "2", "z": "2",
    "d": "3", "t": "3", "l": "4", "m": "5", "n": "5", "r": "6",
}  # fmt: skip


@lru_cache(65536)
def sound(word: str) -> str:
    """How a word sounds, roughly: consonants by kind, vowels and repetitions left out."""
    found = ""
    for letter in word.replace("ph", "f").replace("gh", ""):
        code = _CODES.get(letter, "")
        if code and not found.endswith(code):
            found += code
    return found


def distance(one: str, other: str, most: int) -> int:
    """How many letters have to be put in, taken out or exchanged, as far as `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, another in enumerate(other, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (letter != another)),
            )
        if min(row) > most:
            return most + 1
    return row[-1]
