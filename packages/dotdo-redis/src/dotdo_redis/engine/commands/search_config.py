"""FT.CONFIG, and single documents as old clients ask for them; it refuses what needs an index's structures (FT.DEBUG)."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.search_indexes import catalog, index_at
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.errors import Raw, ReplyError
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
_FIXED = frozenset(
    {
        "SAFEMODE",
        "NOGC",
        "FRISOINI",
        "EXTLOAD",
        "MAXDOCTABLESIZE",
        "INDEX_THREADS",
        "SEARCH_THREADS",
    }
)
_BOUNDS = {"DEFAULT_DIALECT": (1, 4), "MINPREFIX": (1, 1 << 31), "MINSTEMLEN": (2, 1 << 31)}


@FAMILY.command("FT.CONFIG")
def ft_config(ctx: Context, args: list[bytes]) -> Reply:
    """Read or set parameters of search."""
    expect(ctx, args, 2)
    action, name = args[0].upper(), text_of(args[1]).upper()
    known = catalog(ctx).config
    chosen = {key: known[key] for key in known if name in {"*", key}}
    if action == b"GET":
        if ctx.resp == 3:
            return {Status(key.encode()): value.encode() for key, value in chosen.items()}
        return [[Status(key.encode()), value.encode()] for key, value in chosen.items()]
    if action == b"HELP":
        return [
            [Status(key.encode()), Status(b"Description"), Status(b""), Status(b"Value"), value.encode()]
            for key, value in chosen.items()
        ]  # fmt: skip
    if action != b"SET":
        raise Raw("No such configuration action")
    expect(ctx, args, 3, 3)
    if name not in known:
        raise Raw("Invalid option")
    if name in _FIXED:
        raise Raw("Not modifiable at runtime")
    known[name] = _checked(name, text_of(args[2]), known[name])
    return OK


def _checked(name: str, value: str, before: str) -> str:
    if name == "ON_TIMEOUT":
        if value.lower() not in {"return", "fail"}:
            raise Raw("Invalid ON_TIMEOUT value")
        return value.lower()
    if not before.isdigit() and before != "unlimited":
        return value
    low, high = _BOUNDS.get(name, (-1, 1 << 62))
    try:
        number = integer(value.encode())
    except ReplyError:
        raise Raw("Could not convert argument to expected type") from None
    if not low <= number <= high:
        raise Raw("Value is outside acceptable bounds")
    return value


@FAMILY.command("FT.GET")
def ft_get(ctx: Context, args: list[bytes]) -> Reply:
    """The fields of a document of an index."""
    expect(ctx, args, 2, 2)
    return _document(ctx, args[0], args[1])


@FAMILY.command("FT.MGET")
def ft_mget(ctx: Context, args: list[bytes]) -> Reply:
    """The fields of documents of an index."""
    expect(ctx, args, 2)
    return [_document(ctx, args[0], key) for key in args[1:]]


def _document(ctx: Context, name: bytes, key: bytes) -> Reply:
    index = index_at(ctx, name, "Unknown Index name")
    value = ctx.db.find(key)
    if key not in index.numbers_of or not isinstance(value, Hash):
        return None
    return [part for pair in value.pairs() for part in pair]


@FAMILY.command("FT.DEL")
def ft_del(ctx: Context, args: list[bytes]) -> Reply:
    """Delete a document of an index with its key; whether it was there."""
    expect(ctx, args, 2, 3)
    index = index_at(ctx, args[0], "Unknown Index name")
    if args[1] not in index.numbers_of:
        return 0
    ctx.log(b"DEL", args[1])
    return int(ctx.delete(args[1]))
