"""Count-min sketches: CMS.INITBYDIM, INITBYPROB, INCRBY, QUERY, MERGE, INFO; it refuses negative counts."""

from math import ceil, log10

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.newer import SILENT
from dotdo_redis.engine.commands.sketches import sketch_at
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.sketches import CountMinSketch
from dotdo_redis.engine.sketches.counts import HIGHEST
from dotdo_redis.errors import Raw, ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()


def natural(word: bytes, error: str) -> int:
    """Read a positive integer.

    Raises:
        Raw: it is none.
    """
    try:
        number = integer(word)
    except ReplyError:
        number = 0
    if number < 1:
        raise Raw(error)
    return number


def _fraction(word: bytes, error: str) -> float:
    try:
        number = floating(word)
    except ReplyError:
        number = 0
    if not 0 < number < 1:
        raise Raw(error)
    return number


def _create(ctx: Context, key: bytes, width: int, depth: int) -> Reply:
    try:
        ctx.db.put(key, CountMinSketch(width, depth))
    except (MemoryError, OverflowError):
        raise Raw("CMS: Insufficient memory to create the key") from None
    ctx.changed(key, b"cms.init", SILENT)
    return OK


def _refuse_existing(ctx: Context, key: bytes) -> None:
    if ctx.db.find(key) is not None:
        raise Raw("CMS: key already exists")


@FAMILY.command("CMS.INITBYDIM")
def cms_initbydim(ctx: Context, args: list[bytes]) -> Reply:
    """Make a sketch of so many counters in so many rows."""
    expect(ctx, args, 3, 3)
    _refuse_existing(ctx, args[0])
    width = natural(args[1], "CMS: invalid width")
    return _create(ctx, args[0], width, natural(args[2], "CMS: invalid depth"))


@FAMILY.command("CMS.INITBYPROB")
def cms_initbyprob(ctx: Context, args: list[bytes]) -> Reply:
    """Make a sketch that is wrong by so much at most, but for so rare a case."""
    expect(ctx, args, 3, 3)
    _refuse_existing(ctx, args[0])
    error = _fraction(args[1], "CMS: invalid overestimation value")
    probability = _fraction(args[2], "CMS: invalid prob value")
    return _create(ctx, args[0], ceil(2 / error), ceil(log10(probability) / log10(0.5)))


@FAMILY.command("CMS.INCRBY")
def cms_incrby(ctx: Context, args: list[bytes]) -> Reply:
    """Count items; return their counts."""
    expect(ctx, args, 3)
    if len(args) % 2 == 0:
        raise wrong_arity(ctx.command.shown_name)
    sketch = sketch_at(ctx, args[0], CountMinSketch, "CMS")
    amounts = [_amount(word) for word in args[2::2]]
    counts = [sketch.add(item, amount) for item, amount in zip(args[1::2], amounts, strict=True)]
    ctx.changed(args[0], b"cms.incrby", SILENT)
    return [Raw("CMS: INCRBY overflow") if count == HIGHEST else count for count in counts]


def _amount(word: bytes) -> int:
    try:
        amount = integer(word)
    except ReplyError:
        raise Raw("CMS: Cannot parse number") from None
    if amount < 0:
        raise Raw("CMS: Number cannot be negative")
    return amount


@FAMILY.command("CMS.QUERY")
def cms_query(ctx: Context, args: list[bytes]) -> Reply:
    """Tell the counts of items."""
    expect(ctx, args, 2)
    sketch = sketch_at(ctx, args[0], CountMinSketch, "CMS")
    return [sketch.estimate(item) for item in args[1:]]


def _weights(words: list[bytes], count: int) -> list[int]:
    if not words:
        return [1] * count
    if words[0].upper() != b"WEIGHTS":
        raise Raw("CMS: wrong number of keys")
    if len(words) != count + 1:
        raise Raw("CMS: wrong number of keys/weights")
    try:
        return [integer(word) for word in words[1:]]
    except ReplyError:
        raise Raw("CMS: invalid weight value") from None


@FAMILY.command("CMS.MERGE")
def cms_merge(ctx: Context, args: list[bytes]) -> Reply:
    """Make a sketch the weighted sum of others of its size."""
    expect(ctx, args, 3)
    try:
        count = integer(args[1])
    except ReplyError:
        raise Raw("CMS: invalid numkeys") from None
    if count < 1:
        raise Raw("CMS: Number of keys must be positive")
    if len(args) < 2 + count:
        raise Raw("CMS: wrong number of keys")
    weights = _weights(args[2 + count :], count)
    target = sketch_at(ctx, args[0], CountMinSketch, "CMS")
    sources = [sketch_at(ctx, key, CountMinSketch, "CMS") for key in args[2 : 2 + count]]
    if any((one.width, one.depth) != (target.width, target.depth) for one in sources):
        raise Raw("CMS: width/depth is not equal")
    try:
        target.merge(sources, weights)
    except OverflowError:
        raise Raw("CMS: MERGE overflow") from None
    ctx.changed(args[0], b"cms.merge", SILENT)
    return OK


@FAMILY.command("CMS.INFO")
def cms_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a sketch."""
    expect(ctx, args, 1, 1)
    sketch = sketch_at(ctx, args[0], CountMinSketch, "CMS")
    return {
        Status(b"width"): sketch.width,
        Status(b"depth"): sketch.depth,
        Status(b"count"): sketch.count,
    }
