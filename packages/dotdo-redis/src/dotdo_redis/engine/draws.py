"""Random choice from collections, as SRANDMEMBER and its like make it and as eviction does; it refuses replies."""

from collections.abc import Callable, Collection, Mapping
from random import Random

from dotdo_redis.engine.arguments import HIGHEST, bounded
from dotdo_redis.errors import out_of_range

FEW, TURNS = 64, 16
"""A snapshot is taken anew after FEW draws and one for each TURNS of its keys, which costs each draw a bounded time."""
DENSE = 3
"""Below this many elements per wanted one, drawing and looking twice costs more than shuffling all."""


def read_count(word: bytes, *, doubled: bool) -> int:
    """Read how many are wanted.

    Raises:
        ReplyError: not an integer, or (each being told with its value) beyond half the range.
    """
    error = f"value is out of range, value must between {-HIGHEST} and {HIGHEST}"
    count = bounded(word, -HIGHEST, HIGHEST, error)
    if doubled and not -(HIGHEST // 2) <= count <= HIGHEST // 2:
        raise out_of_range()
    return count


def draw(
    random: Random, elements: Collection[bytes], count: int, choose: Callable[[Random], bytes]
) -> list[bytes]:
    """Draw `-count` elements with repetition, or up to `count` that differ."""
    if count < 0:
        if -count > len(elements):
            pool = list(elements)
            return [random.choice(pool) for _ in range(-count)]
        return [choose(random) for _ in range(-count)]
    if count >= len(elements):
        return list(elements)
    if count * DENSE > len(elements):
        return random.sample(list(elements), count)
    drawn: dict[bytes, None] = {}
    while len(drawn) < count:
        drawn[choose(random)] = None
    return list(drawn)


class Draws:
    """Keys of a table that changes, drawn from a snapshot which is taken anew now and then.

    Args:
        random: what is drawn from.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._table: Mapping[bytes, object] | None = None
        self._keys: list[bytes] = []
        self._left = 0

    def some(self, table: Mapping[bytes, object], count: int) -> list[bytes]:
        """Draw up to `count` keys that are in the table, perhaps some of them twice."""
        drawn: list[bytes] = []
        while table and len(drawn) < min(count, len(table)):
            if self._left <= 0 or table is not self._table or not self._keys:
                self._table, self._keys = table, list(table)
                self._left = FEW + len(self._keys) // TURNS
            self._left -= 1
            at = self._random.randrange(len(self._keys))
            key = self._keys[at]
            if key in table:
                drawn.append(key)
            else:
                self._keys[at] = self._keys[-1]
                self._keys.pop()
        return drawn
