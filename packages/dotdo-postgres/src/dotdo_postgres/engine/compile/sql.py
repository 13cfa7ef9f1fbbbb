"""Compiled expressions: a SQLite node, and for numeric how its values are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.mapping import numeric

if TYPE_CHECKING:
    from decimal import Decimal

MAX_DIGITS = 18
MAX_SCALE = 100


@dataclass(slots=True)
class Sql:
    """A compiled expression.

    Args:
        node: The SQLite expression.
        scale: Of a numeric: it is an integer scaled by 10**scale; None: it is a byte string.
        digits: Of a scaled numeric: its integer has at most that many digits.
        is_null: It is the literal NULL.
        value: The literal's value, None when it is no literal.
    """

    node: n.Node
    scale: int | None = None
    digits: int = 0
    is_null: bool = False
    value: object = None

    @property
    def is_simple(self) -> bool:
        """Cheap enough to be written twice."""
        return (
            isinstance(self.node, (exp.Column, exp.Literal, exp.Placeholder, exp.Null, exp.Paren))
            and _size(self.node) <= 12
        )


def _size(node: n.Node) -> int:
    return sum(1 for _ in node.walk())


def numeric_literal(value: Decimal) -> Sql:
    """Compile a numeric literal: scaled where it fits 18 digits."""
    scale = numeric.scale_of(value)
    if value.is_finite() and scale <= MAX_SCALE:
        scaled = int(value.scaleb(scale, numeric.CONTEXT))
        if abs(scaled) < 10**MAX_DIGITS:
            return Sql(n.integer(scaled), scale, len(str(abs(scaled))), value=value)
    return Sql(n.blob(numeric.encode(value)), value=value)


def size_of(node: n.Node) -> int:
    """Count the nodes of an expression."""
    return _size(node)
