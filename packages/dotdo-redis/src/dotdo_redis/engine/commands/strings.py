"""Strings as values: GET, SET and their kin; it refuses counting and editing, which are in `numbers` and `ranges`."""

from dotdo_redis.engine.arguments import HIGHEST, integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import GENERIC, MISS, STRING
from dotdo_redis.errors import ReplyError, syntax, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()

EXPIRY_OPTIONS = {
    b"EX": (1000, True),
    b"PX": (1, True),
    b"EXAT": (1000, False),
    b"PXAT": (1, False),
}
"""Option -> milliseconds per unit, and whether it counts from now."""


def bulk(value: bytes | bytearray | None) -> bytes | None:
    """A string value as a reply: an edited one is copied, for it will change."""
    return bytes(value) if value.__class__ is bytearray else value  # type: ignore[return-value]  # bytes or None


def deadline_ms(ctx: Context, option: bytes, word: bytes) -> int:
    """Read the time of an expiry option as milliseconds since 1970.

    Raises:
        ReplyError: not an integer, or not a time to come that 64 bits hold.
    """
    unit, is_relative = EXPIRY_OPTIONS[option]
    number = integer(word)
    when = number * unit + (ctx.now_ms if is_relative else 0)
    if number <= 0 or when > HIGHEST:
        raise ReplyError(f"invalid expire time in '{ctx.command.shown_name}' command")
    return when


@FAMILY.command("GET")
def get(ctx: Context, args: list[bytes]) -> Reply:
    """Read a string."""
    value = ctx.db.string(args[0])
    return bytes(value) if value.__class__ is bytearray else value


class _SetOptions:
    """What follows the value in SET."""

    __slots__ = ("condition", "keeps_ttl", "wants_old", "when_ms")

    def __init__(self, ctx: Context, args: list[bytes]) -> None:
        self.condition = b""
        self.keeps_ttl = self.wants_old = False
        self.when_ms: int | None = None
        expiry: tuple[bytes, bytes] | None = None
        words = iter(args)
        for word in words:
            option = word.upper()
            if option in {b"NX", b"XX"} and self.condition in {b"", option}:
                self.condition = option
            elif option == b"GET":
                self.wants_old = True
            elif option == b"KEEPTTL" and expiry is None:
                self.keeps_ttl = True
            elif (
                option in EXPIRY_OPTIONS
                and not self.keeps_ttl
                and (expiry or (option,))[0] == option
            ):
                amount = next(words, None)
                if amount is None:
                    raise syntax()
                expiry = option, amount
            else:
                raise syntax()
        if expiry is not None:
            self.when_ms = deadline_ms(ctx, *expiry)


@FAMILY.command("SET")
def set_(ctx: Context, args: list[bytes]) -> Reply:
    """Set a string, whatever the key held, under conditions and with a time to live."""
    key, value = args[0], args[1]
    if len(args) == 2:
        ctx.db.replace(key, value)
        ctx.changed(key, b"set", STRING)
        return OK
    options = _SetOptions(ctx, args[2:])
    db = ctx.db
    old = bulk(db.string(key)) if options.wants_old else None
    if options.wants_old and old is None:
        ctx.notify(key, b"keymiss", MISS)
    if options.condition and (db.find(key) is None) != (options.condition == b"NX"):
        return old
    if options.keeps_ttl:
        db.find(key)  # a time that is over is not kept
        db.put(key, value)
        ctx.changed(key, b"set", STRING)
    else:
        store(ctx, key, value, options.when_ms)
    return old if options.wants_old else OK


def store(ctx: Context, key: bytes, value: bytes, when_ms: int | None) -> None:
    """Set a string with its time to live and tell about both."""
    db = ctx.db
    db.replace(key, value)
    ctx.changed(key, b"set", STRING)
    if when_ms is not None:
        db.expire_at(key, when_ms)
        ctx.notify(key, b"expire", GENERIC)
        ctx.log(b"SET", key, value, b"PXAT", b"%d" % when_ms)


def delete_instead(ctx: Context, key: bytes) -> None:
    """Delete a key that was given a time already over."""
    if ctx.db.find(key) is not None:
        ctx.db.remove(key)
        ctx.changed(key, b"del", GENERIC)
        ctx.log(b"DEL", key)


@FAMILY.command("SETNX")
def setnx(ctx: Context, args: list[bytes]) -> Reply:
    """Set a string unless the key is there."""
    if ctx.db.find(args[0]) is not None:
        return 0
    store(ctx, args[0], args[1], None)
    return 1


@FAMILY.command("SETEX", "PSETEX")
def setex(ctx: Context, args: list[bytes]) -> Reply:
    """Set a string with a time to live."""
    option = b"PX" if ctx.command.name == "PSETEX" else b"EX"
    store(ctx, args[0], args[2], deadline_ms(ctx, option, args[1]))
    return OK


@FAMILY.command("GETSET")
def getset(ctx: Context, args: list[bytes]) -> Reply:
    """Set a string and return what it was."""
    old = bulk(ctx.db.string(args[0]))
    store(ctx, args[0], args[1], None)
    return old


@FAMILY.command("GETDEL")
def getdel(ctx: Context, args: list[bytes]) -> Reply:
    """Read a string and delete it."""
    old = bulk(ctx.db.string(args[0]))
    if old is not None:
        ctx.db.remove(args[0])
        ctx.changed(args[0], b"del", GENERIC)
        ctx.log(b"DEL", args[0])
    return old


def _time_option(words: list[bytes]) -> tuple[bytes, bytes]:
    """Read the one option of GETEX, which may stand there again: its name, and the number of its last place."""
    chosen = number = b""
    rest = iter(words)
    for word in rest:
        option = word.upper()
        if chosen not in {b"", option} or (option != b"PERSIST" and option not in EXPIRY_OPTIONS):
            raise syntax()
        chosen = option
        if option != b"PERSIST":
            amount = next(rest, None)
            if amount is None:
                raise syntax()
            number = amount
    return chosen, number


@FAMILY.command("GETEX")
def getex(ctx: Context, args: list[bytes]) -> Reply:
    """Read a string and change its time to live."""
    key = args[0]
    option, word = _time_option(args[1:])
    value = bulk(ctx.db.string(key))
    if value is None or not option:
        return value
    if option == b"PERSIST":
        if ctx.db.persist(key):
            ctx.changed(key, b"persist", GENERIC)
            ctx.log(b"PERSIST", key)
        return value
    when_ms = deadline_ms(ctx, option, word)
    if when_ms <= ctx.now_ms:
        delete_instead(ctx, key)
    else:
        ctx.db.expire_at(key, when_ms)
        ctx.changed(key, b"expire", GENERIC)
        ctx.log(b"PEXPIREAT", key, b"%d" % when_ms)
    return value


@FAMILY.command("MGET")
def mget(ctx: Context, args: list[bytes]) -> Reply:
    """Read several strings; null where a key is missing or is no string."""
    found = [ctx.db.find(key) for key in args]
    return [bulk(value) if isinstance(value, bytes | bytearray) else None for value in found]


@FAMILY.command("MSET", "MSETNX")
def mset(ctx: Context, args: list[bytes]) -> Reply:
    """Set several strings at once; MSETNX only when none of the keys is there."""
    if len(args) % 2:
        raise wrong_arity(ctx.command.shown_name)
    is_conditional = ctx.command.name == "MSETNX"
    if is_conditional and any(ctx.db.find(key) is not None for key in args[::2]):
        return 0
    for key, value in zip(args[::2], args[1::2], strict=True):
        store(ctx, key, value, None)
    return 1 if is_conditional else OK
