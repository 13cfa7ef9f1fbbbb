"""Texts with the words of a query marked, or cut down to what stands around them; it refuses fields that are not asked for."""

import re
from typing import Any

from dotdo_redis.engine.search.filter_nodes import Nearest
from dotdo_redis.engine.search.joined_nodes import Intersection, Optional, Union
from dotdo_redis.engine.search.nodes import Node, Search
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.word_nodes import Matching, Terms
from dotdo_redis.engine.search.words import stem

_WORD = re.compile(r"[^\s,./(){}\[\]:;~!@#$%^&*\-=+|'`\"<>?]+")


def _terms(node: Node) -> set[str]:
    """The terms that a query looks for."""
    if isinstance(node, Terms):
        return set(node.terms)
    if isinstance(node, Matching):
        return {f"{node.text}*"} if node.kind == "PREFIX" else {node.text}
    if isinstance(node, Union | Intersection):
        return set().union(*map(_terms, node.parts))
    if isinstance(node, Optional):
        return _terms(node.part)
    if isinstance(node, Nearest) and node.among is not None:
        return _terms(node.among)
    return set()


def _is_hit(word: str, terms: set[str], language: str) -> bool:
    low = word.casefold()
    if low in terms or f"+{stem(low, language)}" in terms:
        return True
    return any(term.endswith("*") and low.startswith(term[:-1]) for term in terms)


def excerpt(search: Search, node: Node, name: str, text: bytes, options: Any) -> bytes:
    """The text of a field as SUMMARIZE and HIGHLIGHT ask for it."""
    terms = _terms(node)
    words = text_of(text)
    summary, highlight = options.summary, options.highlight
    if summary is not None and (not summary.fields or name in summary.fields):
        words = _summary(words, terms, search.language, summary)
    if highlight is not None and (not highlight.fields or name in highlight.fields):
        opening, closing = highlight.tags

        def mark(found: "re.Match[str]") -> str:
            word = found.group()
            return f"{opening}{word}{closing}" if _is_hit(word, terms, search.language) else word

        words = _WORD.sub(mark, words)
    return words.encode("utf-8", "surrogateescape")


def _summary(text: str, terms: set[str], language: str, summary: Any) -> str:
    found = list(_WORD.finditer(text))
    hits = [at for at, word in enumerate(found) if _is_hit(word.group(), terms, language)]
    if not hits:
        return text
    fragments: list[tuple[int, int]] = []
    for hit in hits:
        first = max(0, hit - summary.length // 2)
        last = min(len(found), hit + summary.length // 2 + 1)
        if fragments and first < fragments[-1][1]:
            continue
        fragments.append((first, last))
        if len(fragments) == summary.fragments:
            break
    parts = [
        text[found[first].start() : found[last].start() if last < len(found) else len(text)]
        for first, last in fragments
    ]
    return "".join(part.rstrip() + summary.separator for part in parts)


def asked_words(node: Node) -> list[str]:
    """The words of a query as they were written."""
    if isinstance(node, Terms):
        return node.terms[:1]
    if isinstance(node, Union | Intersection):
        return [word for part in node.parts for word in asked_words(part)]
    if isinstance(node, Optional):
        return asked_words(node.part)
    return []
