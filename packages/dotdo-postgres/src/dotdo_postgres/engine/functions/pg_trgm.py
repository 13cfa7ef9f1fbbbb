"""Functions and operators of the extension pg_trgm: similarity of texts by their trigrams; its indexes speed nothing up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dotdo.storage.collations import lowered
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping.floats import single

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("F.35")
_WORD = re.compile(r"[^\W_²³¹¼-¾⁰-₉]+")
_LIMITS = {
    "pg_trgm.similarity_threshold": 0.3, "pg_trgm.word_similarity_threshold": 0.6,
    "pg_trgm.strict_word_similarity_threshold": 0.5,
}  # fmt: skip


def _ordered(text: str) -> list[str]:
    """Return the trigrams of a text from left to right."""
    found: list[str] = []
    for word in _WORD.findall(lowered(text)):
        padded = f"  {word} "
        found += [padded[at : at + 3] for at in range(len(padded) - 2)]
    return found


def trigrams(text: str) -> frozenset[str]:
    """Return the trigrams of a text."""
    return frozenset(_ordered(text))


@FAMILY.function("show_trgm(text)", returns="text[]")
def show(text: str) -> str:
    """Return the trigrams in their order."""
    found = trigrams(text)
    if not all(trigram.isascii() for trigram in found):
        raise error("0A000", "show_trgm of characters beyond ASCII is not supported")
    return arrays.pack(sorted(found))


def _share(common: int, all_of_them: int) -> float:
    return single(common / all_of_them) if all_of_them else 0.0


@FAMILY.function("similarity(text, text)", returns="real")
def similarity(left: str, right: str) -> float:
    """Return how many trigrams of both are in both."""
    one, other = trigrams(left), trigrams(right)
    return _share(len(one & other), len(one | other))


def _limit(facts: Facts, name: str) -> float:
    return single(float(facts.settings.get(name) or _LIMITS[name]))


@FAMILY.function("show_limit()", returns="real", takes_session=True)
def show_limit(facts: Facts) -> float:
    """Return the least similarity that `%` takes for similar."""
    return _limit(facts, "pg_trgm.similarity_threshold")


@FAMILY.operator("text % text", returns="boolean", takes_session=True)
@FAMILY.function("similarity_op(text, text)", returns="boolean", takes_session=True)
def is_similar(facts: Facts, left: str, right: str) -> int:
    """Tell whether texts are similar."""
    return int(similarity(left, right) >= show_limit(facts))


@FAMILY.operator("text <-> text", returns="real")
@FAMILY.function("similarity_dist(text, text)", returns="real")
def distance(left: str, right: str) -> float:
    """Return one minus the similarity."""
    return single(1.0 - similarity(left, right))


def _extents(query: frozenset[str], found: list[str], starts: list[int], ends: list[int]) -> float:
    """Return the greatest similarity of a query to trigrams in a row that begin and end where they may."""
    best = 0.0
    for start in starts:
        seen: set[str] = set()
        common, at = 0, start
        for end in ends:
            if end <= start:
                continue
            while at < end:
                if found[at] not in seen:
                    seen.add(found[at])
                    common += found[at] in query
                at += 1
            best = max(best, common / (len(query) + len(seen) - common))
    return single(best)


@FAMILY.function("word_similarity(text, text)", returns="real")
def word_similarity(query: str, text: str) -> float:
    """Return the greatest similarity of a text to a part of another."""
    wanted, found = trigrams(query), _ordered(text)
    if not wanted or not found:
        return 0.0
    hits = [at for at, trigram in enumerate(found) if trigram in wanted]
    return _extents(wanted, found, hits, [at + 1 for at in hits])


@FAMILY.function("strict_word_similarity(text, text)", returns="real")
def strict_word_similarity(query: str, text: str) -> float:
    """Return the greatest similarity of a text to whole words of another."""
    wanted, found = trigrams(query), _ordered(text)
    if not wanted or not found:
        return 0.0
    starts = [at for at, trigram in enumerate(found) if trigram.startswith("  ")]
    return _extents(wanted, found, starts, [*starts[1:], len(found)])


@FAMILY.operator("text <% text", returns="boolean", takes_session=True)
def is_word_similar(facts: Facts, query: str, text: str) -> int:
    """Tell whether a text is similar to a part of another."""
    return int(word_similarity(query, text) >= _limit(facts, "pg_trgm.word_similarity_threshold"))


@FAMILY.operator("text %> text", returns="boolean", takes_session=True)
def has_word_similar(facts: Facts, text: str, query: str) -> int:
    """Tell whether a part of a text is similar to another."""
    return is_word_similar(facts, query, text)


@FAMILY.operator("text <<% text", returns="boolean", takes_session=True)
def is_strictly_similar(facts: Facts, query: str, text: str) -> int:
    """Tell whether a text is similar to whole words of another."""
    least = _limit(facts, "pg_trgm.strict_word_similarity_threshold")
    return int(strict_word_similarity(query, text) >= least)


@FAMILY.operator("text %>> text", returns="boolean", takes_session=True)
def has_strictly_similar(facts: Facts, text: str, query: str) -> int:
    """Tell whether whole words of a text are similar to another."""
    return is_strictly_similar(facts, query, text)


@FAMILY.operator("text <<-> text", returns="real")
def word_distance(query: str, text: str) -> float:
    """Return one minus the similarity to a part."""
    return single(1.0 - word_similarity(query, text))


@FAMILY.operator("text <->> text", returns="real")
def word_distance_of(text: str, query: str) -> float:
    """Return one minus the similarity of a part."""
    return word_distance(query, text)


@FAMILY.operator("text <<<-> text", returns="real")
def strict_distance(query: str, text: str) -> float:
    """Return one minus the similarity to whole words."""
    return single(1.0 - strict_word_similarity(query, text))


@FAMILY.operator("text <->>> text", returns="real")
def strict_distance_of(text: str, query: str) -> float:
    """Return one minus the similarity of whole words."""
    return strict_distance(query, text)


@FAMILY.function("set_limit(real)", returns="real", is_volatile=True, takes_session=True)
def set_limit(facts: Facts, least: float) -> float:
    """Set the least similarity that `%` takes for similar (22023)."""
    if not 0 <= least <= 1:
        message = f'{least:g} is outside the valid range for parameter "pg_trgm.similarity_threshold" (0 .. 1)'
        raise error("22023", message)
    facts.set_setting("pg_trgm.similarity_threshold", f"{least:g}", False)
    return least
