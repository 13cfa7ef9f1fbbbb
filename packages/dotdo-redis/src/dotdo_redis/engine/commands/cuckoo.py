"""Cuckoo filters: CF.RESERVE, ADD, INSERT, EXISTS, COUNT, DEL, INFO, dumps in pieces; it refuses weights."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.newer import SILENT, truth
from dotdo_redis.engine.commands.sketches import filter_at
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.sketches import CuckooFilter
from dotdo_redis.engine.sketches.cuckoo import TooManyTables
from dotdo_redis.errors import Raw, ReplyError, WrongType, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
DEFAULT_CAPACITY, DEFAULT_SLOTS, DEFAULT_TRIES, DEFAULT_EXPANSION = 1024, 2, 20, 1
BOUNDS = {b"BUCKETSIZE": (1, 255), b"MAXITERATIONS": (1, 65535), b"EXPANSION": (0, 32768)}
FULL = "Filter is full"


def filter_or_none(ctx: Context, key: bytes) -> CuckooFilter | None:
    """The filter at a key; None also when it holds another type."""
    try:
        return ctx.db.get(key, CuckooFilter)
    except WrongType:
        return None


def make_filter(
    capacity: int,
    slots: int = DEFAULT_SLOTS,
    tries: int = DEFAULT_TRIES,
    expansion: int = DEFAULT_EXPANSION,
) -> CuckooFilter:
    """Make a filter.

    Raises:
        Raw: it would be too small or too large.
    """
    if slots * 2 > capacity:
        raise Raw("Capacity must be at least (BucketSize * 2)")
    try:
        return CuckooFilter(capacity, slots, tries, expansion)
    except (MemoryError, OverflowError):
        raise Raw("Couldn't create Cuckoo Filter") from None


def _option(words: list[bytes], name: bytes, default: int) -> int:
    names = [word.upper() for word in words]
    if name not in names:
        return default
    at = names.index(name) + 1
    shown = name.decode()
    try:
        number = integer(words[at] if at < len(words) else b"")
    except ReplyError:
        raise Raw(f"Couldn't parse {shown}") from None
    low, high = BOUNDS[name]
    if not low <= number <= high:
        raise Raw(f"{shown}: value must be an integer between {low} and {high}, inclusive.")
    return number


@FAMILY.command("CF.RESERVE")
def cf_reserve(ctx: Context, args: list[bytes]) -> Reply:
    """Make an empty filter for so many items."""
    expect(ctx, args, 2)
    if len(args) % 2:
        raise wrong_arity(ctx.command.shown_name)
    try:
        capacity = integer(args[1])
    except ReplyError:
        raise Raw("Bad capacity") from None
    tries = _option(args[2:], b"MAXITERATIONS", DEFAULT_TRIES)
    slots = _option(args[2:], b"BUCKETSIZE", DEFAULT_SLOTS)
    expansion = _option(args[2:], b"EXPANSION", DEFAULT_EXPANSION)
    if slots * 2 > capacity:
        raise Raw("Capacity must be at least (BucketSize * 2)")
    if ctx.db.get(args[0], CuckooFilter) is not None:
        raise ReplyError("item exists")
    ctx.db.put(args[0], make_filter(capacity, slots, tries, expansion))
    ctx.changed(args[0], b"cf.reserve", SILENT)
    return OK


def _filter_to_write(ctx: Context, key: bytes, capacity: int) -> CuckooFilter:
    found = ctx.db.get(key, CuckooFilter)
    if found is None:
        found = make_filter(capacity)
        ctx.db.put(key, found)
    return found


def _add(found: CuckooFilter, item: bytes, *, only_new: bool) -> int:
    """1 when the item was added, 0 when it was there and only new ones are wanted, -1 when there is no room."""
    if only_new and item in found:
        return 0
    try:
        return 1 if found.add(item) else -1
    except TooManyTables:
        raise Raw("Maximum expansions reached") from None


@FAMILY.command("CF.ADD", "CF.ADDNX")
def cf_add(ctx: Context, args: list[bytes]) -> Reply:
    """Add an item; with NX only one that is not there."""
    expect(ctx, args, 2, 2)
    found = _filter_to_write(ctx, args[0], DEFAULT_CAPACITY)
    added = _add(found, args[1], only_new=ctx.command.name == "CF.ADDNX")
    ctx.changed(args[0], b"cf.add", SILENT)
    if added < 0:
        raise Raw(FULL)
    return truth(ctx, bool(added))


class _InsertOptions:
    """What stands between key and items in CF.INSERT."""

    __slots__ = ("capacity", "creates", "items")

    def __init__(self, ctx: Context, words: list[bytes]) -> None:
        self.capacity, self.creates = DEFAULT_CAPACITY, True
        self.items: list[bytes] = []
        rest = iter(words)
        for word in rest:
            option = word.upper()
            if option == b"ITEMS":
                self.items = list(rest)
            elif option == b"NOCREATE":
                self.creates = False
            elif option == b"CAPACITY":
                try:
                    self.capacity = integer(next(rest, b""))
                except ReplyError:
                    raise Raw("Bad capacity") from None
            else:
                raise Raw("Unknown argument received")
        if not self.items:
            raise wrong_arity(ctx.command.shown_name)


@FAMILY.command("CF.INSERT", "CF.INSERTNX")
def cf_insert(ctx: Context, args: list[bytes]) -> Reply:
    """Add items; of each 1, 0 when it was there and only new ones are wanted, -1 when there is no room."""
    expect(ctx, args, 3)
    options = _InsertOptions(ctx, args[1:])
    if ctx.db.get(args[0], CuckooFilter) is None and not options.creates:
        raise ReplyError("not found")
    found = _filter_to_write(ctx, args[0], options.capacity)
    only_new = ctx.command.name == "CF.INSERTNX"
    added = [_add(found, item, only_new=only_new) for item in options.items]
    ctx.changed(args[0], b"cf.insert", SILENT)
    if only_new or ctx.resp != 3:
        return list(added)
    return [one > 0 for one in added]


@FAMILY.command("CF.EXISTS")
def cf_exists(ctx: Context, args: list[bytes]) -> Reply:
    """Whether an item may be there."""
    expect(ctx, args, 2, 2)
    found = filter_or_none(ctx, args[0])
    return truth(ctx, found is not None and args[1] in found)


@FAMILY.command("CF.MEXISTS")
def cf_mexists(ctx: Context, args: list[bytes]) -> Reply:
    """Of each item, whether it may be there."""
    expect(ctx, args, 2)
    found = filter_or_none(ctx, args[0])
    return [truth(ctx, found is not None and item in found) for item in args[1:]]


@FAMILY.command("CF.COUNT")
def cf_count(ctx: Context, args: list[bytes]) -> Reply:
    """Count how often an item may be there."""
    expect(ctx, args, 2, 2)
    found = filter_or_none(ctx, args[0])
    return 0 if found is None else found.count(args[1])


@FAMILY.command("CF.DEL")
def cf_del(ctx: Context, args: list[bytes]) -> Reply:
    """Take an item away once; whether it was there."""
    expect(ctx, args, 2, 2)
    found = filter_or_none(ctx, args[0])
    if found is None:
        raise Raw("Not found")
    is_gone = found.delete(args[1])
    if is_gone:
        ctx.changed(args[0], b"cf.del", SILENT)
    return truth(ctx, is_gone)


@FAMILY.command("CF.COMPACT")
def cf_compact(ctx: Context, args: list[bytes]) -> Reply:
    """Move items into earlier tables."""
    expect(ctx, args, 1, 1)
    found = filter_or_none(ctx, args[0])
    if found is None:
        raise Raw("Cuckoo filter was not found")
    found.compact(goes_on=True)
    ctx.changed(args[0], b"cf.compact", SILENT)
    return OK


@FAMILY.command("CF.INFO")
def cf_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a filter."""
    expect(ctx, args, 1, 1)
    found = filter_at(ctx, args[0], CuckooFilter)
    return {
        Status(b"Size"): found.size_bytes,
        Status(b"Number of buckets"): found.buckets,
        Status(b"Number of filters"): len(found.tables),
        Status(b"Number of items inserted"): found.inserted,
        Status(b"Number of items deleted"): found.deleted,
        Status(b"Bucket size"): found.slots,
        Status(b"Expansion rate"): found.expansion,
        Status(b"Max iterations"): found.tries,
    }


@FAMILY.command("CF.SCANDUMP")
def cf_scandump(ctx: Context, args: list[bytes]) -> Reply:
    """Give the next piece of a filter, and where the one after it starts."""
    expect(ctx, args, 2, 2)
    try:
        at = integer(args[1])
    except ReplyError:
        raise Raw("Invalid position") from None
    found = filter_at(ctx, args[0], CuckooFilter)
    if at == 0:
        return [1, found.header()]
    piece = found.piece(at - 1)
    return [at + len(piece), piece] if piece else [0, None]


@FAMILY.command("CF.LOADCHUNK")
def cf_loadchunk(ctx: Context, args: list[bytes]) -> Reply:
    """Take a piece that CF.SCANDUMP gave."""
    expect(ctx, args, 3, 3)
    try:
        at = integer(args[1])
    except ReplyError:
        at = 0
    if at <= 0:
        raise Raw("Invalid position")
    try:
        if at == 1:
            ctx.db.put(args[0], CuckooFilter.from_header(args[2]))
        else:
            filter_at(ctx, args[0], CuckooFilter).put(at - 1 - len(args[2]), args[2])
    except ValueError:
        raise Raw("Invalid header" if at == 1 else "Couldn't load chunk!") from None
    ctx.changed(args[0], b"cf.loadchunk", SILENT)
    return OK


@FAMILY.command("CF.DEBUG")
def cf_debug(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a filter in one line."""
    expect(ctx, args, 1, 1)
    found = filter_at(ctx, args[0], CuckooFilter)
    return (
        f"bktsize:{found.slots} buckets:{found.buckets} items:{found.inserted} "
        f"deletes:{found.deleted} filters:{len(found.tables)} "
        f"max_iterations:{found.tries} expansion:{found.expansion}"
    ).encode()
