"""Strings as numbers: counting up and down; it refuses bits."""

from dotdo_redis.engine.arguments import HIGHEST, LOWEST, integer, is_integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.long_double import add
from dotdo_redis.engine.notifications import STRING
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()


def added(number: int, increment: int) -> int:
    """Add within 64 bits.

    Raises:
        ReplyError: the sum does not fit.
    """
    total = number + increment
    if not LOWEST <= total <= HIGHEST:
        raise overflow()
    return total


def overflow() -> ReplyError:
    """A sum beyond 64 bits."""
    return ReplyError("increment or decrement would overflow")


def count(ctx: Context, key: bytes, increment: int) -> int:
    """Add to the number at a key, which is 0 when there is none."""
    db = ctx.db
    value = db.string(key)
    total = (0 if value is None else integer(value)) + increment
    if not LOWEST <= total <= HIGHEST:
        raise overflow()
    text = b"%d" % total
    if value is None:
        db.put(key, text)
    else:
        if db.texts:
            db.texts.discard(key)
        db.keys[key] = text
    ctx.changed(key, b"incrby", STRING)
    return total


@FAMILY.command("INCR", "INCRBY")
def incrby(ctx: Context, args: list[bytes]) -> Reply:
    """Count up."""
    return count(ctx, args[0], 1 if len(args) == 1 or args[1] == b"1" else integer(args[1]))


@FAMILY.command("DECR", "DECRBY")
def decrby(ctx: Context, args: list[bytes]) -> Reply:
    """Count down."""
    decrement = integer(args[1]) if len(args) > 1 else 1
    if decrement == LOWEST:
        raise ReplyError("decrement would overflow")
    return count(ctx, args[0], -decrement)


@FAMILY.command("INCRBYFLOAT")
def incrbyfloat(ctx: Context, args: list[bytes]) -> Reply:
    """Add a number with a fraction, in long double."""
    key = args[0]
    value = ctx.db.string(key)
    total = add(b"0" if value is None else bytes(value), args[1])
    ctx.db.put(key, total)
    if is_integer(total):
        ctx.db.texts.add(key)
    ctx.changed(key, b"incrbyfloat", STRING)
    ctx.log(b"SET", key, total, b"KEEPTTL")
    return total
