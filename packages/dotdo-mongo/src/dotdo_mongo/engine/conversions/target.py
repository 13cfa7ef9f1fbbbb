"""What a conversion makes, and that there is none."""

from __future__ import annotations

from dataclasses import dataclass


class Unconvertible(Exception):
    """The value has no counterpart of the type; onError catches it."""


@dataclass(slots=True, frozen=True)
class Target:
    """What to convert to.

    Args:
        kind: the type's alias.
        subtype: of binary data.
        format: how binary data is written as text, None where it was not told.
        is_little: the byte order of numbers in binary data.
    """

    kind: str
    subtype: int = 0
    format: str | None = None
    is_little: bool = True
