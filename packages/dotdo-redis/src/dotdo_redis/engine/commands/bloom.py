"""Bloom filters: BF.RESERVE, ADD, MADD, INSERT, EXISTS, INFO, dumps in pieces; it refuses deletion, which they do not have."""

from collections.abc import Iterable

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.newer import SILENT, truth
from dotdo_redis.engine.commands.sketches import filter_at
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.sketches import BloomFilter, FilterFull
from dotdo_redis.errors import Raw, ReplyError, WrongType, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
DEFAULT_CAPACITY, DEFAULT_ERROR_RATE, DEFAULT_GROWTH = 100, 0.01, 2
TOO_LARGE = "insufficient memory to create filter"


def present(ctx: Context, key: bytes, items: Iterable[bytes]) -> list[bool]:
    """Which items a filter may hold; none in a key of another type."""
    try:
        found = ctx.db.get(key, BloomFilter)
    except WrongType:
        found = None
    return [found is not None and item in found for item in items]


def make_filter(
    capacity: int, error_rate: float, growth: int, *, scales: bool, error: str = TOO_LARGE
) -> BloomFilter:
    """Make a filter.

    Raises:
        ReplyError: it would be too large.
    """
    try:
        return BloomFilter(capacity, error_rate, growth, scales=scales)
    except (MemoryError, OverflowError):
        raise ReplyError(error) from None


@FAMILY.command("BF.RESERVE")
def bf_reserve(ctx: Context, args: list[bytes]) -> Reply:
    """Make an empty filter for so many items with at most so many false positives."""
    expect(ctx, args, 3, 6)
    error_rate = floating(args[1], "bad error rate")
    if not 0 < error_rate < 1:
        raise ReplyError("(0 < error rate range < 1) ")
    capacity = integer(args[2], "bad capacity")
    if capacity <= 0:
        raise ReplyError("(capacity should be larger than 0)")
    options = [word.upper() for word in args[3:]]
    growth = DEFAULT_GROWTH
    if b"EXPANSION" in options:
        growth = _growth(args[3:], options.index(b"EXPANSION") + 1)
    scales = b"NONSCALING" not in options
    if not scales and b"EXPANSION" in options:
        raise Raw("Nonscaling filters cannot expand")
    if ctx.db.get(args[0], BloomFilter) is not None:
        raise ReplyError("item exists")
    ctx.db.put(args[0], make_filter(capacity, error_rate, growth, scales=scales))
    ctx.changed(args[0], b"bf.reserve", SILENT)
    return OK


def _growth(words: list[bytes], at: int) -> int:
    if at >= len(words):
        raise ReplyError("no expansion")
    growth = integer(words[at], "bad expansion")
    if growth < 1:
        raise ReplyError("expansion should be greater or equal to 1")
    return growth


def _add_all(ctx: Context, key: bytes, items: list[bytes], made: BloomFilter | None) -> list[Reply]:
    """Add items until one is refused; `made` is the filter of a key that is not there."""
    found = ctx.db.get(key, BloomFilter)
    if found is None:
        assert made is not None
        found = made
        ctx.db.put(key, found)
    replies: list[Reply] = []
    for item in items:
        try:
            replies.append(truth(ctx, found.add(item)))
        except FilterFull:
            replies.append(ReplyError("non scaling filter is full"))
            break
        except MemoryError:
            replies.append(ReplyError("problem inserting into filter"))
            break
    ctx.changed(key, b"bf.add", SILENT)
    return replies


def _default(ctx: Context, key: bytes) -> BloomFilter | None:
    if ctx.db.get(key, BloomFilter) is not None:
        return None
    return make_filter(DEFAULT_CAPACITY, DEFAULT_ERROR_RATE, DEFAULT_GROWTH, scales=True)


@FAMILY.command("BF.ADD")
def bf_add(ctx: Context, args: list[bytes]) -> Reply:
    """Add an item; whether it was not there before."""
    expect(ctx, args, 2, 2)
    reply = _add_all(ctx, args[0], args[1:], _default(ctx, args[0]))[0]
    if isinstance(reply, ReplyError):
        raise reply
    return reply


@FAMILY.command("BF.MADD")
def bf_madd(ctx: Context, args: list[bytes]) -> Reply:
    """Add items; of each, whether it was not there before."""
    expect(ctx, args, 2)
    return _add_all(ctx, args[0], args[1:], _default(ctx, args[0]))


_NUMBERS = {b"CAPACITY": "capacity", b"ERROR": "error rate", b"EXPANSION": "expansion"}


class _InsertOptions:
    """What stands between key and items in BF.INSERT."""

    __slots__ = ("capacity", "creates", "error_rate", "growth", "items", "scales")

    def __init__(self, ctx: Context, words: list[bytes]) -> None:
        self.capacity, self.error_rate = DEFAULT_CAPACITY, DEFAULT_ERROR_RATE
        self.growth, self.scales, self.creates = DEFAULT_GROWTH, True, True
        self.items: list[bytes] = []
        rest = iter(words)
        for word in rest:
            option = word.upper()
            if option == b"ITEMS":
                self.items = list(rest)
            elif option == b"NOCREATE":
                self.creates = False
            elif option == b"NONSCALING":
                self.scales = False
            else:
                self._read(option, next(rest, b""))
        if not self.items:
            raise wrong_arity(ctx.command.shown_name)
        if not 0 < self.error_rate < 1 or self.capacity < 1 or self.growth < 1:
            raise Raw("Bad argument received")

    def _read(self, option: bytes, word: bytes) -> None:
        name = _NUMBERS.get(option)
        if name is None:
            raise Raw("Unknown argument received")
        try:
            if option == b"ERROR":
                self.error_rate = floating(word)
            elif option == b"CAPACITY":
                self.capacity = integer(word)
            else:
                self.growth = integer(word)
        except ReplyError:
            raise Raw(f"Bad {name}") from None


@FAMILY.command("BF.INSERT")
def bf_insert(ctx: Context, args: list[bytes]) -> Reply:
    """Add items to a filter that is made as the options say when it is not there."""
    expect(ctx, args, 3)
    options = _InsertOptions(ctx, args[1:])
    made = None
    if ctx.db.get(args[0], BloomFilter) is None:
        if not options.creates:
            raise ReplyError("not found")
        made = make_filter(
            options.capacity, options.error_rate, options.growth, scales=options.scales
        )
    return _add_all(ctx, args[0], options.items, made)


@FAMILY.command("BF.EXISTS")
def bf_exists(ctx: Context, args: list[bytes]) -> Reply:
    """Whether an item may have been added."""
    expect(ctx, args, 2, 2)
    return truth(ctx, present(ctx, args[0], args[1:])[0])


@FAMILY.command("BF.MEXISTS")
def bf_mexists(ctx: Context, args: list[bytes]) -> Reply:
    """Of each item, whether it may have been added."""
    expect(ctx, args, 2)
    return [truth(ctx, one) for one in present(ctx, args[0], args[1:])]


@FAMILY.command("BF.CARD")
def bf_card(ctx: Context, args: list[bytes]) -> Reply:
    """Count the items that were added."""
    expect(ctx, args, 1, 1)
    found = ctx.db.get(args[0], BloomFilter)
    return 0 if found is None else found.size


@FAMILY.command("BF.INFO")
def bf_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a filter, or one of its facts."""
    expect(ctx, args, 1, 2)
    found = filter_at(ctx, args[0], BloomFilter)
    facts: dict[bytes, tuple[bytes, Reply]] = {
        b"CAPACITY": (b"Capacity", found.capacity),
        b"SIZE": (b"Size", found.size_bytes),
        b"FILTERS": (b"Number of filters", len(found.layers)),
        b"ITEMS": (b"Number of items inserted", found.size),
        b"EXPANSION": (b"Expansion rate", found.growth if found.scales else None),
    }
    if len(args) == 1:
        return {Status(name): value for name, value in facts.values()}
    fact = facts.get(args[1].upper())
    if fact is None:
        raise Raw("Invalid information value")
    return {Status(fact[0]): fact[1]} if ctx.resp == 3 else [fact[1]]


@FAMILY.command("BF.SCANDUMP")
def bf_scandump(ctx: Context, args: list[bytes]) -> Reply:
    """Give the next piece of a filter, and where the one after it starts."""
    expect(ctx, args, 2, 2)
    found = filter_at(ctx, args[0], BloomFilter)
    try:
        at = integer(args[1])
    except ReplyError:
        raise Raw("Second argument must be numeric") from None
    if at == 0:
        return [1, found.header()]
    piece = found.piece(at - 1)
    return [at + len(piece) if piece else 0, piece]


@FAMILY.command("BF.LOADCHUNK")
def bf_loadchunk(ctx: Context, args: list[bytes]) -> Reply:
    """Take a piece that BF.SCANDUMP gave."""
    expect(ctx, args, 3, 3)
    at = integer(args[1], "Second argument must be numeric")
    found = ctx.db.get(args[0], BloomFilter)
    try:
        if at == 1 and found is None:
            ctx.db.put(args[0], BloomFilter.from_header(args[2]))
        elif found is None:
            raise ReplyError("not found")
        else:
            found.put(at - 1 - len(args[2]), args[2])
    except ValueError:
        raise ReplyError("received bad data") from None
    ctx.changed(args[0], b"bf.loadchunk", SILENT)
    return OK


@FAMILY.command("BF.DEBUG")
def bf_debug(ctx: Context, args: list[bytes]) -> Reply:
    """Describe the layers of a filter."""
    expect(ctx, args, 1, 1)
    found = filter_at(ctx, args[0], BloomFilter)
    lines = [f"size:{found.size}"]
    lines += [
        f"bytes:{len(one.data)} bits:{one.bits} hashes:{one.hashes} hashwidth:64 "
        f"capacity:{one.entries} size:{one.size} ratio:{one.error_rate:g}"
        for one in found.layers
    ]
    return [line.encode() for line in lines]
