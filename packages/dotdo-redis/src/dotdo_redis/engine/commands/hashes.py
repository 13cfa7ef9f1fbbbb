"""Hashes: fields and values; it refuses the fields' times to live."""

from math import isinf

from dotdo_redis.engine.arguments import floating, integer, is_integer
from dotdo_redis.engine.commands.numbers import added
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.draws import draw, read_count
from dotdo_redis.engine.long_double import add
from dotdo_redis.engine.notifications import HASH
from dotdo_redis.engine.scanning import ScanOptions, read_cursor
from dotdo_redis.engine.types.hashes import HASHTABLE, Hash
from dotdo_redis.errors import ReplyError, syntax, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()


def hash_to_write(ctx: Context, key: bytes) -> Hash:
    """The hash at a key, a new one when there is none."""
    value = ctx.db.get(key, Hash)
    if value is None:
        value = Hash(ctx.engine.config)
        ctx.db.put(key, value)
    return value


def fields_of(ctx: Context, key: bytes) -> dict[bytes, bytes]:
    """Fields and values of the hash at a key, none when it is missing."""
    value = ctx.db.get(key, Hash)
    return {} if value is None else value.fields


@FAMILY.command("HSET", "HMSET")
def hset(ctx: Context, args: list[bytes]) -> Reply:
    """Set fields; return how many are new."""
    if not len(args) % 2:
        raise wrong_arity(ctx.command.shown_name)
    key = args[0]
    value = ctx.db.get(key, Hash)
    if value is None:
        value = hash_to_write(ctx, key)
    if len(args) == 3:
        created = int(value.set(args[1], args[2]))
    else:
        created = sum(map(value.set, args[1::2], args[2::2]))
    ctx.changed(key, b"hset", HASH, len(args) // 2)
    return OK if ctx.command.name == "HMSET" else created


@FAMILY.command("HSETNX")
def hsetnx(ctx: Context, args: list[bytes]) -> Reply:
    """Set a field unless it is there."""
    key, field, text = args
    if field in fields_of(ctx, key):
        return 0
    hash_to_write(ctx, key).set(field, text)
    ctx.changed(key, b"hset", HASH)
    return 1


@FAMILY.command("HGET")
def hget(ctx: Context, args: list[bytes]) -> Reply:
    """Read a field."""
    value = ctx.db.get(args[0], Hash)
    return None if value is None else value.fields.get(args[1])


@FAMILY.command("HMGET")
def hmget(ctx: Context, args: list[bytes]) -> Reply:
    """Read several fields."""
    fields = fields_of(ctx, args[0])
    return [fields.get(field) for field in args[1:]]


@FAMILY.command("HDEL")
def hdel(ctx: Context, args: list[bytes]) -> Reply:
    """Remove fields; return how many were there."""
    key = args[0]
    value = ctx.db.get(key, Hash)
    if value is None:
        return 0
    removed = sum(map(value.discard, args[1:]))
    if removed:
        ctx.changed(key, b"hdel", HASH, removed)
        ctx.discard_empty(key, value)
    return removed


@FAMILY.command("HEXISTS")
def hexists(ctx: Context, args: list[bytes]) -> Reply:
    """Whether a field is there."""
    return int(args[1] in fields_of(ctx, args[0]))


@FAMILY.command("HLEN")
def hlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the fields."""
    return len(fields_of(ctx, args[0]))


@FAMILY.command("HSTRLEN")
def hstrlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the bytes of a field's value."""
    return len(fields_of(ctx, args[0]).get(args[1], b""))


@FAMILY.command("HGETALL")
def hgetall(ctx: Context, args: list[bytes]) -> Reply:
    """Read all fields and values."""
    return dict(fields_of(ctx, args[0]))


@FAMILY.command("HKEYS")
def hkeys(ctx: Context, args: list[bytes]) -> Reply:
    """Read all fields."""
    return list(fields_of(ctx, args[0]))


@FAMILY.command("HVALS")
def hvals(ctx: Context, args: list[bytes]) -> Reply:
    """Read all values."""
    return list(fields_of(ctx, args[0]).values())


@FAMILY.command("HINCRBY")
def hincrby(ctx: Context, args: list[bytes]) -> Reply:
    """Add to the number in a field."""
    key, field = args[0], args[1]
    increment = integer(args[2])
    text = fields_of(ctx, key).get(field, b"0")
    if not is_integer(text):
        raise ReplyError("hash value is not an integer")
    total = added(int(text), increment)
    hash_to_write(ctx, key).edit(field, b"%d" % total)
    ctx.changed(key, b"hincrby", HASH)
    return total


@FAMILY.command("HINCRBYFLOAT")
def hincrbyfloat(ctx: Context, args: list[bytes]) -> Reply:
    """Add a number with a fraction to the one in a field."""
    key, field, increment = args
    if isinf(floating(increment)):
        raise ReplyError("value is NaN or Infinity")
    text = fields_of(ctx, key).get(field, b"0")
    add(b"0", text, "hash value is not a float")
    total = add(text, increment)
    value = hash_to_write(ctx, key)
    value.edit(field, total)
    ctx.changed(key, b"hincrbyfloat", HASH)
    if not value.expires:
        ctx.log(b"HSET", key, field, total)
    return total


@FAMILY.command("HRANDFIELD")
def hrandfield(ctx: Context, args: list[bytes]) -> Reply:
    """Draw fields: up to so many that differ, or that many with repetition when negative."""
    if len(args) == 1:
        value = ctx.db.get(args[0], Hash)
        return None if value is None else value.choose(ctx.engine.random)
    with_values = len(args) == 3 and args[2].upper() == b"WITHVALUES"
    count = read_count(args[1], doubled=with_values)
    if len(args) > 2 and not with_values:
        raise syntax()
    value = ctx.db.get(args[0], Hash)
    if value is None:
        return []
    fields = draw(ctx.engine.random, value.fields, count, value.choose)
    if not with_values:
        return fields
    if ctx.resp == 3:
        return [[field, value.fields[field]] for field in fields]
    return [word for field in fields for word in (field, value.fields[field])]


@FAMILY.command("HSCAN")
def hscan(ctx: Context, args: list[bytes]) -> Reply:
    """List some fields from a cursor on."""
    read_cursor(args[1])
    value = ctx.db.get(args[0], Hash)
    if value is None:
        return [b"0", []]
    options = ScanOptions(args[1], args[2:], accepts_novalues=ctx.engine.config.shows(7, 4))
    order = value.ordered() if value.form is HASHTABLE else None
    cursor, fields = options.walk(order, list(value.fields))
    if options.has_no_values:
        return [cursor, fields]
    return [cursor, [word for field in fields for word in (field, value.fields[field])]]
