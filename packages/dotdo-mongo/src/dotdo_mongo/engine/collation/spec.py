"""A collation's specification: its fields, their bounds and MongoDB's errors for the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, frozen=True)
class Collation:
    """A checked collation.

    Args:
        spec: all fields as listCollections shows them.
        key: makes of a string what compares as the collation orders.
    """

    spec: dict[str, Any] = field(default_factory=dict)
    key: Callable[[str], Any] = str


def parse_collation(spec: dict[str, Any]) -> Collation | None:
    """Read a `collation` argument; None for `{locale: "simple"}`.

    Raises:
        CommandFailure: an unknown field, type or value (codes 2, 9, 14, 40414, 40415).
    """
    raise NotImplementedError
