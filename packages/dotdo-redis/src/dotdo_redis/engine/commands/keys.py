"""Keys of any type: existence, names, copies, enumeration; it refuses their times to live and their values."""

from dotdo_redis.engine.arguments import small_integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.glob import is_literal, matches
from dotdo_redis.engine.notifications import GENERIC
from dotdo_redis.engine.scanning import ScanOptions
from dotdo_redis.engine.types import Value, type_name
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.lists import List
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.engine.types.streams import Stream
from dotdo_redis.errors import ReplyError, no_such_key, syntax
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()
MANY_PARTS = 64
SAME = "source and destination objects are the same"


@FAMILY.command("DEL", "UNLINK")
def delete(ctx: Context, args: list[bytes]) -> Reply:
    """Delete keys; return how many were there."""
    instance = ctx.engine.instance
    if ctx.command.name == "UNLINK" or instance.parameters.is_on("lazyfree-lazy-user-del"):
        parts = [parts_of(ctx.db.keys.get(key)) for key in dict.fromkeys(args)]
        instance.statistics.lazily_freed += sum(count > MANY_PARTS for count in parts)
    return sum(map(ctx.delete, args))


def parts_of(value: Value | None) -> int:
    """Of how many allocations Redis would free the value; more than a few go to another thread."""
    if isinstance(value, List):
        return len(value.chunks)
    if isinstance(value, Stream):
        return len(value.nodes) + sum(len(group.pending) for group in value.groups.values())
    if isinstance(value, Hash | Set | SortedSet):
        return len(value) if value.encoding() in {b"hashtable", b"skiplist"} else 1
    return 1


@FAMILY.command("EXISTS")
def exists(ctx: Context, args: list[bytes]) -> Reply:
    """Count the keys that are there, each as often as it is named."""
    if len(args) == 1:
        return int(ctx.db.peek(args[0]) is not None)
    return sum(ctx.db.peek(key) is not None for key in args)


@FAMILY.command("TOUCH")
def touch(ctx: Context, args: list[bytes]) -> Reply:
    """Use keys; return how many are there."""
    return sum(ctx.db.find(key) is not None for key in args)


@FAMILY.command("TYPE")
def type_(ctx: Context, args: list[bytes]) -> Reply:
    """Name the type of a value."""
    value = ctx.db.peek(args[0])
    return Status(b"none" if value is None else type_name(value))


@FAMILY.command("RENAME", "RENAMENX")
def rename(ctx: Context, args: list[bytes]) -> Reply:
    """Give a key another name; RENAMENX only when that is free."""
    key, target = args
    db, is_conditional = ctx.db, ctx.command.name == "RENAMENX"
    value = db.find(key)
    if value is None:
        raise no_such_key()
    if key == target:
        return 0 if is_conditional else OK
    when_ms = db.expires.get(key)
    if db.find(target) is not None:
        if is_conditional:
            return 0
        db.remove(target)
    is_text = key in db.texts
    db.remove(key)
    _place(db, target, value, when_ms, is_text=is_text)
    ctx.changed(key, b"rename_from", GENERIC)
    ctx.changed_in(db, target, b"rename_to", GENERIC)
    return 1 if is_conditional else OK


def _place(db: Database, key: bytes, value: Value, when_ms: int | None, *, is_text: bool) -> None:
    db.put(key, value)
    if is_text:
        db.texts.add(key)
    if when_ms is not None:
        db.expire_at(key, when_ms)
    db.adopt(key, value)


@FAMILY.command("MOVE")
def move(ctx: Context, args: list[bytes]) -> Reply:
    """Move a key to another database unless it is there already."""
    target = database(ctx, small_integer(args[1]))
    if target is ctx.db:
        raise ReplyError(SAME)
    value = ctx.db.find(args[0])
    if value is None or target.find(args[0]) is not None:
        return 0
    when_ms = ctx.db.expires.get(args[0])
    is_text = args[0] in ctx.db.texts
    ctx.db.remove(args[0])
    _place(target, args[0], value, when_ms, is_text=is_text)
    ctx.changed(args[0], b"move_from", GENERIC)
    ctx.changed_in(target, args[0], b"move_to", GENERIC)
    return 1


def database(ctx: Context, index: int) -> Database:
    """Find a database by number.

    Raises:
        ReplyError: there is none.
    """
    if not 0 <= index < len(ctx.engine.databases):
        raise ReplyError("DB index is out of range")
    return ctx.engine.databases[index]


@FAMILY.command("COPY")
def copy(ctx: Context, args: list[bytes]) -> Reply:
    """Copy a key to another name or database."""
    key, name = args[:2]
    target, replaces = ctx.db, False
    words = iter(args[2:])
    for word in words:
        option = word.upper()
        if option == b"REPLACE":
            replaces = True
        elif option == b"DB" and (number := next(words, None)) is not None:
            target = database(ctx, small_integer(number))
        else:
            raise syntax()
    if target is ctx.db and key == name:
        raise ReplyError(SAME)
    value = ctx.db.find(key)
    if value is None:
        return 0
    if target.find(name) is not None:
        if not replaces:
            return 0
        target.remove(name)
    twin = value if isinstance(value, bytes) else value.copy()
    _place(target, name, twin, ctx.db.expires.get(key), is_text=key in ctx.db.texts)
    ctx.modified += 1
    ctx.changed_in(target, name, b"copy_to", GENERIC)
    return 1


@FAMILY.command("RANDOMKEY")
def randomkey(ctx: Context, _args: list[bytes]) -> Reply:
    """Draw a key; null when there is none."""
    db = ctx.db
    while db.keys:
        key = db.ordered().choose(ctx.engine.random)
        if db.peek(key) is not None:
            return key
    return None


@FAMILY.command("KEYS")
def keys(ctx: Context, args: list[bytes]) -> Reply:
    """List the keys whose names follow a pattern."""
    db, pattern = ctx.db, args[0]
    if is_literal(pattern):
        return [pattern] if db.live(pattern) else []
    found = [key for key in db.keys if matches(pattern, key)]
    return [key for key in found if db.live(key)] if db.expires else found


@FAMILY.command("SCAN")
def scan(ctx: Context, args: list[bytes]) -> Reply:
    """List some keys from a cursor on; what is there all the time is listed at least once."""
    options = ScanOptions(args[0], args[1:], accepts_type=True)
    db = ctx.db
    cursor, found = db.ordered().scan(options.cursor, options.count)
    shown = options.filter(found)
    if options.type_name:
        wanted = options.type_name.lower()
        shown = [key for key in shown if type_name(db.keys[key]).lower() == wanted]
    if db.expires:
        shown = [key for key in shown if db.find(key) is not None]
    return [b"%d" % cursor, shown]


@FAMILY.command("DBSIZE")
def dbsize(ctx: Context, _args: list[bytes]) -> Reply:
    """Count the keys of the database."""
    return len(ctx.db.keys)


@FAMILY.command("FLUSHDB", "FLUSHALL")
def flush(ctx: Context, args: list[bytes]) -> Reply:
    """Delete all keys, of this database or of all."""
    if len(args) > 1 or (args and args[0].upper() not in {b"SYNC", b"ASYNC"}):
        raise syntax()
    is_all = ctx.command.name == "FLUSHALL"
    parameters, statistics = ctx.engine.instance.parameters, ctx.engine.instance.statistics
    is_lazy = args[0].upper() == b"ASYNC" if args else parameters.is_on("lazyfree-lazy-user-flush")
    for db in ctx.engine.databases if is_all else [ctx.db]:
        ctx.engine.modified_all(ctx.client, db)
        gone = db.clear()
        ctx.modified += gone
        statistics.lazily_freed += gone if is_lazy else 0
        ctx.engine.instance.search.flushed(db.index)
    ctx.modified += 1
    ctx.log(ctx.command.name.encode())
    return OK


@FAMILY.command("SWAPDB")
def swapdb(ctx: Context, args: list[bytes]) -> Reply:
    """Exchange the contents of two databases."""
    first = small_integer(args[0], "invalid first DB index")
    second = small_integer(args[1], "invalid second DB index")
    one, other = database(ctx, first), database(ctx, second)
    if one is not other:
        for moment in (True, False):
            ctx.engine.modified_all(ctx.client, one)
            ctx.engine.modified_all(ctx.client, other)
            if moment:
                one.swap(other)
    ctx.modified += 1
    return OK
