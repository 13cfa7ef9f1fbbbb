"""Moving elements between lists, and waiting for them; it refuses everything else of lists."""

from dotdo_redis.engine.arguments import counted_keys, pop_count, timeout_ms
from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.commands.lists import pop, push
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import LIST
from dotdo_redis.engine.types.lists import List
from dotdo_redis.errors import syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

FAMILY = Family()


def side(word: bytes) -> bool:
    """Read LEFT or RIGHT; whether it is LEFT.

    Raises:
        ReplyError: another word.
    """
    name = word.upper()
    if name not in {b"LEFT", b"RIGHT"}:
        raise syntax()
    return name == b"LEFT"


def side_name(*, left: bool) -> bytes:
    """Spell a side."""
    return b"LEFT" if left else b"RIGHT"


class Move:
    """An element on its way from an end of one list to an end of another."""

    __slots__ = ("from_left", "key", "target", "to_left", "wait_ms")

    def __init__(self, key: bytes, target: bytes, *, from_left: bool, to_left: bool) -> None:
        self.key = key
        self.target = target
        self.from_left = from_left
        self.to_left = to_left
        self.wait_ms: int | None = None

    def run(self, ctx: Context) -> bytes | None:
        """Move it; None when the list is not there."""
        source = ctx.db.get(self.key, List)
        if source is None:
            return None
        ctx.db.get(self.target, List)
        element = source[0] if self.from_left else source[len(source) - 1]
        if self.key == self.target:
            self._rotate(ctx, source)
        else:
            push(ctx, self.target, [element], left=self.to_left)
            pop(ctx, self.key, source, 1, left=self.from_left)
        ends = side_name(left=self.from_left), side_name(left=self.to_left)
        ctx.log(b"LMOVE", self.key, self.target, *ends)
        return element

    def _rotate(self, ctx: Context, source: List) -> None:
        element = source.pop_left() if self.from_left else source.pop_right()
        source.push_left(element) if self.to_left else source.push_right(element)
        ctx.changed(self.key, b"lpush" if self.to_left else b"rpush", LIST)
        ctx.notify(self.key, b"lpop" if self.from_left else b"rpop", LIST)

    def wait(self, ctx: Context) -> Reply:
        """Move it, or wait for the list."""
        element = self.run(ctx)
        if element is not None or ctx.is_nested:
            return element  # null, where nothing waits; an array that is null when time is over
        return Blocked([self.key], List, self.wait_ms, self.wait)


@FAMILY.command("LMOVE", "RPOPLPUSH")
def lmove(ctx: Context, args: list[bytes]) -> Reply:
    """Move an element from an end of one list to an end of another."""
    if ctx.command.name == "RPOPLPUSH":
        return Move(args[0], args[1], from_left=False, to_left=True).run(ctx)
    return Move(args[0], args[1], from_left=side(args[2]), to_left=side(args[3])).run(ctx)


@FAMILY.command("BLMOVE", "BRPOPLPUSH")
def blmove(ctx: Context, args: list[bytes]) -> Reply:
    """Do the same, waiting for the element."""
    if ctx.command.name == "BRPOPLPUSH":
        move = Move(args[0], args[1], from_left=False, to_left=True)
    else:
        move = Move(args[0], args[1], from_left=side(args[2]), to_left=side(args[3]))
    move.wait_ms = timeout_ms(args[-1])
    return move.wait(ctx)


@FAMILY.command("BLPOP", "BRPOP")
def blpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take an element from the first list that has one, waiting for it."""
    keys, wait_ms = args[:-1], timeout_ms(args[-1])
    left = ctx.command.name == "BLPOP"

    def attempt(ctx: Context) -> Reply:
        for key in keys:
            value = ctx.db.get(key, List)
            if value is not None:
                ctx.log(b"LPOP" if left else b"RPOP", key)
                return [key, pop(ctx, key, value, 1, left=left)[0]]
        return Blocked(keys, List, wait_ms, attempt)

    return attempt(ctx)


class _MultiPop:
    """The arguments of LMPOP from numkeys on."""

    __slots__ = ("count", "keys", "left")

    def __init__(self, args: list[bytes]) -> None:
        self.keys, at = counted_keys(args, 0, "numkeys should be greater than 0")
        if at >= len(args):
            raise syntax()
        self.left = side(args[at])
        self.count = pop_count(args[at + 1 :])

    def run(self, ctx: Context) -> Reply:
        """Take from the first list that is there; null when none is."""
        for key in self.keys:
            value = ctx.db.get(key, List)
            if value is not None:
                ctx.log(b"LPOP" if self.left else b"RPOP", key, b"%d" % self.count)
                return [key, pop(ctx, key, value, self.count, left=self.left)]
        return NULL_ARRAY


@FAMILY.command("LMPOP")
def lmpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take elements from the first list that has any."""
    return _MultiPop(args).run(ctx)


@FAMILY.command("BLMPOP")
def blmpop(ctx: Context, args: list[bytes]) -> Reply:
    """Do the same, waiting for them."""
    wanted = _MultiPop(args[1:])
    wait_ms = timeout_ms(args[0])

    def attempt(ctx: Context) -> Reply:
        reply = wanted.run(ctx)
        if reply is NULL_ARRAY:
            return Blocked(wanted.keys, List, wait_ms, attempt)
        return reply

    return attempt(ctx)
