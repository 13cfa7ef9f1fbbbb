"""The collation of text without case: texts compare as their lower-case forms, character by character."""

from functools import lru_cache

CASELESS = "caseless"


@lru_cache(maxsize=4096)
def _lowered(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char


def lowered(text: str) -> str:
    """Return a text in lower case; a character without a lower-case form of its own stays as it is."""
    return text.lower() if text.isascii() else "".join(map(_lowered, text))


def compare(left: str, right: str) -> int:
    """Return a negative number, 0 or a positive number as one text comes before, at or after the other."""
    one, other = lowered(left), lowered(right)
    return (one > other) - (one < other)
