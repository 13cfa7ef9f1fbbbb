"""OBJECT, DUMP and RESTORE: how values are kept and carried over; it refuses their contents."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import GENERIC
from dotdo_redis.engine.rdb import PayloadError, dump, restore
from dotdo_redis.errors import BusyKey, ReplyError, syntax
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()
SHARED = (1 << 31) - 1
SMALL_NUMBERS = frozenset(b"%d" % number for number in range(10_000))
NOT_LFU = (
    "An LFU maxmemory policy is not selected, access frequency not tracked. "
    "Please note that when switching between policies at runtime LRU and LFU data will take "
    "some time to adjust."
)
IS_LFU = (
    "An LFU maxmemory policy is selected, idle time not tracked. "
    "Please note that when switching between policies at runtime LRU and LFU data will take "
    "some time to adjust."
)


@FAMILY.command("OBJECT|ENCODING")
def encoding(ctx: Context, args: list[bytes]) -> Reply:
    """Name the structure that Redis would keep a value in; null without the key."""
    value = ctx.db.peek(args[0])
    return None if value is None else ctx.db.encoding(args[0], value)


@FAMILY.command("OBJECT|REFCOUNT")
def refcount(ctx: Context, args: list[bytes]) -> Reply:
    """Count the references to a value: one, or as many as can be told for the small numbers that Redis shares."""
    value = ctx.db.peek(args[0])
    if value.__class__ is not bytes:
        return None if value is None else 1
    parameters = ctx.engine.instance.parameters
    is_shared = parameters.values["maxmemory"] == "0" or not parameters.values[
        "maxmemory-policy"
    ].endswith(("lru", "lfu"))
    is_number = value in SMALL_NUMBERS and args[0] not in ctx.db.texts
    is_older = not ctx.engine.config.shows(8, 2)
    return SHARED if is_older and is_shared and is_number else 1


@FAMILY.command("OBJECT|IDLETIME")
def idletime(ctx: Context, args: list[bytes]) -> Reply:
    """Tell for how many seconds a key was not read or written."""
    if not ctx.db.live(args[0]):
        return None
    if ctx.engine.config.is_lfu:
        raise ReplyError(IS_LFU)
    return max(0, ctx.now_ms // 1000 - ctx.db.accessed.get(args[0], ctx.engine.started_s))


@FAMILY.command("OBJECT|FREQ")
def freq(ctx: Context, args: list[bytes]) -> Reply:
    """Tell how often a key is used, which only an LFU policy counts."""
    if not ctx.db.live(args[0]):
        return None
    if not ctx.engine.config.is_lfu:
        raise ReplyError(NOT_LFU)
    return ctx.engine.instance.uses.of(ctx.db, args[0])


@FAMILY.command("DUMP")
def dump_key(ctx: Context, args: list[bytes]) -> Reply:
    """Serialise a value with its version and checksum; null without the key."""
    value = ctx.db.find(args[0])
    return None if value is None else dump(value, ctx.engine.config)


class _RestoreOptions:
    """What follows the payload in RESTORE."""

    __slots__ = ("frequency", "idle_s", "is_absolute", "replaces")

    def __init__(self, args: list[bytes]) -> None:
        self.is_absolute = self.replaces = False
        self.idle_s = self.frequency = -1
        words = iter(args)
        for word in words:
            option = word.upper()
            if option == b"REPLACE":
                self.replaces = True
            elif option == b"ABSTTL":
                self.is_absolute = True
            elif option in {b"IDLETIME", b"FREQ"} and (number := next(words, None)) is not None:
                self._read_use(option, integer(number))
            else:
                raise syntax()

    def _read_use(self, option: bytes, number: int) -> None:
        if self.idle_s >= 0 or self.frequency >= 0:
            raise syntax()
        if option == b"IDLETIME":
            if number < 0:
                raise ReplyError("Invalid IDLETIME value, must be >= 0")
            self.idle_s = number
        else:
            if not 0 <= number <= 255:
                raise ReplyError("Invalid FREQ value, must be >= 0 and <= 255")
            self.frequency = number


@FAMILY.command("RESTORE", "RESTORE-ASKING")
def restore_key(ctx: Context, args: list[bytes]) -> Reply:
    """Make a key of a serialised value."""
    key, options, db = args[0], _RestoreOptions(args[3:]), ctx.db
    if not options.replaces and db.find(key) is not None:
        raise BusyKey
    lifetime_ms = integer(args[1])
    if lifetime_ms < 0:
        raise ReplyError("Invalid TTL value, must be >= 0")
    try:
        value = restore(args[2], ctx.engine.config)
    except PayloadError as error:
        raise ReplyError(str(error)) from None
    when_ms = lifetime_ms + (0 if options.is_absolute else ctx.now_ms) if lifetime_ms else None
    is_there = db.find(key) is not None
    db.remove(key)
    if when_ms is not None and when_ms <= ctx.now_ms:
        if is_there:
            ctx.changed(key, b"del", GENERIC)
            ctx.log(b"DEL", key)
        return OK
    db.put(key, value)
    db.adopt(key, value)
    if when_ms is not None:
        db.expire_at(key, when_ms)
    if options.idle_s >= 0:
        db.accessed[key] = ctx.engine.now_s - options.idle_s
    if options.frequency >= 0:
        ctx.engine.instance.uses.set(db, key, options.frequency)
    ctx.changed(key, b"restore", GENERIC)
    ctx.log(b"RESTORE", key, b"%d" % (when_ms or 0), args[2], b"REPLACE", b"ABSTTL")
    return OK
