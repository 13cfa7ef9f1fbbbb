"""Making tsquery of text (9.13): to_tsquery and its kin, operators on queries, phrases without stop words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce

from dotdo_postgres.engine.functions.text_dictionaries import lexemes
from dotdo_postgres.mapping.tsqueries import (
    AND,
    NOT,
    OR,
    PHRASE,
    Node,
    Operand,
    Operator,
    parse,
    to_text,
)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Stands where a stop word was."""


_STOP = _Stop()


def _joined(config: str, text: str, kind: str, weights: int = 0, is_prefix: bool = False) -> Node:
    """Return the lexemes of a text joined by an operator; where stop words were, they are further apart."""
    found, _ = lexemes(config, text)
    if not found:
        return _STOP  # type: ignore[return-value]  # it is taken out of the tree
    parts: list[Node] = []
    last = 0
    for position, word in found:
        if last:
            parts += [_STOP] * (position - last - 1)  # type: ignore[list-item]  # they are taken out of the tree
        parts.append(Operand(word, weights, is_prefix))
        last = position
    distance = 1 if kind == PHRASE else 0
    return reduce(lambda left, right: Operator(kind, left, right, distance), parts)


def _without_stops(node: Node | None) -> tuple[Node | None, int, int]:
    """Return a tree without stop words, and how much further away its left and right neighbours are."""
    if node is None or isinstance(node, _Stop):
        return None, 0, 0
    if isinstance(node, Operand):
        return node, 0, 0
    if node.kind == NOT:
        inner, before, after = _without_stops(node.right)
        return (None if inner is None else Operator(NOT, None, inner)), before, after
    left, left_before, left_after = _without_stops(node.left)
    right, right_before, right_after = _without_stops(node.right)
    is_phrase, distance = node.kind == PHRASE, node.distance if node.kind == PHRASE else 0
    if left is None and right is None:
        gap = left_before + distance + right_before if is_phrase else max(left_before, right_before)
        return None, gap, gap
    if left is None:
        before = left_before + distance + right_before if is_phrase else right_before
        return right, before, right_after
    if right is None:
        after = left_after + distance + right_after if is_phrase else left_after
        return left, left_before, after
    if is_phrase:
        whole = Operator(PHRASE, left, right, distance + left_after + right_before)
        return whole, left_before, right_after
    return Operator(node.kind, left, right), 0, 0


def cleaned(node: Node | None) -> str:
    """Write a tree without its stop words."""
    return to_text(_without_stops(node)[0])


def read(config: str, text: str) -> str:
    """Read a query with operators (42601)."""
    return cleaned(
        parse(
            text, lambda word, weights, is_prefix: _joined(config, word, PHRASE, weights, is_prefix)
        )
    )


def plain(config: str, text: str) -> str:
    """Return the query for all words of a text."""
    return cleaned(_joined(config, text, AND))


def phrase(config: str, text: str) -> str:
    """Return the query for the words of a text in their order."""
    return cleaned(_joined(config, text, PHRASE))


_WEB = re.compile(r'[\s:!&|()]*(?:(-)|"([^"]*)(?:"|$)|([^\s":!&|()]+))')
_OR = re.compile(r"or(?![-_A-Za-z0-9\x80-\U0010ffff])(?=\s*\S)", re.IGNORECASE)


def web(config: str, text: str) -> str:
    """Return the query for a text as typed into a search engine; there are no errors."""
    groups: list[list[Node]] = [[]]
    at, negations = 0, 0
    while (match := _WEB.match(text, at)) is not None:
        at = match.end()
        if match[1]:
            negations += 1
            continue
        if match[3] and groups[-1] and not negations:
            meant = _OR.match(text, match.start(3))
            if meant is not None:
                groups.append([])
                at = meant.end()
                continue
        part = _joined(config, match[2] if match[3] is None else match[3], PHRASE)
        for _ in range(negations):
            part = Operator(NOT, None, part)
        negations = 0
        groups[-1].append(part)
    parts = [reduce(lambda a, b: Operator(AND, a, b), group) for group in groups if group]
    return cleaned(reduce(lambda a, b: Operator(OR, a, b), parts)) if parts else ""
