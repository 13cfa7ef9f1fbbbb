"""Changing arrays in JSON documents: JSON.ARRAPPEND, ARRINSERT, ARRPOP, ARRTRIM; it refuses to read them."""

from collections.abc import Callable

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.json_reads import json_of, number_of, path_of
from dotdo_redis.engine.commands.json_writes import (
    Plan,
    change_each,
    document_to_change,
    one_or_all,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.json_values import Document, Json, Match, compact
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
NOT_AN_ARRAY = "not an array"


@FAMILY.command("JSON.ARRAPPEND")
def json_arrappend(ctx: Context, args: list[bytes]) -> Reply:
    """Append elements to arrays; return their new lengths."""
    expect(ctx, args, 3)
    path = path_of(args, 1)
    document_to_change(ctx, args[0])
    texts = args[2:]
    for text in texts:
        json_of(text)

    def plan(_document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, list):
            return None
        return len(match.value) + len(texts), lambda: match.value.extend(map(json_of, texts))

    replies, fits = change_each(ctx, args[0], path, plan, "")
    if path.is_legacy and not any(fits):
        raise ReplyError(f"Path '{path.given}' does not exist or not an array")
    return one_or_all(path, replies, fits)


@FAMILY.command("JSON.ARRINSERT")
def json_arrinsert(ctx: Context, args: list[bytes]) -> Reply:
    """Insert elements into arrays before a place; return their new lengths."""
    expect(ctx, args, 4)
    path, place = path_of(args, 1), number_of(args[2])
    texts = args[3:]
    for text in texts:
        json_of(text)

    def plan(_document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, list):
            return None
        length = len(match.value)
        if not -length <= place <= length:
            raise ReplyError("index out of bounds")
        at = place if place >= 0 else place + length

        def insert() -> None:
            match.value[at:at] = map(json_of, texts)

        return length + len(texts), insert

    return one_or_all(path, *change_each(ctx, args[0], path, plan, NOT_AN_ARRAY))


@FAMILY.command("JSON.ARRPOP")
def json_arrpop(ctx: Context, args: list[bytes]) -> Reply:
    """Take an element out of arrays, the last without a place; return it as text."""
    expect(ctx, args, 1)
    path = path_of(args, 1)
    place = _place_or_last(args[2:])

    def plan(_document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, list):
            return None
        length = len(match.value)
        if not length:
            return None, None
        at = min(place if place >= 0 else max(place + length, 0), length - 1)
        return compact(match.value[at]), _popping(match.value, at)

    return one_or_all(path, *change_each(ctx, args[0], path, plan, NOT_AN_ARRAY))


def _place_or_last(words: list[bytes]) -> int:
    try:
        return int(words[0]) if words else -1
    except ValueError:  # taken for the last one, as RedisJSON does
        return -1


def _popping(value: list[Json], at: int) -> Callable[[], None]:
    def pop() -> None:
        del value[at]

    return pop


@FAMILY.command("JSON.ARRTRIM")
def json_arrtrim(ctx: Context, args: list[bytes]) -> Reply:
    """Keep only the elements between two places, both included; return the new lengths."""
    expect(ctx, args, 4)
    path, start, stop = path_of(args, 1), number_of(args[2]), number_of(args[3])

    def plan(_document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, list):
            return None
        length = len(match.value)
        first = max(start + length, 0) if start < 0 else min(start, length)
        last = (stop + length if stop < 0 else min(stop, length - 1)) + 1
        kept = match.value[first : max(first, last)]

        def trim() -> None:
            match.value[:] = kept

        return len(kept), trim

    return one_or_all(path, *change_each(ctx, args[0], path, plan, NOT_AN_ARRAY))
