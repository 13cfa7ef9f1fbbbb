"""Times to live of keys; it refuses those of hash fields."""

from dotdo_redis.engine.arguments import HIGHEST, LOWEST, integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import GENERIC
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()

UNITS = {"EXPIRE": 1000, "PEXPIRE": 1, "EXPIREAT": 1000, "PEXPIREAT": 1}
NO_CONDITIONS: set[bytes] = set()
CONDITIONS = (b"NX", b"XX", b"GT", b"LT")


def read_conditions(words: list[bytes]) -> set[bytes]:
    """Read NX, XX, GT and LT.

    Raises:
        ReplyError: another word, or words that contradict each other.
    """
    found = {word.upper() for word in words}
    for word in words:
        if word.upper() not in CONDITIONS:
            raise ReplyError(f"Unsupported option {word.decode('utf-8', 'replace')}")
    if b"NX" in found and len(found) > 1:
        raise ReplyError("NX and XX, GT or LT options at the same time are not compatible")
    if {b"GT", b"LT"} <= found:
        raise ReplyError("GT and LT options at the same time are not compatible")
    return found


def allows(conditions: set[bytes], current_ms: int | None, when_ms: int) -> bool:
    """Whether a deadline may be replaced; None stands for one that never comes."""
    if current_ms is None:
        return not conditions & {b"XX", b"GT"}
    return not (
        b"NX" in conditions
        or (b"GT" in conditions and when_ms <= current_ms)
        or (b"LT" in conditions and when_ms >= current_ms)
    )


def moment_ms(ctx: Context, word: bytes, name: str) -> int:
    """Read the time of an EXPIRE command as milliseconds since 1970.

    Raises:
        ReplyError: not an integer, or beyond 64 bits.
    """
    unit = UNITS[name]
    base = 0 if name.endswith("AT") else ctx.now_ms
    when_ms = integer(word) * unit
    if not LOWEST <= when_ms <= HIGHEST - base:
        raise ReplyError(f"invalid expire time in '{ctx.command.shown_name}' command")
    return when_ms + base


@FAMILY.command("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT")
def expire(ctx: Context, args: list[bytes]) -> Reply:
    """Give a key a deadline; one in the past deletes it."""
    key = args[0]
    conditions = read_conditions(args[2:]) if len(args) > 2 else NO_CONDITIONS
    when_ms = moment_ms(ctx, args[1], ctx.command.name)
    if ctx.db.find(key) is None or not allows(conditions, ctx.db.expires.get(key), when_ms):
        return 0
    if when_ms <= ctx.now_ms:
        ctx.delete(key)
        ctx.log(b"DEL", key)
        return 1
    ctx.db.expire_at(key, when_ms)
    ctx.changed(key, b"expire", GENERIC)
    if ctx.engine.journal is not None:
        ctx.log(b"PEXPIREAT", key, b"%d" % when_ms)
    return 1


@FAMILY.command("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME")
def ttl(ctx: Context, args: list[bytes]) -> Reply:
    """Tell when a key expires: -2 without the key, -1 when it never does."""
    if ctx.db.peek(args[0]) is None:
        return -2
    when_ms = ctx.db.expires.get(args[0])
    if when_ms is None:
        return -1
    name = ctx.command.name
    shown = when_ms if name.endswith("TIME") else max(when_ms - ctx.now_ms, 0)
    return shown if name.startswith("P") else (shown + 500) // 1000


@FAMILY.command("PERSIST")
def persist(ctx: Context, args: list[bytes]) -> Reply:
    """Let a key live for ever; whether it had a deadline."""
    if ctx.db.find(args[0]) is None or not ctx.db.persist(args[0]):
        return 0
    ctx.changed(args[0], b"persist", GENERIC)
    return 1
