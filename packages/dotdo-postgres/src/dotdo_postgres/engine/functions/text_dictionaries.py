"""Configurations of full text search and their dictionaries: simple and english; others are refused (0A000)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import Stemmer

from dotdo.storage.collations import lowered
from dotdo_postgres.engine.functions.text_parsing import (
    ASCII_HWORD,
    ASCII_WORD,
    BLANK,
    ENTITY,
    HWORD,
    HWORD_ASCII_PART,
    HWORD_PART,
    PROTOCOL,
    TAG,
    WORD,
    tokens,
)
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.stop_words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable

_UNINDEXED = frozenset({BLANK, TAG, PROTOCOL, ENTITY})
_STEMMED = frozenset({ASCII_WORD, WORD, HWORD_PART, HWORD_ASCII_PART, ASCII_HWORD, HWORD})
_stem = Stemmer.Stemmer("english").stemWord


def simple(word: str) -> list[str]:
    """Return a word in lower case."""
    return [lowered(word)]


@lru_cache(maxsize=4096)
def _english(word: str) -> tuple[str, ...]:
    lower = lowered(word)
    return () if lower in ENGLISH else (_stem(lower),)


def english(word: str) -> list[str]:
    """Return the stem of a word, nothing for a stop word."""
    return list(_english(word))


DICTIONARIES: dict[str, Callable[[str], list[str]]] = {"simple": simple, "english_stem": english}
"""Dictionary -> what makes lexemes of a word."""


def config_name(oid: int) -> str:
    """Return the name of a configuration.

    Raises:
        PostgresError: there is none of that OID (XX000), or this lacks its dictionaries (0A000).
    """
    name = next((str(row[1]) for row in static_rows("pg_ts_config") if row[0] == oid), None)
    if name is None:
        raise error("XX000", f"cache lookup failed for text search configuration {oid}")
    if name not in {"simple", "english"}:
        raise not_supported(f"the text search configuration {name}")
    return name


def dictionary_of(config: str, kind: int) -> str:
    """Return the dictionary that a configuration has for tokens of a kind."""
    return "english_stem" if config == "english" and kind in _STEMMED else "simple"


def lexemes(config: str, text: str) -> tuple[list[tuple[int, str]], int]:
    """Return the lexemes of a text, each with its position, and the last position; stop words have one of their own."""
    found: list[tuple[int, str]] = []
    position = 0
    for kind, piece in tokens(text):
        if kind in _UNINDEXED or len(piece.encode()) > 2046:
            continue
        position += 1
        make = DICTIONARIES[dictionary_of(config, kind)]
        found += [(position, lexeme) for lexeme in make(piece)]
    return found, position


def is_indexed(kind: int) -> bool:
    """Tell whether tokens of a kind go to a dictionary."""
    return kind not in _UNINDEXED
