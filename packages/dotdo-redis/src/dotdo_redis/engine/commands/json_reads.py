"""Reading JSON documents: JSON.GET, MGET, TYPE, lengths, keys, RESP, DEBUG; it refuses to change them."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.json_values import (
    Document,
    Json,
    JsonError,
    Path,
    PathError,
    compact,
    find,
    parse_path,
    pretty,
    read_json,
)
from dotdo_redis.engine.json_values.sizes import size_of_json
from dotdo_redis.errors import Raw, ReplyError, wrong_arity
from dotdo_redis.mapping.replies import Reply, Status

FAMILY = Family()
ROOT = parse_path(b".")
WRONG_KEY = "Existing key has wrong Redis type"
NO_KEY = "could not perform this operation on a key that doesn't exist"


def document_at(ctx: Context, key: bytes) -> Document | None:
    """The document at a key, or None.

    Raises:
        Raw: the key holds another type.
    """
    value = ctx.db.find(key)
    if value is None or isinstance(value, Document):
        return value
    raise Raw(WRONG_KEY)


def path_of(words: list[bytes], at: int) -> Path:
    """Read the path at a place of the words; the root, in the older dialect, when there is none.

    Raises:
        Raw: it makes no sense.
    """
    if at >= len(words):
        return ROOT
    try:
        return parse_path(words[at])
    except PathError as error:
        raise Raw(str(error)) from None


def json_of(word: bytes, error: Callable[[str], ReplyError] = Raw) -> Json:
    """Read a word as JSON.

    Raises:
        ReplyError: made by `error`: it is none.
    """
    try:
        return read_json(word)
    except JsonError as problem:
        raise error(str(problem)) from None


def number_of(word: bytes) -> int:
    """Read a place in an array.

    Raises:
        Raw: it is no integer.
    """
    try:
        return int(word)
    except ValueError:
        raise Raw("Couldn't parse as integer") from None


def kind_of(value: Json) -> str:
    """The name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def values_at(document: Document, path: Path) -> list[Any]:
    """The values that a path leads to."""
    return [match.value for match in find(document.root, path.steps)]


# -- JSON.GET


class _GetOptions:
    """What stands behind the key in JSON.GET."""

    __slots__ = ("form", "indent", "newline", "paths", "space")

    def __init__(self, ctx: Context, words: list[bytes]) -> None:
        self.indent = self.newline = self.space = b""
        self.form = b"STRING"
        self.paths: list[Path] = []
        at = 0
        while at < len(words):
            option = words[at].upper()
            if option in {b"INDENT", b"NEWLINE", b"SPACE", b"FORMAT"}:
                if at + 1 == len(words):
                    raise wrong_arity(ctx.command.shown_name)
                self._set(ctx, option, words[at + 1])
                at += 2
                continue
            if option != b"NOESCAPE":
                self.paths.append(path_of(words, at))
            at += 1

    def _set(self, ctx: Context, option: bytes, word: bytes) -> None:
        if option == b"INDENT":
            self.indent = word
        elif option == b"NEWLINE":
            self.newline = word
        elif option == b"SPACE":
            self.space = word
        else:
            if ctx.resp < 3:
                raise ReplyError("FORMAT argument is not supported on RESP2")
            if word.upper() not in {b"STRING", b"JSON", b"EXPAND", b"EXPAND1"}:
                raise ReplyError("wrong reply format")
            self.form = word.upper()

    def spell(self, value: Json) -> bytes:
        return pretty(value, self.indent, self.newline, self.space)


@FAMILY.command("JSON.GET")
def json_get(ctx: Context, args: list[bytes]) -> Reply:
    """Spell what lies at paths; several paths give an object of them."""
    expect(ctx, args, 1)
    options = _GetOptions(ctx, args[1:])
    document = document_at(ctx, args[0])
    if document is None:
        return None
    paths = options.paths or [ROOT]
    if options.form in {b"EXPAND", b"EXPAND1"}:
        return _expanded(document, paths, options)
    if len(paths) == 1:
        return options.spell(_got(document, paths[0], paths[0].text))
    if all(path.is_legacy for path in paths):
        return options.spell({path.given: _got(document, path, path.given) for path in paths})
    return options.spell({path.given: values_at(document, path) for path in paths})


def _got(document: Document, path: Path, shown: str) -> Json:
    found = values_at(document, path)
    if not path.is_legacy:
        return found
    if not found:
        raise ReplyError(f"Path '{shown}' does not exist")
    first: Json = found[0]
    return first


def _expanded(document: Document, paths: list[Path], options: _GetOptions) -> Reply:
    """In RESP3's own types: all of it, or what contains nothing else."""
    return [[_as_reply(value, options) for value in values_at(document, path)] for path in paths]


def _as_reply(value: Json, options: _GetOptions) -> Reply:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, list | dict):
        return value
    if options.form == b"EXPAND1":
        return options.spell(value)
    if isinstance(value, list):
        return [_as_reply(item, options) for item in value]
    return {name.encode(): _as_reply(item, options) for name, item in value.items()}


@FAMILY.command("JSON.MGET")
def json_mget(ctx: Context, args: list[bytes]) -> Reply:
    """Spell what lies at one path of several keys; null where there is none."""
    expect(ctx, args, 2)
    try:
        path = parse_path(args[-1])
    except PathError:
        return [None] * (len(args) - 1)
    return [_got_or_null(ctx, key, path) for key in args[:-1]]


def _got_or_null(ctx: Context, key: bytes, path: Path) -> Reply:
    value = ctx.db.find(key)
    if not isinstance(value, Document):
        return None
    found = values_at(value, path)
    if not path.is_legacy:
        return compact(found)
    return compact(found[0]) if found else None


# -- JSON.RESP and JSON.DEBUG


@FAMILY.command("JSON.RESP")
def json_resp(ctx: Context, args: list[bytes]) -> Reply:
    """Tell values in the protocol's types: objects and arrays as arrays that begin with `{` or `[`."""
    expect(ctx, args, 1)
    path = path_of(args, 1)
    document = document_at(ctx, args[0])
    if document is None:
        return None
    found = values_at(document, path)
    if not path.is_legacy:
        return [_resp(value) for value in found]
    if not found:
        raise ReplyError(f"Path '{path.text}' does not exist")
    return _resp(found[0])


def _resp(value: Json) -> Reply:
    if isinstance(value, bool):
        return Status(b"true" if value else b"false")
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [Status(b"["), *map(_resp, value)]
    if isinstance(value, dict):
        pairs = ((name.encode(), _resp(item)) for name, item in value.items())
        return [Status(b"{"), *(part for pair in pairs for part in pair)]
    return value


_Subcommand = Callable[[Context, list[bytes]], Reply]


def _memory(ctx: Context, args: list[bytes]) -> Reply:
    expect(ctx, args, 2)
    path = path_of(args, 2)
    document = document_at(ctx, args[1])
    if document is None:
        return 0 if path.is_legacy else []
    sizes = [size_of_json(value) for value in values_at(document, path)]
    if not path.is_legacy:
        return sizes
    if not sizes:
        raise ReplyError(f"Path '{path.text}' does not exist")
    return next(islice(sizes, 1))


def _help(_ctx: Context, _args: list[bytes]) -> Reply:
    return [
        b"MEMORY <key> [path] - reports memory usage",
        b"HELP                - this message",
    ]


_DEBUG: dict[bytes, _Subcommand] = {b"MEMORY": _memory, b"HELP": _help}


@FAMILY.command("JSON.DEBUG")
def json_debug(ctx: Context, args: list[bytes]) -> Reply:
    """Estimate the memory of values."""
    expect(ctx, args, 1)
    subcommand = _DEBUG.get(args[0].upper())
    if subcommand is None:
        raise ReplyError("unknown subcommand - try `JSON.DEBUG HELP`")
    return subcommand(ctx, args)
