"""Regular expressions as MongoDB runs them: PCRE2 in UTF, classes of ASCII; it refuses what PCRE2 does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pcre2  # type: ignore[import-untyped]  # it ships no types

from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS = {"i": pcre2.I, "m": pcre2.M, "s": pcre2.S, "x": pcre2.X, "u": 0}
_PLAIN = re.compile(r"\^?[A-Za-z0-9 _,:;@/<>=!\"'#%&~-]+\$?")
"""Patterns that mean the same to Python, whose engine is four times as fast on them."""


MAX_BYTES = 16384


class BadPattern(Exception):
    """The pattern is none; its text says where."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_pattern", "matches")

    def __init__(self, pattern: str, options: str) -> None:
        if len(pattern.encode()) > MAX_BYTES:
            raise BadPattern("pattern is too long")
        flags = pcre2.A
        for letter in options:
            flags |= _FLAGS[letter]
        try:
            self._pattern = pcre2.compile(pattern, flags)
        except (pcre2.PatternError, ValueError, UnicodeError) as error:
            raise BadPattern(str(error)) from error
        self.matches: Callable[[str], bool] = self._matches
        if not options.strip("u") and _PLAIN.fullmatch(pattern):
            search = re.compile(pattern).search
            self.matches = lambda text: search(text) is not None

    def _matches(self, text: str) -> bool:
        return self.search(text) is not None

    def search(self, text: str) -> Any:
        """Return the first match, None where there is none. Code 51156 beyond PCRE2's limits."""
        try:
            return self._pattern.search(text)
        except pcre2.LibraryError as error:
            raise _exhausted(error) from error

    def all(self, text: str) -> list[Any]:
        """Return all matches. Code 51156 beyond PCRE2's limits."""
        try:
            return list(self._pattern.finditer(text))
        except pcre2.LibraryError as error:
            raise _exhausted(error) from error


def _exhausted(error: Exception) -> Exception:
    return failure(51156, f"Error occurred while executing the regular expression: {error}")


@lru_cache(maxsize=1024)
def compiled(pattern: str, options: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        BadPattern: PCRE2 refuses it.
    """
    return Pattern(pattern, options)


def check_options(options: str, code: int) -> str:
    """Return the options if all are known."""
    for letter in options:
        if letter not in _FLAGS:
            raise failure(code, f" invalid flag in regex options: {letter}")
    return options
