"""Writing time series: TS.CREATE, ALTER, ADD, MADD, INCRBY, DECRBY, DEL; it refuses to read them."""

from math import isfinite

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.timeseries_options import (
    Options,
    bound_ms,
    series_at,
    series_or_none,
    ts_error,
)
from dotdo_redis.engine.commands.timeseries_rules import compact_sample, recompact
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import MODULE
from dotdo_redis.engine.timeseries import Blocked, Policy, Series, TooOld
from dotdo_redis.errors import Raw, ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()
NOT_A_SERIES = "the key is not a TSDB key"


@FAMILY.command("TS.CREATE")
def ts_create(ctx: Context, args: list[bytes]) -> Reply:
    """Make an empty series."""
    expect(ctx, args, 1)
    if ctx.db.find(args[0]) is not None:
        raise ts_error("key already exists")
    series = Series()
    Options(args[1:]).apply(series)
    ctx.db.put(args[0], series)
    ctx.changed(args[0], b"ts.create", MODULE)
    return OK


@FAMILY.command("TS.ALTER")
def ts_alter(ctx: Context, args: list[bytes]) -> Reply:
    """Change what TS.CREATE said, but for the encoding."""
    expect(ctx, args, 1)
    series = series_at(ctx, args[0])
    Options(args[1:]).apply(series, is_new=False)
    ctx.changed(args[0], b"ts.alter", MODULE)
    return OK


def _time(ctx: Context, word: bytes) -> int:
    if word == b"*":
        return ctx.now_ms
    time_ms = integer(word, "TSDB: invalid timestamp")
    if time_ms < 0:
        raise ts_error("invalid timestamp, must be a nonnegative integer")
    return time_ms


def _value(word: bytes, error: str = "invalid value") -> float:
    value = floating(word, f"TSDB: {error}")
    if not isfinite(value):
        raise ts_error(error)
    return value


def add_sample(
    ctx: Context, key: bytes, series: Series, sample: tuple[int, float], policy: Policy | None
) -> int:
    """Add a sample and compact it; return its time, or the newest one's when it is ignored.

    Raises:
        ReplyError: the policy refuses it, or it is too old.
    """
    time_ms, value = sample
    if series.ignores(time_ms, value):
        return series.times[-1]
    try:
        is_newest = series.add(time_ms, value, policy)
    except Blocked:
        raise ts_error(
            "Error at upsert, update is not supported when DUPLICATE_POLICY is set to BLOCK mode"
        ) from None
    except TooOld:
        raise ts_error("Timestamp is older than retention") from None
    ctx.changed(key, b"ts.add", MODULE)
    if series.rules:
        if is_newest:
            compact_sample(ctx, key, series, time_ms, value)
        else:
            recompact(ctx, key, series, time_ms, time_ms)
    return time_ms


@FAMILY.command("TS.ADD")
def ts_add(ctx: Context, args: list[bytes]) -> Reply:
    """Add a sample, to a new series when there is none."""
    expect(ctx, args, 3)
    key = args[0]
    time_ms, value = _time(ctx, args[1]), _value(args[2])
    found = ctx.db.find(key)
    if found is not None and not isinstance(found, Series):
        raise ts_error(NOT_A_SERIES)
    options = Options(args[3:])
    series = found
    if series is None:
        series = Series()
        options.apply(series)
        ctx.db.put(key, series)
    policy = options.on_duplicate
    told = add_sample(ctx, key, series, (time_ms, value), policy)
    if args[1] == b"*":
        ctx.log(b"TS.ADD", key, b"%d" % time_ms, *args[2:])
    return told


@FAMILY.command("TS.MADD")
def ts_madd(ctx: Context, args: list[bytes]) -> Reply:
    """Add samples to series that are there; of each its time, or its error."""
    expect(ctx, args, 3)
    if len(args) % 3:
        raise wrong_arity(ctx.command.shown_name)
    replies: list[Reply] = []
    for at in range(0, len(args), 3):
        try:
            replies.append(_add_one(ctx, *args[at : at + 3]))
        except ReplyError as error:
            replies.append(error)
    if any(word == b"*" for word in args[1::3]):
        now = b"%d" % ctx.now_ms
        words = [now if n % 3 == 1 and word == b"*" else word for n, word in enumerate(args)]
        ctx.log(b"TS.MADD", *words)
    return replies


def _add_one(ctx: Context, key: bytes, time: bytes, value: bytes) -> int:
    series = ctx.db.find(key)
    if not isinstance(series, Series):
        raise ts_error(NOT_A_SERIES)
    sample = _time(ctx, time), _value(value)
    return add_sample(ctx, key, series, sample, None)


@FAMILY.command("TS.INCRBY", "TS.DECRBY")
def ts_incrby(ctx: Context, args: list[bytes]) -> Reply:
    """Add a sample that is so much more, or less, than the newest one."""
    expect(ctx, args, 2)
    key, words = args[0], args[2:]
    series = series_or_none(ctx, key)
    amount = _value(args[1], "invalid increase/decrease value")
    options = Options(words)
    time_ms = ctx.now_ms if options.timestamp is None else _time(ctx, options.timestamp)
    if series is None:
        series = Series()
        options.apply(series)
        ctx.db.put(key, series)
    last = series.last
    if last is not None and time_ms < last[0]:
        raise Raw("TSDB: timestamp must be equal to or higher than the maximum existing timestamp")
    before = 0.0 if last is None else last[1]
    signed = amount if ctx.command.name == "TS.INCRBY" else -amount
    add_sample(ctx, key, series, (time_ms, before + signed), Policy.LAST)
    ctx.notify(key, ctx.command.shown_name.encode(), MODULE)
    if options.timestamp is None or options.timestamp == b"*":
        ctx.log(ctx.command.name.encode(), key, args[1], *words, b"TIMESTAMP", b"%d" % time_ms)
    return time_ms


@FAMILY.command("TS.DEL")
def ts_del(ctx: Context, args: list[bytes]) -> Reply:
    """Delete the samples of a time; return how many."""
    expect(ctx, args, 3, 3)
    series = series_at(ctx, args[0])
    start, end = bound_ms(args[1], "fromTimestamp"), bound_ms(args[2], "toTimestamp")
    count = series.delete(start, end)
    if count:
        ctx.changed(args[0], b"ts.del", MODULE)
        if series.rules:
            recompact(ctx, args[0], series, start, end)
    return count
