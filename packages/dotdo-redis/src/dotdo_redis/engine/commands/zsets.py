"""Sorted sets: members and scores one by one; it refuses ranges, combining and popping."""

from math import isnan

from dotdo_redis.engine.arguments import floating
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.draws import draw, read_count
from dotdo_redis.engine.notifications import ZSET
from dotdo_redis.engine.numbers_text import double_text
from dotdo_redis.engine.scanning import ScanOptions, read_cursor
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import ReplyError, syntax, wrong_arity
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

FAMILY = Family()
FLAGS = frozenset({b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"})


def zset_to_write(ctx: Context, key: bytes) -> SortedSet:
    """The sorted set at a key, a new one when there is none."""
    value = ctx.db.get(key, SortedSet)
    if value is None:
        value = SortedSet(ctx.engine.config)
        ctx.db.put(key, value)
    return value


class Addition:
    """What ZADD does with each pair, and what came of it."""

    __slots__ = ("added", "flags", "pairs", "processed", "score", "updated")

    def __init__(self, args: list[bytes]) -> None:
        self.flags: set[bytes] = set()
        at = 0
        while at < len(args) and (flag := args[at].upper()) in FLAGS:
            self.flags.add(flag)
            at += 1
        words = args[at:]
        if not words or len(words) % 2:
            raise syntax()
        self._check_flags(len(words) // 2)
        scores = [floating(word) for word in words[::2]]
        self.pairs = list(zip(scores, words[1::2], strict=True))
        self.added = self.updated = self.processed = 0
        self.score: float | None = None

    def _check_flags(self, pairs: int) -> None:
        flags = self.flags
        if {b"NX", b"XX"} <= flags:
            raise ReplyError("XX and NX options at the same time are not compatible")
        if len(flags & {b"NX", b"GT", b"LT"}) > 1:
            raise ReplyError("GT, LT, and/or NX options at the same time are not compatible")
        if b"INCR" in flags and pairs > 1:
            raise ReplyError("INCR option supports a single increment-element pair")

    def apply(self, value: SortedSet) -> None:
        """Add or update each pair.

        Raises:
            ReplyError: an increment that gives no number; what came before is done.
        """
        if not self.flags:
            return self._set_all(value)
        for score, member in self.pairs:
            self._apply(value, score, member)
        return None

    def _set_all(self, value: SortedSet) -> None:
        scores = value.scores
        for score, member in self.pairs:
            old = scores.get(member)
            value.set(member, score)
            self.added += old is None
            self.updated += old is not None and old != score

    def _apply(self, value: SortedSet, score: float, member: bytes) -> None:
        flags, current = self.flags, value.scores.get(member)
        if (b"XX" if current is None else b"NX") in flags:
            return
        if current is not None:
            if b"INCR" in flags:
                score += current
                if isnan(score):
                    raise ReplyError("resulting score is not a number (NaN)")
            if (b"GT" in flags and score <= current) or (b"LT" in flags and score >= current):
                return
            self.updated += score != current
        else:
            self.added += 1
        value.set(member, score)
        self.score = score
        self.processed += 1


def add(ctx: Context, key: bytes, args: list[bytes]) -> Addition:
    """Run ZADD on a key."""
    addition = Addition(args)
    value = ctx.db.get(key, SortedSet)
    if value is None:
        if b"XX" in addition.flags:
            return addition
        value = zset_to_write(ctx, key)
    try:
        addition.apply(value)
    finally:
        changes = addition.added + addition.updated
        if changes:
            event = b"zincr" if b"INCR" in addition.flags else b"zadd"
            ctx.changed(key, event, ZSET, changes)
    return addition


def _add_one(ctx: Context, key: bytes, score: float, member: bytes) -> int:
    """The commonest ZADD, without what the others need."""
    value = ctx.db.get(key, SortedSet) or zset_to_write(ctx, key)
    old = value.scores.get(member)
    if old == score:
        return 0
    value.set(member, score)
    ctx.changed(key, b"zadd", ZSET)
    return int(old is None)


@FAMILY.command("ZADD")
def zadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add members or change their scores, under conditions."""
    if len(args) == 3 and args[1].upper() not in FLAGS:
        return _add_one(ctx, args[0], floating(args[1]), args[2])
    addition = add(ctx, args[0], args[1:])
    if b"INCR" in addition.flags:
        return addition.score
    return addition.added + (addition.updated if b"CH" in addition.flags else 0)


@FAMILY.command("ZINCRBY")
def zincrby(ctx: Context, args: list[bytes]) -> Reply:
    """Add to a score."""
    key, member = args[0], args[2]
    increment = floating(args[1])
    value = ctx.db.get(key, SortedSet) or zset_to_write(ctx, key)
    old = value.scores.get(member)
    score = increment if old is None else old + increment
    if isnan(score):
        raise ReplyError("resulting score is not a number (NaN)")
    if score != old:
        value.set(member, score)
        ctx.changed(key, b"zincr", ZSET)
    return score


@FAMILY.command("ZREM")
def zrem(ctx: Context, args: list[bytes]) -> Reply:
    """Remove members; return how many were there."""
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return 0
    removed = sum(map(value.discard, args[1:]))
    if removed:
        ctx.changed(args[0], b"zrem", ZSET, removed)
        ctx.discard_empty(args[0], value)
    return removed


@FAMILY.command("ZCARD")
def zcard(ctx: Context, args: list[bytes]) -> Reply:
    """Count the members."""
    return len(ctx.db.get(args[0], SortedSet) or ())


@FAMILY.command("ZSCORE")
def zscore(ctx: Context, args: list[bytes]) -> Reply:
    """Read a score."""
    value = ctx.db.get(args[0], SortedSet)
    return None if value is None else value.scores.get(args[1])


@FAMILY.command("ZMSCORE")
def zmscore(ctx: Context, args: list[bytes]) -> Reply:
    """Read several scores."""
    value = ctx.db.get(args[0], SortedSet)
    scores = {} if value is None else value.scores
    return [scores.get(member) for member in args[1:]]


@FAMILY.command("ZRANK", "ZREVRANK")
def zrank(ctx: Context, args: list[bytes]) -> Reply:
    """Find the place of a member, with its score from 7.2 on."""
    if len(args) > 3 or (len(args) == 3 and not ctx.engine.config.shows(7, 2)):
        raise wrong_arity(ctx.command.shown_name)
    with_score = len(args) == 3 and args[2].upper() == b"WITHSCORE"
    if len(args) > 2 and not with_score:
        raise syntax()
    value = ctx.db.get(args[0], SortedSet)
    rank = None if value is None else value.rank(args[1])
    if value is None or rank is None:
        return NULL_ARRAY if with_score else None
    if ctx.command.name == "ZREVRANK":
        rank = len(value) - 1 - rank
    return [rank, value.scores[args[1]]] if with_score else rank


@FAMILY.command("ZRANDMEMBER")
def zrandmember(ctx: Context, args: list[bytes]) -> Reply:
    """Draw members: up to so many that differ, or that many with repetition when negative."""
    if len(args) == 1:
        value = ctx.db.get(args[0], SortedSet)
        return None if value is None else value.choose(ctx.engine.random)
    with_scores = len(args) == 3 and args[2].upper() == b"WITHSCORES"
    count = read_count(args[1], doubled=with_scores)
    if len(args) > 2 and not with_scores:
        raise syntax()
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return []
    members = draw(ctx.engine.random, value.scores, count, value.choose)
    if not with_scores:
        return members
    return told(ctx, [(value.scores[member], member) for member in members])


def told(ctx: Context, pairs: list[tuple[float, bytes]]) -> list[Reply]:
    """Members with scores: pairs in RESP3, one after the other in RESP2."""
    if ctx.resp == 3:
        return [[member, score] for score, member in pairs]
    return [word for score, member in pairs for word in (member, score)]


@FAMILY.command("ZSCAN")
def zscan(ctx: Context, args: list[bytes]) -> Reply:
    """List some members and scores from a cursor on."""
    read_cursor(args[1])
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return [b"0", []]
    options = ScanOptions(args[1], args[2:])
    order = None if value.is_listpack else value.ordered()
    cursor, members = options.walk(order, [member for _, member in value.pairs()])
    config = ctx.engine.config
    return [
        cursor,
        [w for m in members for w in (m, double_text(value.scores[m], config))],
    ]
