"""Parts of a sorted set: by rank, score or member, forward or backward; it refuses commands' words but the bounds."""

from dataclasses import dataclass
from typing import Protocol

from dotdo_redis.engine.arguments import floating
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import ReplyError

LEX_ERROR = "min or max not valid string range item"


class Range(Protocol):
    """What part of a sorted set is meant."""

    def span(self, value: SortedSet) -> tuple[int, int]:
        """The ranks from the lowest on, as a slice."""
        ...


@dataclass(frozen=True, slots=True)
class Ranks:
    """By rank, counted from the end when negative; from the highest score when `reverse`."""

    start: int
    end: int
    reverse: bool = False

    def span(self, value: SortedSet) -> tuple[int, int]:
        """The ranks from the lowest on, as a slice."""
        count = len(value)
        start = max(self.start + count, 0) if self.start < 0 else self.start
        stop = min(self.end + count if self.end < 0 else self.end, count - 1) + 1
        if start >= stop:
            return 0, 0
        return (count - stop, count - start) if self.reverse else (start, stop)


@dataclass(frozen=True, slots=True)
class Scores:
    """By score, each bound exclusive after `(`."""

    low: float
    includes_low: bool
    high: float
    includes_high: bool

    @classmethod
    def read(cls, low: bytes, high: bytes) -> "Scores":
        """Read both bounds.

        Raises:
            ReplyError: one is not a number.
        """
        return cls(_score(low), low[:1] != b"(", _score(high), high[:1] != b"(")

    def span(self, value: SortedSet) -> tuple[int, int]:
        """The ranks from the lowest on, as a slice."""
        start = value.before_score(self.low, including=not self.includes_low)
        stop = value.before_score(self.high, including=self.includes_high)
        return start, max(start, stop)


def _score(word: bytes) -> float:
    text = word.removeprefix(b"(").lstrip()
    return floating(text, "min or max is not a float") if text else 0.0


@dataclass(frozen=True, slots=True)
class Members:
    """By the bytes of the members; None stands for no bound, a bound beyond every member for nothing."""

    low: bytes | None
    includes_low: bool
    high: bytes | None
    includes_high: bool
    is_empty: bool

    @classmethod
    def read(cls, low: bytes, high: bytes) -> "Members":
        """Read both bounds (`[a`, `(a`, `-`, `+`).

        Raises:
            ReplyError: one has no such sign.
        """
        for word in (low, high):
            if word not in {b"-", b"+"} and word[:1] not in {b"[", b"("}:
                raise ReplyError(LEX_ERROR)
        return cls(
            None if low == b"-" else low[1:],
            low[:1] == b"[",
            None if high == b"+" else high[1:],
            high[:1] == b"[",
            low == b"+" or high == b"-",
        )

    def span(self, value: SortedSet) -> tuple[int, int]:
        """The ranks from the lowest on, as a slice."""
        if self.is_empty:
            return 0, 0
        start, stop = 0, len(value)
        if self.low is not None:
            start = value.before_member(self.low, including=not self.includes_low)
        if self.high is not None:
            stop = value.before_member(self.high, including=self.includes_high)
        return start, max(start, stop)


@dataclass(frozen=True, slots=True)
class Selection:
    """A range, in which direction, and which part of what it gives."""

    range: Range
    reverse: bool = False
    offset: int = 0
    limit: int = -1

    def pairs(self, value: SortedSet) -> list[tuple[float, bytes]]:
        """Scores and members."""
        start, stop = self.range.span(value)
        if self.offset < 0:
            return []
        if self.reverse:
            stop -= self.offset
            start = start if self.limit < 0 else max(start, stop - self.limit)
        else:
            start += self.offset
            stop = stop if self.limit < 0 else min(stop, start + self.limit)
        if start >= stop:
            return []
        found = value.slice(start, stop)
        if self.reverse:
            found.reverse()
        return found
