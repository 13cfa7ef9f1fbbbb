"""t-digests: TDIGEST.CREATE, ADD, MERGE, quantiles and ranks; it refuses infinite values."""

from math import isinf, nan

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.newer import SILENT
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.sketches import TDigest
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
DEFAULT_COMPRESSION = 100
HIGHEST_COMPRESSION = 1 << 24


def refused(text: str) -> ReplyError:
    """An error of the family."""
    return ReplyError(f"T-Digest: {text}")


def digest_at(ctx: Context, key: bytes) -> TDigest:
    """The digest at a key.

    Raises:
        ReplyError: there is none, or the key holds another type.
    """
    found = ctx.db.get(key, TDigest)
    if found is None:
        raise refused("key does not exist")
    return found


def _number(word: bytes, name: str) -> float:
    return floating(word, f"T-Digest: error parsing {name}")


def _compression(word: bytes) -> int:
    number = integer(word, "T-Digest: error parsing compression parameter")
    if number < 1:
        raise refused("compression parameter needs to be a positive integer")
    if number > HIGHEST_COMPRESSION:
        raise refused("allocation failed")
    return number


@FAMILY.command("TDIGEST.CREATE")
def tdigest_create(ctx: Context, args: list[bytes]) -> Reply:
    """Make an empty digest."""
    if len(args) not in {1, 3}:
        raise wrong_arity(ctx.command.shown_name)
    if ctx.db.get(args[0], TDigest) is not None:
        raise refused("key already exists")
    compression = DEFAULT_COMPRESSION
    if len(args) == 3:
        if args[1].upper() != b"COMPRESSION":
            raise refused("wrong keyword")
        compression = _compression(args[2])
    ctx.db.put(args[0], TDigest(compression))
    ctx.changed(args[0], b"tdigest.create", SILENT)
    return OK


@FAMILY.command("TDIGEST.RESET")
def tdigest_reset(ctx: Context, args: list[bytes]) -> Reply:
    """Forget all values."""
    expect(ctx, args, 1, 1)
    found = digest_at(ctx, args[0])
    ctx.db.put(args[0], TDigest(int(found.compression)))
    ctx.changed(args[0], b"tdigest.reset", SILENT)
    return OK


@FAMILY.command("TDIGEST.ADD")
def tdigest_add(ctx: Context, args: list[bytes]) -> Reply:
    """Add values, all of them or none."""
    expect(ctx, args, 2)
    found = digest_at(ctx, args[0])
    values = [_number(word, "val parameter") for word in args[1:]]
    if any(map(isinf, values)):
        raise refused("val parameter needs to be a finite number")
    for value in values:
        found.add(value)
    ctx.changed(args[0], b"tdigest.add", SILENT)
    return OK


class _MergeOptions:
    """What follows the destination in TDIGEST.MERGE."""

    __slots__ = ("compression", "overrides", "sources")

    def __init__(self, ctx: Context, words: list[bytes]) -> None:
        count = integer(words[0], "T-Digest: error parsing numkeys")
        if count < 1:
            raise refused("numkeys needs to be a positive integer")
        if len(words) < 1 + count:
            raise wrong_arity(ctx.command.shown_name)
        self.sources = words[1 : 1 + count]
        self.compression: int | None = None
        self.overrides = False
        rest = iter(words[1 + count :])
        for word in rest:
            option = word.upper()
            if option == b"OVERRIDE":
                self.overrides = True
            elif option == b"COMPRESSION":
                number = next(rest, None)
                if number is None:
                    raise wrong_arity(ctx.command.shown_name)
                self.compression = _compression(number)
            else:
                raise refused("wrong keyword")


@FAMILY.command("TDIGEST.MERGE")
def tdigest_merge(ctx: Context, args: list[bytes]) -> Reply:
    """Merge digests into one, which is made when it is not there."""
    expect(ctx, args, 3)
    options = _MergeOptions(ctx, args[1:])
    target = ctx.db.get(args[0], TDigest)
    sources = [digest_at(ctx, key) for key in options.sources]
    if target is not None and not options.overrides:
        sources.insert(0, target)
    highest = max((int(one.compression) for one in sources), default=DEFAULT_COMPRESSION)
    if target is not None and not options.overrides and options.compression is None:
        highest = int(target.compression)
    made = TDigest(options.compression or highest)
    for source in sources:
        made.merge(source)
    ctx.db.put(args[0], made)
    ctx.changed(args[0], b"tdigest.merge", SILENT)
    return OK


@FAMILY.command("TDIGEST.MIN", "TDIGEST.MAX")
def tdigest_extreme(ctx: Context, args: list[bytes]) -> Reply:
    """The lowest or the highest value; NaN without any."""
    expect(ctx, args, 1, 1)
    found = digest_at(ctx, args[0])
    if not found.observations:
        return nan
    return found.lowest if ctx.command.name == "TDIGEST.MIN" else found.highest


@FAMILY.command("TDIGEST.QUANTILE")
def tdigest_quantile(ctx: Context, args: list[bytes]) -> Reply:
    """Of each fraction, the value below which so large a part of the others lies."""
    expect(ctx, args, 2)
    found = digest_at(ctx, args[0])
    fractions = [_number(word, "quantile") for word in args[1:]]
    if any(not 0 <= fraction <= 1 for fraction in fractions):
        raise refused("quantile should be in [0,1]")
    return [found.quantile(fraction) for fraction in fractions]


@FAMILY.command("TDIGEST.CDF")
def tdigest_cdf(ctx: Context, args: list[bytes]) -> Reply:
    """Of each value, the part of the others that lies below it."""
    expect(ctx, args, 2)
    found = digest_at(ctx, args[0])
    return [found.fraction_below(value) for value in [_number(word, "cdf") for word in args[1:]]]


@FAMILY.command("TDIGEST.RANK", "TDIGEST.REVRANK")
def tdigest_rank(ctx: Context, args: list[bytes]) -> Reply:
    """Of each value, how many others lie below it, or above it."""
    expect(ctx, args, 2)
    found = digest_at(ctx, args[0])
    rank = found.rank if ctx.command.name == "TDIGEST.RANK" else found.reverse_rank
    return [rank(value) for value in [_number(word, "value") for word in args[1:]]]


@FAMILY.command("TDIGEST.BYRANK", "TDIGEST.BYREVRANK")
def tdigest_byrank(ctx: Context, args: list[bytes]) -> Reply:
    """The values of ranks, counted from the lowest or the highest."""
    expect(ctx, args, 2)
    found = digest_at(ctx, args[0])
    ranks = [integer(word, "T-Digest: error parsing rank") for word in args[1:]]
    if any(rank < 0 for rank in ranks):
        raise refused("rank needs to be non negative")
    if ctx.command.name == "TDIGEST.BYRANK":
        return [found.by_rank(rank) for rank in ranks]
    return [found.by_reverse_rank(rank) for rank in ranks]


@FAMILY.command("TDIGEST.TRIMMED_MEAN")
def tdigest_trimmed_mean(ctx: Context, args: list[bytes]) -> Reply:
    """The mean of the values between two quantiles."""
    expect(ctx, args, 3, 3)
    found = digest_at(ctx, args[0])
    low, high = _number(args[1], "low_cut_percentile"), _number(args[2], "high_cut_percentile")
    if not (0 <= low <= 1 and 0 <= high <= 1):
        raise refused("low_cut_percentile and high_cut_percentile should be in [0,1]")
    if low >= high:
        raise refused("low_cut_percentile should be lower than high_cut_percentile")
    return found.trimmed_mean(low, high)


@FAMILY.command("TDIGEST.INFO")
def tdigest_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a digest."""
    expect(ctx, args, 1, 1)
    found = digest_at(ctx, args[0])
    return {
        Status(b"Compression"): int(found.compression),
        Status(b"Capacity"): found.capacity,
        Status(b"Merged nodes"): found.merged,
        Status(b"Unmerged nodes"): len(found.means) - found.merged,
        Status(b"Merged weight"): found.merged_weight,
        Status(b"Unmerged weight"): found.unmerged_weight,
        Status(b"Observations"): found.observations,
        Status(b"Total compressions"): found.compressions,
        Status(b"Memory usage"): found.size_bytes,
    }
