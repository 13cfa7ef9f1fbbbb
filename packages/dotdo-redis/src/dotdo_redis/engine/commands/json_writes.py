"""Changing JSON documents: JSON.SET, MSET, MERGE, DEL, CLEAR, TOGGLE, numbers and strings; it refuses arrays, which are beside."""

from collections.abc import Callable
from copy import deepcopy
from math import isfinite
from typing import Any

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.json_reads import (
    NO_KEY,
    document_at,
    json_of,
    path_of,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.json_values import (
    Document,
    Json,
    Match,
    Path,
    compact,
    find,
    outermost,
)
from dotdo_redis.engine.json_values.steps import Index, Names
from dotdo_redis.engine.notifications import MODULE
from dotdo_redis.errors import Raw, ReplyError, WrongType, syntax, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()
NOT_AT_ROOT = "new objects must be created at the root"
Plan = tuple[Reply, Callable[[], None] | None]
"""The reply for one value, and what changes it (None: nothing does)."""


def document_to_change(ctx: Context, key: bytes) -> Document:
    """The document at a key.

    Raises:
        Raw: the key holds another type.
        ReplyError: there is none.
    """
    document = document_at(ctx, key)
    if document is None:
        raise ReplyError(NO_KEY)
    return document


def assign(document: Document, match: Match, value: Json) -> None:
    """Put a value where another one was found."""
    if match.parent is None:
        document.root = value
    else:
        match.parent[match.key] = value


def change_each(
    ctx: Context,
    key: bytes,
    path: Path,
    plan: Callable[[Document, Match], Plan | None],
    wanted: str,
) -> tuple[list[Reply], list[bool]]:
    """Plan a change of each value at a path, then make all of them.

    Args:
        ctx: the call.
        key: where the document is.
        path: where the values are.
        plan: gives None for a value of another type.
        wanted: what the older dialect says when none is of the right type.

    Returns:
        A reply for each value, null for those of another type; and which were of the right one.
    """
    document = document_to_change(ctx, key)
    plans = [plan(document, match) for match in find(document.root, path.steps)]
    if path.is_legacy and not any(plans) and wanted:
        raise ReplyError(f"Path '{path.text}' does not exist or {wanted}")
    changes = [one[1] for one in plans if one is not None and one[1] is not None]
    for change in changes:
        change()
    if changes:
        ctx.changed(key, ctx.command.shown_name.encode(), MODULE)
    return [None if one is None else one[0] for one in plans], [one is not None for one in plans]


def one_or_all(path: Path, replies: list[Reply], fits: list[bool]) -> Reply:
    """The list of replies, or the older dialect's one: of the last value that was of the right type."""
    if not path.is_legacy:
        return replies
    return next(reply for reply, fit in zip(replies[::-1], fits[::-1], strict=True) if fit)


# -- JSON.SET, MSET, MERGE


class _SetOptions:
    """What follows the value in JSON.SET."""

    __slots__ = ("only_if",)

    def __init__(self, words: list[bytes]) -> None:
        self.only_if: bytes | None = None
        for word in words:
            option = word.upper()
            if option not in {b"NX", b"XX"} or self.only_if is not None:
                raise syntax()
            self.only_if = option


def place_for_new(root: Json, path: Path) -> Callable[[Json], bool] | None:
    """How to add what a path does not find yet: a field of an object that is there.

    Returns:
        A function that adds a value (whether it could); None when there is nothing to add it to.

    Raises:
        Raw: the path may mean several places.
        ReplyError: it is a place of an array beyond its end.
    """
    if not path.is_static:
        raise Raw("Err wrong static path")
    last = path.steps[-1]
    parents = find(root, path.steps[:-1])
    if isinstance(last, Index):
        if parents and isinstance(parents[0].value, list):
            raise ReplyError("array index out of range")
        return None
    assert isinstance(last, Names)
    objects = [match.value for match in parents if isinstance(match.value, dict)]
    if not objects:
        return None

    def add(value: Json) -> bool:
        objects[0][last.names[0]] = value
        return True

    return add


def set_value(ctx: Context, key: bytes, path: Path, value: Json, only_if: bytes | None) -> bool:
    """Set what lies at a path; whether that was possible and allowed."""
    document = document_at(ctx, key)
    if document is None:
        if not path.is_root:
            raise ReplyError(NOT_AT_ROOT)
        if only_if == b"XX":
            return False
        ctx.db.put(key, Document(value))
        return True
    matches = find(document.root, path.steps)
    if matches:
        if only_if == b"NX":
            return False
        for number, match in enumerate(matches):
            assign(document, match, deepcopy(value) if number else value)
        return True
    if only_if == b"XX":
        return False
    add = place_for_new(document.root, path)
    return add is not None and add(value)


@FAMILY.command("JSON.SET")
def json_set(ctx: Context, args: list[bytes]) -> Reply:
    """Set values at a path: a new document at its root, a new field of an object."""
    expect(ctx, args, 3)
    path = path_of(args, 1)
    options = _SetOptions(args[3:])
    value = json_of(args[2])
    if not set_value(ctx, args[0], path, value, options.only_if):
        return None
    ctx.changed(args[0], b"json.set", MODULE)
    return OK


@FAMILY.command("JSON.MSET")
def json_mset(ctx: Context, args: list[bytes]) -> Reply:
    """Set several values; all keys are looked at before any is changed."""
    expect(ctx, args, 3)
    if len(args) % 3:
        raise wrong_arity(ctx.command.shown_name)
    calls = [
        (args[at], path_of(args, at + 1), json_of(args[at + 2])) for at in range(0, len(args), 3)
    ]
    seen: set[bytes] = set()
    for key, path, _value in calls:
        if document_at(ctx, key) is None and key not in seen and not path.is_root:
            raise ReplyError(NOT_AT_ROOT)
        seen.add(key)
    for key, path, value in calls:
        set_value(ctx, key, path, value, None)
        ctx.changed(key, b"json.mset", MODULE)
    return OK


def merged(target: Json, patch: Json) -> Json:
    """Apply a merge patch (RFC 7396): null removes a field."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for name, item in patch.items():
        if item is None:
            swap_remove(result, name)
        else:
            result[name] = merged(result.get(name), item)
    return result


@FAMILY.command("JSON.MERGE")
def json_merge(ctx: Context, args: list[bytes]) -> Reply:
    """Merge a value into those at a path; a new one is kept as it is."""
    expect(ctx, args, 3, 3)
    key, path = args[0], path_of(args, 1)
    patch = json_of(args[2])
    document = document_at(ctx, key)
    matches = [] if document is None else find(document.root, path.steps)
    if document is None or not matches:
        if not set_value(ctx, key, path, patch, None):
            return None
    elif patch is None:
        _delete(ctx, key, matches)
    else:
        for match in matches:
            assign(document, match, merged(match.value, deepcopy(patch)))
    ctx.changed(key, b"json.merge", MODULE)
    return OK


# -- JSON.DEL, CLEAR, TOGGLE


def swap_remove(fields: dict[str, Any], name: str) -> None:
    """Remove a field; the last one takes its place, as in RedisJSON's objects."""
    if name not in fields:
        return
    last = next(reversed(fields))
    if last == name:
        del fields[name]
        return
    items = list(fields.items())
    moved = items.pop()
    fields.clear()
    fields.update(moved if item[0] == name else item for item in items)


def _delete(ctx: Context, key: bytes, matches: list[Match]) -> int:
    places = outermost(matches)
    for match in places:
        if match.parent is None:
            ctx.db.remove(key)
        elif isinstance(match.parent, dict):
            swap_remove(match.parent, match.key)
        else:
            del match.parent[match.key]
    return len(places)


@FAMILY.command("JSON.DEL", "JSON.FORGET")
def json_del(ctx: Context, args: list[bytes]) -> Reply:
    """Delete values, the key with its root; return how many."""
    expect(ctx, args, 1)
    path = path_of(args, 1)
    document = document_at(ctx, args[0])
    if document is None:
        return 0
    count = _delete(ctx, args[0], find(document.root, path.steps))
    if count:
        ctx.changed(args[0], b"json.del", MODULE)
    return count


_CLEARED: dict[type, Callable[[], Json]] = {list: list, dict: dict, int: int, float: int}


@FAMILY.command("JSON.CLEAR")
def json_clear(ctx: Context, args: list[bytes]) -> Reply:
    """Empty arrays and objects and set numbers to zero; return how many changed."""
    expect(ctx, args, 1)
    path = path_of(args, 1)
    document = document_to_change(ctx, args[0])
    matches = [
        match
        for match in outermost(find(document.root, path.steps))
        if type(match.value) in _CLEARED and match.value
    ]
    for match in matches:
        assign(document, match, _CLEARED[type(match.value)]())
    if matches:
        ctx.changed(args[0], b"json.clear", MODULE)
    return len(matches)


@FAMILY.command("JSON.TOGGLE")
def json_toggle(ctx: Context, args: list[bytes]) -> Reply:
    """Turn booleans over."""
    expect(ctx, args, 2)
    path = path_of(args, 1)

    def plan(document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, bool):
            return None
        turned = not match.value
        shown = (b"true" if turned else b"false") if path.is_legacy else int(turned)
        return shown, lambda: assign(document, match, turned)

    return one_or_all(path, *change_each(ctx, args[0], path, plan, "not a bool"))


# -- numbers


def _wrapped(number: int) -> int:
    """A result beyond 64 bits, as machine integers give it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _power(base: int, exponent: int) -> int:
    return 0 if exponent < 0 else _wrapped(pow(base, exponent, 1 << 64))


def _float_power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return float("inf")
    return float("nan") if isinstance(result, complex) else float(result)


_WHOLE: dict[str, Callable[[int, int], int]] = {
    "JSON.NUMINCRBY": lambda one, other: _wrapped(one + other),
    "JSON.NUMMULTBY": lambda one, other: _wrapped(one * other),
    "JSON.NUMPOWBY": _power,
}
_BROKEN: dict[str, Callable[[float, float], float]] = {
    "JSON.NUMINCRBY": lambda one, other: one + other,
    "JSON.NUMMULTBY": lambda one, other: one * other,
    "JSON.NUMPOWBY": _float_power,
}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@FAMILY.command("JSON.NUMINCRBY", "JSON.NUMMULTBY", "JSON.NUMPOWBY")
def json_number(ctx: Context, args: list[bytes]) -> Reply:
    """Add to numbers, multiply them, raise them to a power."""
    expect(ctx, args, 3)
    path, name = path_of(args, 1), ctx.command.name
    document_to_change(ctx, args[0])
    operand: Any = json_of(args[2], ReplyError)
    if not _is_number(operand):
        raise Raw("bad input number")

    def plan(document: Document, match: Match) -> Plan | None:
        if not _is_number(match.value):
            return None
        result: int | float
        if isinstance(match.value, int) and isinstance(operand, int):
            result = _WHOLE[name](match.value, operand)
        else:
            result = _BROKEN[name](float(match.value), float(operand))
            if not isfinite(result):
                raise ReplyError("result is not a number")
        return result, lambda: assign(document, match, result)

    wanted = "" if ctx.resp == 3 else "does not contains a number"
    replies, fits = change_each(ctx, args[0], path, plan, wanted)
    if ctx.resp == 3:
        return replies
    return compact(one_or_all(path, replies, fits))  # type: ignore[arg-type]  # numbers


# -- strings


@FAMILY.command("JSON.STRAPPEND")
def json_strappend(ctx: Context, args: list[bytes]) -> Reply:
    """Append to strings; return their new lengths in bytes."""
    expect(ctx, args, 2)
    path = path_of(args, 1) if len(args) > 2 else path_of([b"."], 0)
    document_to_change(ctx, args[0])
    suffix = json_of(args[2] if len(args) > 2 else args[1], ReplyError)
    if not isinstance(suffix, str):
        shown = compact(suffix).decode()
        raise WrongType(f"wrong type of path value - expected string but found {shown}")

    def plan(document: Document, match: Match) -> Plan | None:
        if not isinstance(match.value, str):
            return None
        text = match.value + suffix
        return len(text.encode()), lambda: assign(document, match, text)

    return one_or_all(path, *change_each(ctx, args[0], path, plan, "not a string"))
