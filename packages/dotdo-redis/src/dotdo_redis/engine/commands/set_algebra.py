"""Unions, intersections and differences of sets; it refuses sorted sets."""

from collections.abc import Callable, Iterable, Sequence

from dotdo_redis.engine.arguments import counted_keys, integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import SET
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply, SetReply

FAMILY = Family()
Combine = Callable[[Sequence[Set | None]], Iterable[bytes]]


def _union(sets: Sequence[Set | None]) -> Iterable[bytes]:
    found: dict[bytes, None] = {}
    for value in sets:
        if value is not None:
            found.update(value.members)
    return found


def _intersection(sets: Sequence[Set | None]) -> Iterable[bytes]:
    present = sorted((value for value in sets if value is not None), key=len)
    if len(present) < len(sets):
        return ()
    smallest, others = present[0], [value.members for value in present[1:]]
    return [m for m in smallest.listed() if all(m in members for members in others)]


def _difference(sets: Sequence[Set | None]) -> Iterable[bytes]:
    first, others = sets[0], [value.members for value in sets[1:] if value is not None]
    if first is None:
        return ()
    return [m for m in first.listed() if not any(m in members for members in others)]


COMBINE: dict[str, Combine] = {
    "SUNION": _union,
    "SINTER": _intersection,
    "SDIFF": _difference,
}


def _sets(ctx: Context, keys: list[bytes]) -> list[Set | None]:
    return [ctx.db.get(key, Set) for key in keys]


def built(ctx: Context, members: Iterable[bytes]) -> Set:
    """Make a set of members."""
    value = Set(ctx.engine.config)
    for member in members:
        value.add(member)
    return value


@FAMILY.command("SUNION", "SINTER", "SDIFF")
def combine(ctx: Context, args: list[bytes]) -> Reply:
    """Combine sets."""
    members = COMBINE[ctx.command.name](_sets(ctx, args))
    if ctx.command.name == "SINTER":
        return SetReply(members)
    return SetReply(built(ctx, members).listed())


@FAMILY.command("SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE")
def combine_and_store(ctx: Context, args: list[bytes]) -> Reply:
    """Combine sets into a key; return how many members it has then."""
    target, name = args[0], ctx.command.name.removesuffix("STORE")
    value = built(ctx, COMBINE[name](_sets(ctx, args[1:])))
    if not len(value):
        ctx.drop(target)
        return 0
    ctx.db.replace(target, value)
    ctx.changed(target, name.lower().encode() + b"store", SET)
    return len(value)


@FAMILY.command("SINTERCARD")
def sintercard(ctx: Context, args: list[bytes]) -> Reply:
    """Count the members common to all sets, up to a limit."""
    error = "numkeys should be greater than 0"
    count = integer(args[0], error)
    if count < 1:
        raise ReplyError(error)
    if count > len(args) - 1:
        raise ReplyError("Number of keys can't be greater than number of args")
    keys, end = counted_keys(args, 0)
    limit = 0
    options = iter(args[end:])
    for option in options:
        word = next(options, None)
        if option.upper() != b"LIMIT" or word is None:
            raise syntax()
        limit = integer(word, "LIMIT can't be negative")
        if limit < 0:
            raise ReplyError("LIMIT can't be negative")
    found = len(list(_intersection(_sets(ctx, keys))))
    return min(found, limit) if limit else found
