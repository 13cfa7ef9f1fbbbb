"""Taking the lowest or highest members out of sorted sets, and waiting for them; it refuses other ranges."""

from dotdo_redis.engine.arguments import counted_keys, integer, pop_count, timeout_ms
from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.commands.zsets import told
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import ZSET
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

FAMILY = Family()


def pop(
    ctx: Context, key: bytes, value: SortedSet, count: int, *, highest: bool
) -> list[tuple[float, bytes]]:
    """Take up to `count` members with the lowest or highest scores."""
    taken = value.slice(0, min(count, len(value)), reverse=highest)
    for _, member in taken:
        value.discard(member)
    if taken:
        ctx.changed(key, b"zpopmax" if highest else b"zpopmin", ZSET, len(taken))
        ctx.discard_empty(key, value)
    return taken


@FAMILY.command("ZPOPMIN", "ZPOPMAX")
def zpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take one member, or up to a count."""
    if len(args) > 2:
        raise syntax()
    highest = ctx.command.name == "ZPOPMAX"
    count = 1
    if len(args) == 2:
        count = integer(args[1], "value is out of range, must be positive")
        if count < 0:
            raise ReplyError("value is out of range, must be positive")
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return []
    taken = pop(ctx, args[0], value, count, highest=highest)
    if len(args) == 1:
        return [word for score, member in taken for word in (member, score)]
    return told(ctx, taken)


@FAMILY.command("BZPOPMIN", "BZPOPMAX")
def bzpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take a member of the first sorted set that has one, waiting for it."""
    keys, wait_ms = args[:-1], timeout_ms(args[-1])
    highest = ctx.command.name == "BZPOPMAX"

    def attempt(ctx: Context) -> Reply:
        for key in keys:
            value = ctx.db.get(key, SortedSet)
            if value is not None:
                ctx.log(b"ZPOPMAX" if highest else b"ZPOPMIN", key)
                ((score, member),) = pop(ctx, key, value, 1, highest=highest)
                return [key, member, score]
        return Blocked(keys, SortedSet, wait_ms, attempt)

    return attempt(ctx)


class _MultiPop:
    """The arguments of ZMPOP from numkeys on."""

    __slots__ = ("count", "highest", "keys")

    def __init__(self, args: list[bytes]) -> None:
        self.keys, at = counted_keys(args, 0, "numkeys should be greater than 0")
        if at >= len(args) or args[at].upper() not in {b"MIN", b"MAX"}:
            raise syntax()
        self.highest = args[at].upper() == b"MAX"
        self.count = pop_count(args[at + 1 :])

    def run(self, ctx: Context) -> Reply:
        """Take from the first sorted set that is there; null when none is."""
        for key in self.keys:
            value = ctx.db.get(key, SortedSet)
            if value is not None:
                name = b"ZPOPMAX" if self.highest else b"ZPOPMIN"
                ctx.log(name, key, b"%d" % self.count)
                taken = pop(ctx, key, value, self.count, highest=self.highest)
                return [key, [[member, score] for score, member in taken]]
        return NULL_ARRAY


@FAMILY.command("ZMPOP")
def zmpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take members of the first sorted set that has any."""
    return _MultiPop(args).run(ctx)


@FAMILY.command("BZMPOP")
def bzmpop(ctx: Context, args: list[bytes]) -> Reply:
    """Do the same, waiting for them."""
    wanted = _MultiPop(args[1:])
    wait_ms = timeout_ms(args[0])

    def attempt(ctx: Context) -> Reply:
        reply = wanted.run(ctx)
        if reply is NULL_ARRAY:
            return Blocked(wanted.keys, SortedSet, wait_ms, attempt)
        return reply

    return attempt(ctx)
