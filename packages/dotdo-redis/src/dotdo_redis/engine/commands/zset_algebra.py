"""Unions, intersections and differences of sorted sets and sets; it refuses ranges."""

from collections.abc import Mapping
from math import isnan

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.zset_ranges import store
from dotdo_redis.engine.commands.zsets import told
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import ReplyError, WrongType, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
Scores = Mapping[bytes, float]


def _source(ctx: Context, key: bytes) -> Scores:
    """The scores of a sorted set; those of a set are 1."""
    value = ctx.db.find(key)
    if value is None:
        return {}
    if isinstance(value, SortedSet):
        return value.scores
    if isinstance(value, Set):
        return dict.fromkeys(value.members, 1.0)
    raise WrongType


class _Request:
    """The words from numkeys on."""

    __slots__ = ("aggregate", "limit", "operation", "sources", "weights", "with_scores")

    def __init__(self, ctx: Context, words: list[bytes], operation: str, *, stores: bool) -> None:
        count = integer(words[0])
        if count < 1:
            raise ReplyError(
                f"at least 1 input key is needed for '{ctx.command.shown_name}' command"
            )
        if count > len(words) - 1:
            raise syntax()
        self.operation = operation
        self.sources = [_source(ctx, key) for key in words[1 : count + 1]]
        self.weights = [1.0] * count
        self.aggregate = b"SUM"
        self.with_scores = False
        self.limit = 0
        self._read(words[count + 1 :], stores=stores)

    def _read(self, words: list[bytes], *, stores: bool) -> None:
        combines = self.operation in {"ZUNION", "ZINTER"}
        at, left = 0, len(words)
        while at < left:
            option = words[at].upper()
            rest = words[at + 1 :]
            if combines and option == b"WEIGHTS" and len(rest) >= len(self.weights):
                texts = rest[: len(self.weights)]
                self.weights = [floating(text, "weight value is not a float") for text in texts]
                at += 1 + len(texts)
            elif combines and option == b"AGGREGATE" and rest:
                self.aggregate = rest[0].upper()
                if self.aggregate not in {b"SUM", b"MIN", b"MAX"}:
                    raise syntax()
                at += 2
            elif option == b"WITHSCORES" and not stores and self.operation != "ZINTERCARD":
                self.with_scores = True
                at += 1
            elif option == b"LIMIT" and rest and self.operation == "ZINTERCARD":
                self.limit = integer(rest[0], "LIMIT can't be negative")
                if self.limit < 0:
                    raise ReplyError("LIMIT can't be negative")
                at += 2
            else:
                raise syntax()

    def run(self) -> dict[bytes, float]:
        """Members and scores of the result."""
        if self.operation == "ZDIFF":
            first, others = self.sources[0], self.sources[1:]
            return {m: s for m, s in first.items() if not any(m in other for other in others)}
        weighted = sorted(
            zip(self.sources, self.weights, strict=True), key=lambda pair: len(pair[0])
        )
        if self.operation == "ZUNION":
            return self._union(weighted)
        return self._intersection(weighted)

    def _union(self, weighted: list[tuple[Scores, float]]) -> dict[bytes, float]:
        found: dict[bytes, float] = {}
        for scores, weight in weighted:
            for member, score in scores.items():
                term = _number(weight * score)
                found[member] = self._join(found[member], term) if member in found else term
        return found

    def _intersection(self, weighted: list[tuple[Scores, float]]) -> dict[bytes, float]:
        (first, weight), *others = weighted
        found: dict[bytes, float] = {}
        for member, score in first.items():
            if all(member in scores for scores, _ in others):
                total = _number(weight * score)
                for scores, factor in others:
                    total = self._join(total, _number(factor * scores[member]))
                found[member] = total
        return found

    def _join(self, one: float, other: float) -> float:
        if self.aggregate == b"SUM":
            return _number(one + other)
        return min(one, other) if self.aggregate == b"MIN" else max(one, other)


def _number(value: float) -> float:
    return 0.0 if isnan(value) else value


@FAMILY.command("ZUNION", "ZINTER", "ZDIFF")
def combine(ctx: Context, args: list[bytes]) -> Reply:
    """Combine sorted sets."""
    request = _Request(ctx, args, ctx.command.name, stores=False)
    pairs = sorted((score, member) for member, score in request.run().items())
    return told(ctx, pairs) if request.with_scores else [member for _, member in pairs]


@FAMILY.command("ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE")
def combine_and_store(ctx: Context, args: list[bytes]) -> Reply:
    """Combine sorted sets into a key; return how many members it has then."""
    name = ctx.command.name.removesuffix("STORE")
    request = _Request(ctx, args[1:], name, stores=True)
    return store(ctx, args[0], request.run().items(), ctx.command.shown_name.encode())


@FAMILY.command("ZINTERCARD")
def zintercard(ctx: Context, args: list[bytes]) -> Reply:
    """Count the members common to all, up to a limit."""
    request = _Request(ctx, args, "ZINTERCARD", stores=False)
    (first, *others) = sorted(request.sources, key=len)
    found = sum(all(member in scores for scores in others) for member in first)
    return min(found, request.limit) if request.limit else found
