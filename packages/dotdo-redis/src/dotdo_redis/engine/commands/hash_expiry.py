"""Times to live of hash fields (7.4); it refuses those of keys."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.expiry import CONDITIONS, allows
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import HASH
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
LATEST_MS = (1 << 46) - 1
"""The last moment a field's deadline can have."""
NOT_POSITIVE = "Number of fields must be a positive integer"
NO_FIELD, NO_DEADLINE, REFUSED, DONE, DELETED = -2, -1, 0, 1, 2


def counted_fields(words: list[bytes], error: str = NOT_POSITIVE) -> list[bytes]:
    """Read `FIELDS numfields field ...`, which end the call.

    Raises:
        ReplyError: something else stands there, no number (`error`), or one that is not theirs.
    """
    if len(words) < 2 or words[0].upper() != b"FIELDS":
        raise ReplyError("Mandatory argument FIELDS is missing or not at the right position")
    count = integer(words[1], error)
    if count < 1:
        raise ReplyError(error)
    if count != len(words) - 2:
        raise ReplyError("The `numfields` parameter must match the number of arguments")
    return words[2:]


def _deadline_ms(ctx: Context, word: bytes) -> int:
    name = ctx.command.name
    number = integer(word)
    if number < 0:
        raise ReplyError("invalid expire time, must be >= 0")
    base = 0 if name.endswith("AT") else ctx.now_ms
    when_ms = number * (1 if name.startswith("HP") else 1000) + base
    if when_ms > LATEST_MS:
        raise ReplyError(f"invalid expire time in '{ctx.command.shown_name}' command")
    return when_ms


@FAMILY.command("HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT")
def hexpire(ctx: Context, args: list[bytes]) -> Reply:
    """Give fields a deadline; one in the past deletes them."""
    key = args[0]
    value = ctx.db.get(key, Hash)
    when_ms = _deadline_ms(ctx, args[1])
    rest = args[2:]
    condition = rest[0].upper() if rest[0].upper() in CONDITIONS else b""
    fields = counted_fields(
        rest[1:] if condition else rest, "Parameter `numFields` should be greater than 0"
    )
    if value is None:
        return [NO_FIELD] * len(fields)
    value.make_room_for_times()
    outcomes = [_expire(ctx, value, field, when_ms, condition) for field in fields]
    _tell(ctx, key, value, fields, outcomes, when_ms)
    return outcomes


def _expire(ctx: Context, value: Hash, field: bytes, when_ms: int, condition: bytes) -> int:
    if field not in value.fields:
        return NO_FIELD
    if condition and not allows({condition}, value.expires.get(field), when_ms):
        return REFUSED
    if when_ms <= ctx.now_ms:
        value.discard(field)
        return DELETED
    value.expire_at(field, when_ms)
    return DONE


def _tell(  # noqa: PLR0917 - one step of hexpire
    ctx: Context, key: bytes, value: Hash, fields: list[bytes], outcomes: list[int], when_ms: int
) -> None:
    done = [field for field, outcome in zip(fields, outcomes, strict=True) if outcome == DONE]
    gone = [field for field, outcome in zip(fields, outcomes, strict=True) if outcome == DELETED]
    if done:
        ctx.db.field_deadlines.add(when_ms, key)
        ctx.changed(key, b"hexpire", HASH, len(done))
        moment = b"%d" % when_ms
        ctx.log(b"HPEXPIREAT", key, moment, b"FIELDS", b"%d" % len(done), *done)
    if gone:
        ctx.changed(key, b"hdel", HASH, len(gone))
        ctx.log(b"HDEL", key, *gone)
        ctx.discard_empty(key, value)


@FAMILY.command("HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME")
def httl(ctx: Context, args: list[bytes]) -> Reply:
    """Tell when fields expire: -2 without the field, -1 when it never does."""
    value = ctx.db.get(args[0], Hash)
    fields = counted_fields(args[1:])
    if value is None:
        return [NO_FIELD] * len(fields)
    return [_ttl(ctx, value, field) for field in fields]


def _ttl(ctx: Context, value: Hash, field: bytes) -> int:
    if field not in value.fields:
        return NO_FIELD
    when_ms = value.expires.get(field)
    if when_ms is None:
        return NO_DEADLINE
    name = ctx.command.name
    shown = when_ms if name.endswith("TIME") else when_ms - ctx.now_ms
    return shown if name.startswith("HP") else (shown + 999) // 1000


@FAMILY.command("HPERSIST")
def hpersist(ctx: Context, args: list[bytes]) -> Reply:
    """Let fields live for ever."""
    key = args[0]
    value = ctx.db.get(key, Hash)
    fields = counted_fields(args[1:])
    if value is None:
        return [NO_FIELD] * len(fields)
    outcomes: list[Reply] = []
    changed = 0
    for field in fields:
        if field not in value.fields:
            outcomes.append(NO_FIELD)
        elif value.expires.pop(field, None) is None:
            outcomes.append(NO_DEADLINE)
        else:
            changed += 1
            outcomes.append(DONE)
    if changed:
        ctx.changed(key, b"hpersist", HASH, changed)
    return outcomes
