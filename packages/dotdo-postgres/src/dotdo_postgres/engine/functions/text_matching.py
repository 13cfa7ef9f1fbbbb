"""Whether a tsvector matches a tsquery: phrases by positions, in three-valued logic where positions are lacking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotdo_postgres.mapping.tsqueries import AND, NOT, OR, PHRASE, Node, Operand

if TYPE_CHECKING:
    from dotdo_postgres.mapping.tsvectors import Lexemes, Position

Truth = bool | None
"""None: it cannot be told without positions."""


@dataclass(slots=True)
class Places:
    """Where a part of a phrase ends.

    Args:
        numbers: Positions in order.
        is_negated: All other positions are meant.
        width: How far before its end it begins.
    """

    numbers: list[int] = field(default_factory=list)
    is_negated: bool = False
    width: int = 0


Find = Callable[[Operand, bool], "tuple[Truth, list[int]]"]
"""Lexeme, whether positions are needed -> whether it is there, and where."""


def finder(lexemes: Lexemes) -> Find:
    """Return what finds lexemes in a tsvector."""

    def find(operand: Operand, needs_positions: bool) -> tuple[Truth, list[int]]:
        if not operand.is_prefix:
            positions = lexemes.get(operand.word)
            return (
                (False, [])
                if positions is None
                else _weighed(positions, operand.weights, needs_positions)
            )
        found: set[int] = set()
        is_found = False
        for word, positions in lexemes.items():
            if not word.startswith(operand.word):
                continue
            truth, numbers = _weighed(positions, operand.weights, needs_positions)
            if truth is None and needs_positions:
                return None, []
            found |= {*numbers}
            is_found = is_found or truth is not False
        return is_found, sorted(found)

    return find


def _weighed(
    positions: list[Position], weights: int, needs_positions: bool
) -> tuple[Truth, list[int]]:
    if not positions:
        return (None if needs_positions else True), []
    if not weights:
        return True, [number for number, _ in positions]
    numbers = [number for number, weight in positions if weights >> weight & 1]
    return bool(numbers), numbers


def matches(node: Node | None, find: Find) -> bool:
    """Tell whether a query holds; what cannot be told counts as held."""
    return node is not None and _truth(node, find) is not False


def _truth(node: Node, find: Find) -> Truth:
    if isinstance(node, Operand):
        return find(node, False)[0]
    assert node.right is not None  # whole trees have their operands
    if node.kind == NOT:
        inner = _truth(node.right, find)
        return None if inner is None else not inner
    if node.kind == PHRASE:
        return _phrase(node, find)[0] is True
    assert node.left is not None
    decisive = node.kind == OR
    left = _truth(node.left, find)
    if left is decisive:
        return decisive
    right = _truth(node.right, find)
    if right is decisive:
        return decisive
    return None if left is None or right is None else not decisive


def _phrase(node: Node, find: Find) -> tuple[Truth, Places]:
    if isinstance(node, Operand):
        truth, numbers = find(node, True)
        return truth, Places(numbers)
    assert node.right is not None
    if node.kind == NOT:
        return _negated(*_phrase(node.right, find))
    assert node.left is not None
    left_truth, left = _phrase(node.left, find)
    if left_truth is False and node.kind != OR:
        return False, Places()
    right_truth, right = _phrase(node.right, find)
    if right_truth is False and (node.kind != OR or left_truth is False):
        return False, Places()
    if left_truth is None or right_truth is None:
        return None, Places()
    left.width = left.width if left_truth else 0
    right.width = right.width if right_truth else 0
    if node.kind == PHRASE:
        shift, width = node.distance + right.width, node.distance + left.width + right.width
        return _both(
            _shifted(left, shift), {*right.numbers}, right.is_negated, left.is_negated, width
        )
    width = max(left.width, right.width)
    one, other = _shifted(left, width - left.width), _shifted(right, width - right.width)
    join = _both if node.kind == AND else _either
    return join(one, other, right.is_negated, left.is_negated, width)


def _shifted(places: Places, by: int) -> set[int]:
    return {number + by for number in places.numbers}


def _negated(truth: Truth, places: Places) -> tuple[Truth, Places]:
    if truth is None:
        return None, places
    if truth is False:
        return True, Places(is_negated=True, width=places.width)
    if places.numbers:
        places.is_negated = not places.is_negated
        return True, places
    return False, Places()


def _told(numbers: set[int], width: int, *, is_negated: bool = False) -> tuple[Truth, Places]:
    places = Places(sorted(numbers), is_negated, width)
    return bool(numbers) or is_negated, places


def _both(
    left: set[int], right: set[int], is_right_negated: bool, is_left_negated: bool, width: int
) -> tuple[Truth, Places]:
    if is_left_negated and is_right_negated:
        return _told(left | right, width, is_negated=True)
    if is_left_negated:
        return _told(right - left, width)
    return _told(left - right if is_right_negated else left & right, width)


def _either(
    left: set[int], right: set[int], is_right_negated: bool, is_left_negated: bool, width: int
) -> tuple[Truth, Places]:
    if is_left_negated and is_right_negated:
        return _told(left & right, width, is_negated=True)
    if is_left_negated:
        return _told(left - right, width, is_negated=True)
    if is_right_negated:
        return _told(right - left, width, is_negated=True)
    return _told(left | right, width)
