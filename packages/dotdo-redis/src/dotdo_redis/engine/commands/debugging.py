"""DEBUG, as far as tests and operators use it; it refuses what looks into another process's memory."""

from collections.abc import Callable
from hashlib import sha1

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.glob import matches
from dotdo_redis.engine.rdb import dump, restore
from dotdo_redis.errors import Raw, ReplyError, no_such_key
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()


def sleep(_ctx: Context, args: list[bytes]) -> Reply:
    """Let the client wait for so many seconds."""
    wait_ms = int(floating(args[0]) * 1000)
    return Blocked([], object, max(wait_ms, 1), lambda _ctx: OK, OK)


def error(_ctx: Context, args: list[bytes]) -> Reply:
    """Answer an error of any text."""
    raise Raw(args[0].decode("utf-8", "replace"))


def set_active_expire(ctx: Context, args: list[bytes]) -> Reply:
    """Switch off or on that keys are deleted without being looked at."""
    ctx.engine.config.active_expire = bool(integer(args[0]))
    return OK


def object_(ctx: Context, args: list[bytes]) -> Reply:
    """Tell how a value is kept."""
    value = ctx.db.peek(args[0])
    if value is None:
        raise no_such_key()
    encoding = ctx.db.encoding(args[0], value)
    length = len(dump(value, ctx.engine.config)) - 10
    idle_s = ctx.now_ms // 1000 - ctx.db.accessed.get(args[0], ctx.engine.now_s)
    return Status(
        b"Value at:0x%x refcount:1 encoding:%b serializedlength:%d lru:0 lru_seconds_idle:%d"
        % (id(value), encoding, length, idle_s)
    )


def reload(ctx: Context, _args: list[bytes]) -> Reply:
    """Take every value through its payload, as saving and loading does."""
    config = ctx.engine.config
    for db in ctx.engine.databases:
        for key, value in list(db.keys.items()):
            again = restore(dump(value, config), config)
            db.keys[key] = again
            db.texts.discard(key)
            db.adopt(key, again)
    return OK


def digest(ctx: Context, _args: list[bytes]) -> Reply:
    """Sum up all keys: equal contents give equal digests."""
    total = 0
    for db in ctx.engine.databases:
        for key in db.keys:
            total ^= int.from_bytes(_digest(ctx, db, key))
    return Status(b"%040x" % total)


def digest_value(ctx: Context, args: list[bytes]) -> Reply:
    """Sum up single keys, without their names."""
    return [
        Status(b"%040x" % int.from_bytes(_digest(ctx, ctx.db, key, named=False))) for key in args
    ]


def _digest(ctx: Context, db: Database, key: bytes, *, named: bool = True) -> bytes:
    if key not in db.keys:
        return bytes(20)
    name = b"%d:%b" % (db.index, key) if named else b""
    return sha1(name + dump(db.keys[key], ctx.engine.config), usedforsecurity=False).digest()


def stringmatch_len(_ctx: Context, args: list[bytes]) -> Reply:
    """Match a long text against a pattern, to see that it ends."""
    return int(matches(args[1], b"a" * integer(args[0])))


def accept(_ctx: Context, _args: list[bytes]) -> Reply:
    """Agree to a switch of a structure that is not here."""
    return OK


SUBCOMMANDS: dict[bytes, tuple[int, Callable[[Context, list[bytes]], Reply]]] = {
    b"SLEEP": (1, sleep),
    b"ERROR": (1, error),
    b"SET-ACTIVE-EXPIRE": (1, set_active_expire),
    b"OBJECT": (1, object_),
    b"RELOAD": (-1, reload),
    b"LOADAOF": (0, reload),
    b"DIGEST": (0, digest),
    b"DIGEST-VALUE": (-1, digest_value),
    b"QUICKLIST-PACKED-THRESHOLD": (1, accept),
    b"SET-DISABLE-DENY-SCRIPTS": (1, accept),
    b"STRINGMATCH-LEN": (2, stringmatch_len),
    b"LOG": (1, accept),
    b"REPLICATE": (-1, accept),
}
"""Name -> how many arguments (-1: any), and what it does."""


@FAMILY.command("DEBUG")
def debug(ctx: Context, args: list[bytes]) -> Reply:
    """Run a subcommand."""
    name = args[0].upper()
    count, run = SUBCOMMANDS.get(name, (None, None))
    if run is None or (count != -1 and count != len(args) - 1):
        shown = args[0][:128].decode("utf-8", "replace")
        raise ReplyError(
            f"unknown subcommand or wrong number of arguments for '{shown}'. Try DEBUG HELP."
        )
    return run(ctx, args[1:])
