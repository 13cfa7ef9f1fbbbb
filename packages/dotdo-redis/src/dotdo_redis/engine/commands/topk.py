"""The most frequent items: TOPK.RESERVE, ADD, INCRBY, QUERY, COUNT, LIST, INFO; it refuses exact counts."""

from collections.abc import Callable
from random import Random

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.count_min import natural
from dotdo_redis.engine.commands.newer import SILENT, truth
from dotdo_redis.engine.commands.sketches import sketch_at
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.sketches import TopK
from dotdo_redis.errors import Raw, ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
DEFAULT_WIDTH, DEFAULT_DEPTH, DEFAULT_DECAY = 8, 7, 0.9
LARGEST_INCREMENT = 100_000
BAD_INCREMENT = (
    "TopK: increment must be an integer greater or equal to 0"
    "                            and smaller or equal to 100,000"
)


def _decay(word: bytes) -> float:
    try:
        decay = floating(word)
    except ReplyError:
        decay = 0
    if not 0 < decay <= 1:
        raise Raw("TopK: invalid decay value. must be '<= 1' & '> 0'")
    return decay


@FAMILY.command("TOPK.RESERVE")
def topk_reserve(ctx: Context, args: list[bytes]) -> Reply:
    """Make an empty sketch that keeps so many items."""
    if len(args) not in {2, 5}:
        raise wrong_arity(ctx.command.shown_name)
    if ctx.db.find(args[0]) is not None:
        raise Raw("TopK: key already exists")
    k = natural(args[1], "TopK: invalid k")
    width, depth, decay = DEFAULT_WIDTH, DEFAULT_DEPTH, DEFAULT_DECAY
    if len(args) == 5:
        width = natural(args[2], "TopK: invalid width")
        depth = natural(args[3], "TopK: invalid depth")
        decay = _decay(args[4])
    try:
        ctx.db.put(args[0], TopK(k, width, depth, decay))
    except (MemoryError, OverflowError):
        raise Raw("TopK: Insufficient memory to create topk data structure") from None
    ctx.changed(args[0], b"topk.reserve", SILENT)
    return OK


def _chance(ctx: Context) -> Callable[[], float]:
    """Draws that are the same when the log is replayed, which keeps each record's time."""
    return Random(ctx.engine.now_us).random  # noqa: S311 - nothing is secret here


@FAMILY.command("TOPK.ADD")
def topk_add(ctx: Context, args: list[bytes]) -> Reply:
    """Count items; of each, the item it expelled."""
    expect(ctx, args, 2)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    chance = _chance(ctx)
    expelled = [sketch.add(item, 1, chance) for item in args[1:]]
    ctx.changed(args[0], b"topk.add", SILENT)
    return expelled


def _amount(word: bytes) -> int | None:
    try:
        amount = integer(word)
    except ReplyError:
        return None
    return amount if 0 <= amount <= LARGEST_INCREMENT else None


@FAMILY.command("TOPK.INCRBY")
def topk_incrby(ctx: Context, args: list[bytes]) -> Reply:
    """Count items several times; of each, the item it expelled."""
    expect(ctx, args, 3)
    if len(args) % 2 == 0:
        raise wrong_arity(ctx.command.shown_name)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    chance = _chance(ctx)
    replies: list[Reply] = []
    for item, word in zip(args[1::2], args[2::2], strict=True):
        amount = _amount(word)
        if amount is None:
            replies.append(Raw(BAD_INCREMENT))
            break
        replies.append(sketch.add(item, amount, chance))
    ctx.changed(args[0], b"topk.incrby", SILENT)
    return replies


@FAMILY.command("TOPK.QUERY")
def topk_query(ctx: Context, args: list[bytes]) -> Reply:
    """Of each item, whether it is among the most frequent ones."""
    expect(ctx, args, 2)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    return [truth(ctx, item in sketch) for item in args[1:]]


@FAMILY.command("TOPK.COUNT")
def topk_count(ctx: Context, args: list[bytes]) -> Reply:
    """Estimate the counts of items."""
    expect(ctx, args, 2)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    return [sketch.estimate(item) for item in args[1:]]


@FAMILY.command("TOPK.LIST")
def topk_list(ctx: Context, args: list[bytes]) -> Reply:
    """The most frequent items, with their counts if asked for."""
    expect(ctx, args, 1, 2)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    if len(args) == 1:
        return [item for item, _count in sketch.listed()]
    if args[1].upper() != b"WITHCOUNT":
        raise Raw("WITHCOUNT keyword expected")
    return [part for pair in sketch.listed() for part in pair]


@FAMILY.command("TOPK.INFO")
def topk_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a sketch."""
    expect(ctx, args, 1, 1)
    sketch = sketch_at(ctx, args[0], TopK, "TopK")
    return {
        Status(b"k"): sketch.k,
        Status(b"width"): sketch.width,
        Status(b"depth"): sketch.depth,
        Status(b"decay"): sketch.decay,
    }
