"""Sets: members one by one; it refuses combining sets, which is in `set_algebra`."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.draws import draw, read_count
from dotdo_redis.engine.notifications import SET
from dotdo_redis.engine.scanning import ScanOptions, read_cursor
from dotdo_redis.engine.types.sets import HASHTABLE, Set
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply, SetReply

FAMILY = Family()


def set_to_write(ctx: Context, key: bytes) -> Set:
    """The set at a key, a new one when there is none."""
    value = ctx.db.get(key, Set)
    if value is None:
        value = Set(ctx.engine.config)
        ctx.db.put(key, value)
    return value


@FAMILY.command("SADD")
def sadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add members; return how many are new."""
    value = ctx.db.get(args[0], Set) or set_to_write(ctx, args[0])
    added = int(value.add(args[1])) if len(args) == 2 else sum(map(value.add, args[1:]))
    if added:
        ctx.changed(args[0], b"sadd", SET, added)
    return added


@FAMILY.command("SREM")
def srem(ctx: Context, args: list[bytes]) -> Reply:
    """Remove members; return how many were there."""
    key = args[0]
    value = ctx.db.get(key, Set)
    if value is None:
        return 0
    removed = sum(map(value.discard, args[1:]))
    if removed:
        ctx.changed(key, b"srem", SET, removed)
        ctx.discard_empty(key, value)
    return removed


@FAMILY.command("SMOVE")
def smove(ctx: Context, args: list[bytes]) -> Reply:
    """Move a member to another set."""
    key, target, member = args
    source = ctx.db.get(key, Set)
    if source is None:
        return 0
    goal = ctx.db.get(target, Set)
    if source is goal:
        return int(member in source)
    if not source.discard(member):
        return 0
    ctx.changed(key, b"srem", SET)
    ctx.discard_empty(key, source)
    if set_to_write(ctx, target).add(member):
        ctx.changed(target, b"sadd", SET)
    return 1


@FAMILY.command("SISMEMBER")
def sismember(ctx: Context, args: list[bytes]) -> Reply:
    """Whether a member is there."""
    value = ctx.db.get(args[0], Set)
    return int(value is not None and args[1] in value.members)


@FAMILY.command("SMISMEMBER")
def smismember(ctx: Context, args: list[bytes]) -> Reply:
    """Whether each of several members is there."""
    value = ctx.db.get(args[0], Set)
    members = {} if value is None else value.members
    return [int(member in members) for member in args[1:]]


@FAMILY.command("SCARD")
def scard(ctx: Context, args: list[bytes]) -> Reply:
    """Count the members."""
    return len(ctx.db.get(args[0], Set) or ())


@FAMILY.command("SMEMBERS")
def smembers(ctx: Context, args: list[bytes]) -> Reply:
    """Read all members."""
    value = ctx.db.get(args[0], Set)
    return SetReply() if value is None else SetReply(value.listed())


@FAMILY.command("SRANDMEMBER")
def srandmember(ctx: Context, args: list[bytes]) -> Reply:
    """Draw members: up to so many that differ, or that many with repetition when negative."""
    if len(args) > 2:
        raise syntax()
    count = read_count(args[1], doubled=False) if len(args) == 2 else None
    value = ctx.db.get(args[0], Set)
    if value is None:
        return None if count is None else []
    if count is None:
        return value.choose(ctx.engine.random)
    return draw(ctx.engine.random, value.members, count, value.choose)


@FAMILY.command("SPOP")
def spop(ctx: Context, args: list[bytes]) -> Reply:
    """Take members at random out of a set."""
    key = args[0]
    if len(args) > 2:
        raise syntax()
    count = integer(args[1], "value is out of range, must be positive") if len(args) == 2 else None
    if count is not None and count < 0:
        raise ReplyError("value is out of range, must be positive")
    value = ctx.db.get(key, Set)
    if value is None:
        return None if count is None else SetReply()
    if count == 0:
        return SetReply()
    drawn = draw(ctx.engine.random, value.members, count or 1, value.choose)
    if len(drawn) == len(value):
        drawn = value.listed()
    for member in drawn:
        value.discard(member)
    ctx.changed(key, b"spop", SET, len(drawn))
    ctx.discard_empty(key, value)
    if len(value):
        ctx.log(b"SREM", key, *drawn)
    else:
        ctx.log(b"DEL", key)
    return drawn[0] if count is None else SetReply(drawn)


@FAMILY.command("SSCAN")
def sscan(ctx: Context, args: list[bytes]) -> Reply:
    """List some members from a cursor on."""
    read_cursor(args[1])
    value = ctx.db.get(args[0], Set)
    if value is None:
        return [b"0", []]
    options = ScanOptions(args[1], args[2:])
    order = value.ordered() if value.form is HASHTABLE else None
    return list(options.walk(order, value.listed()))
