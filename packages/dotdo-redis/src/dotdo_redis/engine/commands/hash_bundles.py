"""Fields of hashes with their times to live in one call (8.0): HGETDEL, HGETEX, HSETEX; it refuses those of keys."""

from dotdo_redis.engine.arguments import HIGHEST, bounded, integer
from dotdo_redis.engine.commands.hash_expiry import LATEST_MS, counted_fields
from dotdo_redis.engine.commands.strings import EXPIRY_OPTIONS
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import HASH
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
_TIMED = frozenset({*EXPIRY_OPTIONS, b"PERSIST"})
ONE_TIME = "Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
ONE_CONDITION = "Only one of FXX or FNX arguments can be specified"


def _moment_ms(ctx: Context, option: bytes, word: bytes) -> int:
    unit, is_relative = EXPIRY_OPTIONS[option]
    number = integer(word)
    if number < 0:
        raise ReplyError("invalid expire time, must be >= 0")
    when_ms = number * unit + (ctx.now_ms if is_relative else 0)
    if when_ms > LATEST_MS:
        raise ReplyError(f"invalid expire time in '{ctx.command.shown_name}' command")
    return when_ms


@FAMILY.command("HGETDEL")
def hgetdel(ctx: Context, args: list[bytes]) -> Reply:
    """Read fields and delete them; null for those that are not there."""
    value = ctx.db.get(args[0], Hash)
    fields = counted_fields(args[1:])
    if value is None:
        return [None] * len(fields)
    found: list[Reply] = []
    for field in fields:
        found.append(value.fields.get(field))
        value.discard(field)
    gone = sum(one is not None for one in found)
    if gone:
        ctx.changed(args[0], b"hdel", HASH, gone)
        ctx.discard_empty(args[0], value)
    return found


@FAMILY.command("HGETEX")
def hgetex(ctx: Context, args: list[bytes]) -> Reply:
    """Read fields and give them a time to live, or for ever; null for those that are not there."""
    value = ctx.db.get(args[0], Hash)
    option, at, when_ms = args[1].upper(), 1, None
    if option in EXPIRY_OPTIONS:
        when_ms, at = _moment_ms(ctx, option, args[2]), 3
    elif option == b"PERSIST":
        at = 2
    fields = counted_fields(args[at:])
    if value is None:
        return [None] * len(fields)
    found: list[Reply] = [value.fields.get(field) for field in fields]
    present = [field for field in dict.fromkeys(fields) if field in value.fields]
    if args[1].upper() in _TIMED:
        value.make_room_for_times()
    if when_ms is not None:
        _give(ctx, args[0], value, present, when_ms)
    elif option == b"PERSIST":
        kept = [field for field in present if value.expires.pop(field, None) is not None]
        if kept:
            ctx.changed(args[0], b"hpersist", HASH, len(kept))
            ctx.log(b"HPERSIST", args[0], b"FIELDS", b"%d" % len(kept), *kept)
    return found


def _give(ctx: Context, key: bytes, value: Hash, fields: list[bytes], when_ms: int) -> None:
    """Let fields that are there be gone at a moment; at once when it is over."""
    if not fields:
        return
    count = b"%d" % len(fields)
    if when_ms <= ctx.now_ms:
        for field in fields:
            value.discard(field)
        ctx.changed(key, b"hdel", HASH, len(fields))
        ctx.log(b"HDEL", key, *fields)
        ctx.discard_empty(key, value)
        return
    for field in fields:
        value.expire_at(field, when_ms)
    ctx.db.field_deadlines.add(when_ms, key)
    ctx.changed(key, b"hexpire", HASH, len(fields))
    ctx.log(b"HPEXPIREAT", key, b"%d" % when_ms, b"FIELDS", count, *fields)


class _SetOptions:
    """What stands behind the key in HSETEX."""

    def __init__(self, ctx: Context, args: list[bytes]) -> None:
        self.condition = b""
        self.when_ms: int | None = None
        self.keeps = False
        self.pairs: list[bytes] = []
        at = 0
        while at < len(args):
            option = args[at].upper()
            if option == b"FIELDS" and at + 3 < len(args):
                at = self._take_pairs(ctx, args, at + 1)
            elif option in {b"FXX", b"FNX"}:
                if self.condition:
                    raise ReplyError(ONE_CONDITION)
                self.condition = option
            elif option == b"KEEPTTL" or (option in EXPIRY_OPTIONS and at + 1 < len(args)):
                at = self._take_time(ctx, args, at, option)
            else:
                raise ReplyError(f"unknown argument: {args[at].decode('utf-8', 'replace')}")
            at += 1
        if not self.pairs:
            raise wrong_arity(ctx.command.shown_name)

    def _take_pairs(self, ctx: Context, args: list[bytes], at: int) -> int:
        error = "invalid number of fields"
        count = bounded(args[at], 1, HIGHEST, error) if args[at].isdigit() else 0
        if count < 1:
            raise ReplyError(error)
        if self.pairs or len(args) - at - 1 != count * 2:
            raise wrong_arity(ctx.command.shown_name)
        self.pairs = args[at + 1 :]
        return len(args)

    def _take_time(self, ctx: Context, args: list[bytes], at: int, option: bytes) -> int:
        if self.keeps or self.when_ms is not None:
            raise ReplyError(ONE_TIME)
        if option == b"KEEPTTL":
            self.keeps = True
            return at
        self.when_ms = _moment_ms(ctx, option, args[at + 1])
        return at + 1


@FAMILY.command("HSETEX")
def hsetex(ctx: Context, args: list[bytes]) -> Reply:
    """Set fields with a time to live, all of them or, where a condition does not hold, none; whether they were set."""
    key, options = args[0], _SetOptions(ctx, args[1:])
    when_ms = options.when_ms
    value = ctx.db.get(key, Hash)
    fields = options.pairs[::2]
    present = set() if value is None else {field for field in fields if field in value.fields}
    if (options.condition == b"FXX" and len(present) < len(set(fields))) or (
        options.condition == b"FNX" and present
    ):
        return 0
    if value is None:
        value = Hash(ctx.engine.config)
        ctx.db.put(key, value)
    keep = value.edit if options.keeps else value.set
    for field, text in zip(fields, options.pairs[1::2], strict=True):
        keep(field, text)
    ctx.changed(key, b"hset", HASH, len(fields))
    ctx.log(
        b"HSETEX",
        key,
        *((b"KEEPTTL",) if options.keeps else ()),
        b"FIELDS",
        b"%d" % len(fields),
        *options.pairs,
    )
    if when_ms is not None:
        value.make_room_for_times()
        _give(ctx, key, value, list(dict.fromkeys(fields)), when_ms)
    return 1
