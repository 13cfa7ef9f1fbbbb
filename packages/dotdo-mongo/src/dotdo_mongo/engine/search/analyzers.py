"""Text cut into terms, as Lucene's analyzers of these names do; it refuses analyzers that are not there."""

import re
from collections.abc import Callable
from functools import lru_cache

from dotdo_mongo.engine.search.failing import wrong
from dotdo_mongo.engine.text.languages import STOP_WORDS, language, stemmer

STANDARD, KEYWORD = "lucene.standard", "lucene.keyword"
_IDEOGRAPHS = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(
    rf"[{_IDEOGRAPHS}]"
    rf"|[^\W{_IDEOGRAPHS}]+(?:(?:(?<=[^\W\d_])['\u2019.:\u00b7](?=[^\W\d_])|(?<=\d)[.,;'\u2019](?=\d))[^\W{_IDEOGRAPHS}]+)*"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_ENGLISH_STOPS = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of", "on",
        "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
    )
)  # fmt: skip
_LONGEST = 255  # longer words are cut


def _standard(text: str) -> list[str]:
    return [
        word[start : start + _LONGEST]
        for word in _WORD.findall(text.lower())
        for start in range(0, len(word), _LONGEST)
    ]


def _english(text: str) -> list[str]:
    stem = stemmer("english")
    words = (word.removesuffix("'s").removesuffix("\u2019s") for word in _standard(text))
    return [stem(word) for word in words if word not in _ENGLISH_STOPS]


_BY_NAME: dict[str, Callable[[str], list[str]]] = {
    STANDARD: _standard,
    KEYWORD: lambda text: [text],
    "lucene.simple": lambda text: _LETTERS.findall(text.lower()),
    "lucene.whitespace": str.split,
    "lucene.english": _english,
}
_LANGUAGES = frozenset({"french", "german", "spanish"})


@lru_cache(maxsize=64)
def analyzer(name: str) -> Callable[[str], list[str]]:
    """Return the function from a text to its terms.

    Raises:
        CommandFailure: There is none of that name here (code 8).
    """
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    short = name.removeprefix("lucene.")
    if short == name or short not in _LANGUAGES:
        raise wrong(f'analyzer "{name}" is not supported')
    stem, stops = stemmer(language(short)), STOP_WORDS[short]
    return lambda text: [stem(word) for word in _standard(text) if word not in stops]
