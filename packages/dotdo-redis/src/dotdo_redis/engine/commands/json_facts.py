"""Facts about JSON values: JSON.TYPE, STRLEN, ARRLEN, OBJLEN, OBJKEYS, ARRINDEX; it refuses to show or change them."""

from typing import Any

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.json_reads import (
    NO_KEY,
    document_at,
    json_of,
    kind_of,
    number_of,
    path_of,
    values_at,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.json_values import Json, Path
from dotdo_redis.errors import ReplyError, WrongType
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()


@FAMILY.command("JSON.TYPE")
def json_type(ctx: Context, args: list[bytes]) -> Reply:
    """Name the types of values."""
    expect(ctx, args, 1)
    path = path_of(args, 1)
    document = document_at(ctx, args[0])
    reply: Reply = None
    if document is not None:
        names = [kind_of(value).encode() for value in values_at(document, path)]
        reply = names if not path.is_legacy else next(iter(names), None)
    return [reply] if ctx.resp == 3 else reply


def _found(ctx: Context, args: list[bytes], absent: str = NO_KEY) -> tuple[Path, list[Any] | None]:
    """The path that is named, and the values there; None where the older dialect tells of no key by null.

    Raises:
        ReplyError: there is no key, and the path is of the newer dialect: `absent`.
    """
    expect(ctx, args, 1)
    path = path_of(args, 1)
    document = document_at(ctx, args[0])
    if document is not None:
        return path, values_at(document, path)
    if path.is_legacy:
        return path, None
    raise ReplyError(absent.format(path.text))


@FAMILY.command("JSON.STRLEN")
def json_strlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the bytes of strings."""
    path, found = _found(ctx, args)
    if found is None:
        return None
    if not path.is_legacy:
        return [len(v.encode()) if isinstance(v, str) else None for v in found]
    if not found:
        raise ReplyError(f"Path '{path.text}' does not exist")
    return len(expected(found[0], str, "string").encode())


def expected(value: Any, kind: type, name: str) -> Any:
    """The value, if it is of a type.

    Raises:
        WrongType: it is not.
    """
    if isinstance(value, kind):
        return value
    raise WrongType(f"wrong type of path value - expected {name} but found {kind_of(value)}")


@FAMILY.command("JSON.ARRLEN")
def json_arrlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the elements of arrays."""
    path, found = _found(ctx, args)
    if found is None:
        return None
    if not path.is_legacy:
        return [len(value) if isinstance(value, list) else None for value in found]
    if not found and len(args) > 1:
        raise ReplyError(f"Path '{path.given}' does not exist")
    if not found or not isinstance(found[0], list):
        raise ReplyError(f"Path '{path.given}' does not exist or not an array")
    return len(found[0])


@FAMILY.command("JSON.OBJLEN")
def json_objlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the fields of objects."""
    path, found = _found(ctx, args, "Path '{}' does not exist or not an object")
    if not path.is_legacy:
        return [len(value) if isinstance(value, dict) else None for value in found or ()]
    return len(expected(found[0], dict, "object")) if found else None


@FAMILY.command("JSON.OBJKEYS")
def json_objkeys(ctx: Context, args: list[bytes]) -> Reply:
    """Name the fields of objects."""
    path, found = _found(ctx, args)
    if not path.is_legacy:
        return [_names(value) if isinstance(value, dict) else None for value in found or ()]
    if not found:
        return None
    if not isinstance(found[0], dict):
        raise ReplyError(f"Path '{path.text}' does not exist or not an object")
    return _names(found[0])


def _names(value: dict[str, Any]) -> list[bytes]:
    return [name.encode() for name in value]


@FAMILY.command("JSON.ARRINDEX")
def json_arrindex(ctx: Context, args: list[bytes]) -> Reply:
    """Find where an element stands in arrays, -1 where it does not."""
    expect(ctx, args, 3)
    path = path_of(args, 1)
    wanted = json_of(args[2], ReplyError)
    start = number_of(args[3]) if len(args) > 3 else 0
    end = number_of(args[4]) if len(args) > 4 else 0
    document = document_at(ctx, args[0])
    found = [] if document is None else values_at(document, path)
    if document is None or (path.is_legacy and not found):
        raise ReplyError(f"Path '{path.given if document is None else path.text}' does not exist")
    if path.is_legacy:
        return _index(expected(found[0], list, "array"), wanted, start, end)
    return [_index(v, wanted, start, end) if isinstance(v, list) else None for v in found]


def _index(value: list[Json], wanted: Json, start: int, end: int) -> int:
    length = len(value)
    first = max(length + start, 0) if start < 0 else min(start, length)
    last = length if end == 0 else max(length + end, 0) if end < 0 else min(end, length)
    places = range(first, last)
    return next((at for at in places if identical(value[at], wanted)), -1)


def identical(one: Json, other: Json) -> bool:
    """Whether two values are the same, types of numbers included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(identical(one[k], other[k]) for k in one)
    return one == other
