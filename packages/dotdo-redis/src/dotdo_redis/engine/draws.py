"""Random choice from collections as SRANDMEMBER, HRANDFIELD and ZRANDMEMBER make it; it refuses replies."""

from collections.abc import Callable, Collection
from random import Random

from dotdo_redis.engine.arguments import HIGHEST, bounded
from dotdo_redis.errors import out_of_range

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
