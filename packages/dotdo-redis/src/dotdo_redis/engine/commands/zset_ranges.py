"""Ranges of sorted sets: reading, counting, storing, removing; it refuses single members."""

from collections.abc import Iterable

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.zsets import told
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import ZSET
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.engine.zset_ranges import Members, Range, Ranks, Scores, Selection
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
RANK, SCORE, LEX = "RANK", "BYSCORE", "BYLEX"


class _Request:
    """The words of a range command from the first bound on."""

    __slots__ = ("kind", "limit", "offset", "reverse", "with_scores")

    def __init__(
        self, kind: str, words: list[bytes], *, fixed: bool, reverse: bool, stores: bool
    ) -> None:
        self.kind = kind
        names_kind, names_order = not fixed, not fixed
        self.reverse = reverse
        self.with_scores = False
        self.offset, self.limit = 0, -1
        options = iter(words)
        for word in options:
            option = word.upper()
            if option == b"WITHSCORES" and not stores:
                self.with_scores = True
            elif option == b"LIMIT":
                self._read_limit(next(options, None), next(options, None))
            elif option == b"REV" and names_order:
                self.reverse, names_order = True, False
            elif option in {b"BYSCORE", b"BYLEX"} and names_kind:
                self.kind, names_kind = option.decode(), False
            else:
                raise syntax()

    def _read_limit(self, offset: bytes | None, limit: bytes | None) -> None:
        if offset is None or limit is None:
            raise syntax()
        self.offset, self.limit = integer(offset), integer(limit)

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.limit != -1 and self.kind == RANK:
            raise ReplyError(
                "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
            )
        if self.with_scores and self.kind == LEX:
            raise ReplyError("syntax error, WITHSCORES not supported in combination with BYLEX")

    def selection(self, first: bytes, second: bytes) -> Selection:
        """What is meant by the two bounds."""
        if self.kind == RANK:
            ranks = Ranks(integer(first), integer(second), self.reverse)
            return Selection(ranks, self.reverse)
        low, high = (second, first) if self.reverse else (first, second)
        read = Scores.read if self.kind == SCORE else Members.read
        found: Range = read(low, high)
        return Selection(found, self.reverse, self.offset, self.limit)


RANGES = {
    "ZRANGE": (RANK, False, False),
    "ZREVRANGE": (RANK, True, True),
    "ZRANGEBYSCORE": (SCORE, True, False),
    "ZREVRANGEBYSCORE": (SCORE, True, True),
    "ZRANGEBYLEX": (LEX, True, False),
    "ZREVRANGEBYLEX": (LEX, True, True),
}
"""Command -> what its bounds are, whether options may change that, whether it goes backward."""


def _read(name: str, words: list[bytes], *, stores: bool = False) -> tuple[Selection, bool]:
    kind, fixed, reverse = RANGES[name]
    request = _Request(kind, words[2:], fixed=fixed, reverse=reverse, stores=stores)
    request.check()
    return request.selection(words[0], words[1]), request.with_scores


@FAMILY.command(*RANGES)
def zrange(ctx: Context, args: list[bytes]) -> Reply:
    """Read members between two ranks, scores or members."""
    selection, with_scores = _read(ctx.command.name, args[1:])
    value = ctx.db.get(args[0], SortedSet)
    pairs = [] if value is None else selection.pairs(value)
    return told(ctx, pairs) if with_scores else [member for _, member in pairs]


@FAMILY.command("ZRANGESTORE")
def zrangestore(ctx: Context, args: list[bytes]) -> Reply:
    """Store a range in a key; return how many members it has then."""
    selection, _ = _read("ZRANGE", args[2:], stores=True)
    value = ctx.db.get(args[1], SortedSet)
    pairs = [] if value is None else selection.pairs(value)
    return store(ctx, args[0], ((member, score) for score, member in pairs), b"zrangestore")


def store(ctx: Context, key: bytes, pairs: Iterable[tuple[bytes, float]], event: bytes) -> int:
    """Replace a key by a sorted set, or delete it when that is empty; return the members."""
    value = SortedSet(ctx.engine.config)
    value.update(pairs)
    if not len(value):
        ctx.drop(key)
        return 0
    ctx.db.replace(key, value)
    ctx.changed(key, event, ZSET)
    return len(value)


@FAMILY.command("ZCOUNT", "ZLEXCOUNT")
def zcount(ctx: Context, args: list[bytes]) -> Reply:
    """Count the members between two scores or members."""
    read = Scores.read if ctx.command.name == "ZCOUNT" else Members.read
    wanted: Range = read(args[1], args[2])
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return 0
    start, stop = wanted.span(value)
    return stop - start


@FAMILY.command("ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX")
def zremrange(ctx: Context, args: list[bytes]) -> Reply:
    """Remove a range; return how many members it had."""
    key, name = args[0], ctx.command.name
    wanted: Range
    if name == "ZREMRANGEBYRANK":
        wanted = Ranks(integer(args[1]), integer(args[2]))
    else:
        wanted = (Scores.read if name == "ZREMRANGEBYSCORE" else Members.read)(args[1], args[2])
    value = ctx.db.get(key, SortedSet)
    if value is None:
        return 0
    gone = value.slice(*wanted.span(value))
    for _, member in gone:
        value.discard(member)
    if gone:
        ctx.changed(key, ctx.command.shown_name.encode(), ZSET, len(gone))
        ctx.discard_empty(key, value)
    return len(gone)
