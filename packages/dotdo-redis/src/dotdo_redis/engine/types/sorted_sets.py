"""Sorted sets: scores by member and members by score; it refuses commands."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from math import inf, nextafter
from random import Random
from typing import TYPE_CHECKING, Any

from sortedcontainers import SortedList  # type: ignore[import-untyped]  # it ships no types

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.types.order import Order

if TYPE_CHECKING:
    from dotdo_redis.engine.types.kept import Kept

FEW = 128


LARGE = 1024
"""From so many members on, inserting into one row costs more than SortedList's bookkeeping."""

Ranked = tuple[float, bytes]


class Row(list[Ranked]):
    """Few scores and members in order, with as much of SortedList as is used here."""

    __slots__ = ()

    def add(self, pair: Ranked) -> None:
        """Insert a pair."""
        insort(self, pair)

    def remove(self, pair: Ranked) -> None:
        """Remove a pair that is there."""
        del self[bisect_left(self, pair)]

    def bisect_left(self, pair: tuple[float] | Ranked) -> int:
        """How many pairs come before one."""
        return bisect_left(self, pair)

    def islice(self, start: int, stop: int, *, reverse: bool = False) -> Iterator[Ranked]:
        """The pairs between two places, from the end when `reverse`."""
        found = self[start:stop]
        return reversed(found) if reverse else iter(found)

    def copy(self) -> "Row":
        """Give a row of the same pairs."""
        return Row(self)


class SortedSet:
    """Members with scores; the encoding only ever grows, as in Redis."""

    __slots__ = ("config", "is_listpack", "kept", "order", "ranked", "scores")

    type_name = b"zset"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.scores: dict[bytes, float] = {}
        self.ranked: Any = Row()
        """`Row`, and `SortedList` from `LARGE` members on."""
        self.is_listpack = True
        self.order: Order | None = None
        self.kept: Kept | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def set(self, member: bytes, score: float) -> None:
        """Give a member a score, adding it when it is new."""
        scores = self.scores
        old = scores.get(member)
        if self.is_listpack:
            self.is_listpack = old is not None or self._takes(member)
            if not score and self.is_listpack:
                score = 0.0  # a listpack keeps no sign of zero
        if self.kept is not None:
            self.kept.touched[member] = None
        if old is None:
            scores[member] = score
            self.ranked.add((score, member))
            if len(scores) == LARGE and self.ranked.__class__ is Row:
                self.ranked = SortedList(self.ranked)
            if self.order is not None:
                self.order.add(member)
        elif old != score:
            self.ranked.remove((old, member))
            scores[member] = score
            self.ranked.add((score, member))

    def update(self, pairs: Iterable[tuple[bytes, float]]) -> None:
        """Fill an empty set with members that differ, in one go."""
        self.scores.update(pairs)
        ranked = [(score, member) for member, score in self.scores.items()]
        self.ranked = Row(sorted(ranked)) if len(ranked) < LARGE else SortedList(ranked)
        longest = max(map(len, self.scores), default=0)
        config = self.config
        self.is_listpack = (
            len(self.scores) <= config.zset_max_listpack_entries
            and longest <= config.zset_max_listpack_value
        )

    def discard(self, member: bytes) -> bool:
        """Remove a member; whether it was there."""
        score = self.scores.pop(member, None)
        if score is None:
            return False
        if self.kept is not None:
            self.kept.touched[member] = None
        self.ranked.remove((score, member))
        return True

    def rank(self, member: bytes) -> int | None:
        """How many members come before one; None when it is not there."""
        score = self.scores.get(member)
        return None if score is None else self.ranked.bisect_left((score, member))

    def slice(self, start: int, stop: int, *, reverse: bool = False) -> list[tuple[float, bytes]]:
        """Scores and members by rank, from the highest score when `reverse`."""
        if reverse:
            count = len(self.scores)
            return list(self.ranked.islice(max(count - stop, 0), count - start, reverse=True))
        return list(self.ranked.islice(start, stop))

    def before_score(self, score: float, *, including: bool) -> int:
        """How many members have a score below `score`, or up to it when `including`."""
        if not including:
            return int(self.ranked.bisect_left((score,)))
        if score == inf:
            return len(self.scores)
        return int(self.ranked.bisect_left((nextafter(score, inf),)))

    def before_member(self, member: bytes, *, including: bool) -> int:
        """How many members come before `member`, or up to it when `including`, by their bytes alone."""
        if not self.scores:
            return 0
        lowest, highest = self.ranked[0][0], self.ranked[-1][0]
        probe = member + b"\0" if including else member
        if lowest == highest:
            return int(self.ranked.bisect_left((lowest, probe)))
        return next(
            (at for at, (_, other) in enumerate(self.ranked) if other >= probe), len(self.scores)
        )

    def pairs(self) -> Iterator[tuple[float, bytes]]:
        """Scores and members from the lowest score on."""
        return iter(self.ranked)

    def choose(self, random: Random) -> bytes:
        """Draw one member."""
        _, member = self.ranked[random.randrange(len(self.scores))]
        return bytes(member)

    def ordered(self) -> Order:
        """The members by the order of SCAN."""
        if self.order is None:
            self.order = Order(self.scores)
        return self.order

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"listpack" if self.is_listpack else b"skiplist"

    def copy(self) -> "SortedSet":
        """Give a sorted set that shares nothing that can change."""
        twin = SortedSet(self.config)
        twin.scores = self.scores.copy()
        twin.ranked = self.ranked.copy()
        twin.is_listpack = self.is_listpack
        return twin

    def _takes(self, member: bytes) -> bool:
        """Whether the listpack has room for one more."""
        config = self.config
        return (
            len(self.scores) < config.zset_max_listpack_entries
            and len(member) <= config.zset_max_listpack_value
        )
