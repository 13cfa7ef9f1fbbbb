"""Regular expressions of PCRE's dialect, compiled for Python; it refuses what PCRE would."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

from dotdo_mongo.errors import failure

_FLAGS = {"i": regex.I, "m": regex.M, "s": regex.S, "x": regex.X, "u": 0}
Pattern = Any


class BadPattern(Exception):
    """The pattern is none; its text says where."""


def _translated(pattern: str) -> str:
    """Return a PCRE pattern in the library's dialect: the few escapes that differ."""
    found = []
    index = 0
    while index < len(pattern):
        pair = pattern[index : index + 2]
        if pair == "\\Q":
            end = pattern.find("\\E", index)
            end = len(pattern) if end < 0 else end
            found.append(regex.escape(pattern[index + 2 : end]))
            index = end + 2
        elif pair in _ESCAPES:
            found.append(_ESCAPES[pair])
            index += 2
        else:
            width = 2 if pair[:1] == "\\" else 1
            found.append(pattern[index : index + width])
            index += width
    return "".join(found)


_ESCAPES = {"\\Z": r"(?=\n?\Z)", "\\z": r"\Z", "\\h": r"[ \t\xa0]", "\\R": r"(?:\r\n|\n|\r|\f|\v)"}


@lru_cache(maxsize=1024)
def compiled(pattern: str, options: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        BadPattern: PCRE would refuse it.
    """
    flags = regex.V0
    prefix = pattern
    while prefix.startswith("(*"):
        verb, _, prefix = prefix.partition(")")
        if verb not in {"(*UTF8", "(*UTF", "(*UCP"}:
            break
    for letter in options:
        flags |= _FLAGS[letter]
    if not (flags & regex.M):
        prefix = _dollar(prefix)
    try:
        return regex.compile(
            _translated(prefix), flags | regex.ASCII if "(*UCP" not in pattern else flags
        )
    except (regex.error, OverflowError, ValueError, RecursionError) as error:
        raise BadPattern(str(error)) from error


def _dollar(pattern: str) -> str:
    return pattern


def check_options(options: str, code: int, allowed: str = "imsxu") -> str:
    """Return the options if all are known."""
    for letter in options:
        if letter not in allowed:
            raise failure(code, f" invalid flag in regex options: {letter}")
    return options
