"""Finding elements of vector sets: VSIM, VLINKS, VRANDMEMBER, VRANGE; it refuses to guess: every search is exact."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.vectors import expect, read_vector
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.vectors import FilterError, VectorSet, parse_filter
from dotdo_redis.engine.vectors.filters import Predicate
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
DEFAULT_COUNT = 10


class _SimOptions:
    """What follows the vector in VSIM."""

    __slots__ = ("count", "distance", "effort", "holds", "with_attributes", "with_scores")

    def __init__(self, words: list[bytes]) -> None:
        self.count, self.distance = DEFAULT_COUNT, 2.0
        self.with_scores = self.with_attributes = False
        self.effort = 0
        """How many elements the filter looks at before it gives up; 0: all."""
        self.holds: Predicate | None = None
        rest = iter(words)
        for word in rest:
            option = word.upper()
            if option == b"WITHSCORES":
                self.with_scores = True
            elif option == b"WITHATTRIBS":
                self.with_attributes = True
            elif option not in {b"TRUTH", b"NOTHREAD"}:
                value = next(rest, None)
                if value is None:
                    raise ReplyError("syntax error in VSIM command")
                self._read(option, value)

    def _read(self, option: bytes, word: bytes) -> None:
        if option == b"COUNT":
            self.count = integer(word, "invalid COUNT")
            if self.count < 1:
                raise ReplyError("invalid COUNT")
        elif option == b"EF":
            if not 1 <= integer(word, "invalid EF") <= 1_000_000:
                raise ReplyError("invalid EF")
        elif option == b"FILTER-EF":
            self.effort = integer(word, "invalid FILTER-EF")
            if self.effort < 0:
                raise ReplyError("invalid FILTER-EF")
        elif option == b"EPSILON":
            self.distance = floating(word, "invalid EPSILON")
            if self.distance <= 0:
                raise ReplyError("invalid EPSILON")
        elif option == b"FILTER":
            self.holds = _predicate(word)
        else:
            raise ReplyError("syntax error in VSIM command")


def _predicate(word: bytes) -> Predicate:
    try:
        return parse_filter(word.decode("utf-8", "replace"))
    except FilterError as error:
        raise ReplyError(f"syntax error in FILTER expression near: {error}") from None


@FAMILY.command("VSIM")
def vsim(ctx: Context, args: list[bytes]) -> Reply:
    """The elements most similar to a vector or to an element."""
    expect(ctx, args, 3)
    found = ctx.db.get(args[0], VectorSet)
    if args[1].upper() == b"ELE":
        options = _SimOptions(args[3:])
        if found is not None and args[2] not in found:
            raise ReplyError("element not found in set")
        vector = None if found is None else found.query_of(args[2])
    else:
        vector, at = read_vector(args, 1)
        options = _SimOptions(args[at:])
        if found is not None:
            vector = _query(found, vector)
    if found is None:
        return []
    hits = list(islice(_hits(found, vector, options), options.count))
    return _told(ctx, found, hits, options)


def _query(found: VectorSet, vector: Any) -> Any:
    if len(vector) not in {found.dimension, found.input_dimension}:
        raise ReplyError(
            f"Vector dimension mismatch - got {len(vector)} but set has {found.dimension}"
        )
    return found.projected(vector)


def _hits(found: VectorSet, vector: Any, options: _SimOptions) -> Iterator[tuple[bytes, float]]:
    effort = max(options.effort, options.count) if options.effort else None
    for name, score in islice(found.nearest(vector), effort if options.holds else None):
        if 1 - score > options.distance:
            return
        if options.holds is None or _passes(found, name, options.holds):
            yield name, score


def _passes(found: VectorSet, name: bytes, holds: Predicate) -> bool:
    try:
        attributes = msgspec.json.decode(found.attributes.get(name, b""))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(attributes, dict) and holds(attributes)


def _told(
    ctx: Context, found: VectorSet, hits: list[tuple[bytes, float]], options: _SimOptions
) -> Reply:
    rows: list[tuple[bytes, list[Reply]]] = []
    for name, score in hits:
        parts: list[Reply] = [score] if options.with_scores else []
        if options.with_attributes:
            parts.append(found.attributes.get(name))
        rows.append((name, parts))
    if not options.with_scores and not options.with_attributes:
        return [name for name, _parts in rows]
    if ctx.resp == 3:
        return {name: parts[0] if len(parts) == 1 else parts for name, parts in rows}
    return [part for name, parts in rows for part in (name, *parts)]


@FAMILY.command("VLINKS")
def vlinks(ctx: Context, args: list[bytes]) -> Reply:
    """The neighbours of an element, in one layer: those that are most similar."""
    expect(ctx, args, 2, 3)
    if len(args) == 3 and args[2].upper() != b"WITHSCORES":
        raise ReplyError("invalid option")
    found = ctx.db.get(args[0], VectorSet)
    if found is None or args[1] not in found:
        return None
    others = (hit for hit in found.neighbours(args[1]) if hit[0] != args[1])
    near = list(islice(others, found.links))
    if len(args) == 2:
        return [[name for name, _score in near]]
    if ctx.resp == 3:
        return [dict(near)]
    return [[part for hit in near for part in hit]]


@FAMILY.command("VRANDMEMBER")
def vrandmember(ctx: Context, args: list[bytes]) -> Reply:
    """Draw an element, or several: different ones, or with a negative count any."""
    expect(ctx, args, 1, 2)
    count = integer(args[1], "COUNT value is not an integer") if len(args) == 2 else None
    found = ctx.db.get(args[0], VectorSet)
    if found is None:
        return None if count is None else []
    random = ctx.engine.random
    if count is None:
        return random.choice(found.names)
    if count < 0:
        return random.choices(found.names, k=-count)
    return random.sample(found.names, min(count, len(found)))


def _edge(word: bytes) -> tuple[bytes | None, bool]:
    """A bound of VRANGE (None: no bound), and whether it is itself inside."""
    if word in {b"-", b"+"}:
        return None, True
    if word[:1] not in {b"[", b"("}:
        raise ReplyError("invalid range specified")
    return word[1:], word[:1] == b"["


@FAMILY.command("VRANGE")
def vrange(ctx: Context, args: list[bytes]) -> Reply:
    """The elements between two names in the order of bytes."""
    expect(ctx, args, 3, 4)
    low, with_low = _edge(args[1])
    high, with_high = _edge(args[2])
    count = integer(args[3], "invalid COUNT") if len(args) == 4 else -1
    found = ctx.db.get(args[0], VectorSet)
    if found is None or args[1] == b"+" or args[2] == b"-":
        return []
    names = (
        name
        for name in sorted(found.names)
        if (low is None or name > low or (with_low and name == low))
        and (high is None or name < high or (with_high and name == high))
    )
    return list(islice(names, count if count >= 0 else None))
