"""Rules that compact series: TS.CREATERULE, DELETERULE, and what they do with each sample; it refuses other writes."""

from bisect import bisect_left

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.timeseries_options import series_at, ts_error
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import MODULE
from dotdo_redis.engine.timeseries import AGGREGATIONS, Aggregation, Rule, Series
from dotdo_redis.engine.timeseries.series import weighed
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()


def aggregation_of(word: bytes) -> Aggregation:
    """Find an aggregation by its name.

    Raises:
        ReplyError: there is none.
    """
    found = AGGREGATIONS.get(word.decode("utf-8", "replace").lower())
    if found is None:
        raise ts_error("Unknown aggregation type")
    return found


def bucket_ms(word: bytes) -> int:
    """Read the length of a bucket.

    Raises:
        ReplyError: it is no positive integer.
    """
    number = integer(word, "TSDB: Couldn't parse AGGREGATION")
    if number <= 0:
        raise ts_error("bucketDuration must be greater than zero")
    return number


def live_rules(ctx: Context, series: Series) -> list[Rule]:
    """The rules whose series are still there, under whatever key; the others are dropped."""
    for rule in list(series.rules):
        found = ctx.db.keys.get(rule.key)
        if rule.target is None and isinstance(found, Series):
            rule.target = found
        if rule.target is not None and found is not rule.target:
            rule.key = _key_of(ctx, rule.target) or b""
            found = ctx.db.keys.get(rule.key)
        if rule.target is None or found is not rule.target:
            series.rules.remove(rule)
    return series.rules


def _key_of(ctx: Context, series: Series) -> bytes | None:
    return next((key for key, value in ctx.db.keys.items() if value is series), None)


def live_source(ctx: Context, series: Series) -> tuple[bytes, Rule] | None:
    """The key of the series that one compacts, and by which rule."""
    if series.source is None:
        return None
    found = ctx.db.keys.get(series.source)
    if isinstance(found, Series):
        for rule in live_rules(ctx, found):
            if rule.target is series:
                return series.source, rule
    for key, value in ctx.db.keys.items():
        if isinstance(value, Series) and value.rules:
            for rule in live_rules(ctx, value):
                if rule.target is series:
                    series.source = key
                    return key, rule
    series.source = None
    return None


@FAMILY.command("TS.CREATERULE")
def ts_createrule(ctx: Context, args: list[bytes]) -> Reply:
    """Compact a series into another one from now on."""
    if len(args) not in {5, 6}:
        raise wrong_arity(ctx.command.shown_name)
    if args[2].upper() != b"AGGREGATION":
        raise ts_error("Couldn't parse AGGREGATION")
    aggregation, size_ms = aggregation_of(args[3]), 0
    size_ms = bucket_ms(args[4])
    align = integer(args[5], "TSDB: Couldn't parse alignTimestamp") if len(args) == 6 else 0
    if args[0] == args[1]:
        raise ts_error("the source key and destination key should be different")
    source, target = series_at(ctx, args[0]), series_at(ctx, args[1])
    if live_source(ctx, source) is not None:
        raise ts_error("the source key already has a source rule")
    if live_source(ctx, target) is not None:
        raise ts_error("the destination key already has a src rule")
    if live_rules(ctx, target):
        raise ts_error("the destination key already has a dst rule")
    source.rules.append(Rule(args[1], aggregation, size_ms, align, target))
    target.source = args[0]
    ctx.changed(args[0], b"ts.createrule:src", MODULE)
    ctx.changed(args[1], b"ts.createrule:dest", MODULE, 0)
    return OK


@FAMILY.command("TS.DELETERULE")
def ts_deleterule(ctx: Context, args: list[bytes]) -> Reply:
    """Compact a series into another one no longer."""
    expect(ctx, args, 2, 2)
    source, target = series_at(ctx, args[0]), series_at(ctx, args[1])
    rule = next((one for one in live_rules(ctx, source) if one.target is target), None)
    if rule is None:
        raise ts_error("compaction rule does not exist")
    source.rules.remove(rule)
    target.source = None
    ctx.changed(args[0], b"ts.deleterule:src", MODULE)
    ctx.changed(args[1], b"ts.deleterule:dest", MODULE, 0)
    return OK


# -- compacting


def compact_sample(ctx: Context, _key: bytes, series: Series, time_ms: int, value: float) -> None:
    """Take a newest sample into the open buckets, and tell those that it closes."""
    for rule in live_rules(ctx, series):
        start = rule.bucket_of(time_ms)
        if rule.start_ms is not None and start != rule.start_ms:
            _close(ctx, rule)
            rule.times, rule.values = [], []
        rule.start_ms = start
        rule.times.append(time_ms)
        rule.values.append(value)


def _close(ctx: Context, rule: Rule) -> None:
    latest = rule.latest()
    if latest is not None and rule.target is not None:
        rule.target.put(*latest)
        ctx.changed(rule.key, b"ts.add:dest", MODULE, 0)


def recompact(ctx: Context, _key: bytes, series: Series, start_ms: int, end_ms: int) -> None:
    """Make anew what rules made of the samples of a time."""
    for rule in live_rules(ctx, series):
        _recompact_rule(ctx, rule, series, start_ms, end_ms)


def _recompact_rule(ctx: Context, rule: Rule, series: Series, start_ms: int, end_ms: int) -> None:
    target = rule.target
    if rule.start_ms is None or target is None:
        return
    if rule.bucket_of(end_ms) >= rule.start_ms:
        rule.times, rule.values = _in_bucket(rule, series, rule.start_ms)
        if not rule.times:
            rule.start_ms = None
    open_start = rule.start_ms
    starts = {rule.bucket_of(time_ms) for time_ms in (start_ms, min(end_ms, _last(series)))}
    first = bisect_left(target.times, min(starts))
    starts |= {time_ms for time_ms in target.times[first:] if time_ms <= end_ms}
    for start in sorted(starts):
        if start == open_start:
            continue
        times, values = _in_bucket(rule, series, start)
        if times and (open_start is None or start < open_start):
            target.put(start, weighed(rule.aggregation, times, values))
        elif not times:
            target.delete(start, start)
    ctx.changed(rule.key, b"ts.add:dest", MODULE, 0)


def _last(series: Series) -> int:
    return series.times[-1] if series.times else 0


def _in_bucket(rule: Rule, series: Series, start_ms: int) -> tuple[list[int], list[float]]:
    places = series.span(start_ms, rule.end_of(start_ms) - 1)
    inside = slice(places.start, places.stop)
    return series.times[inside], series.values[inside]


__all__ = ["FAMILY", "ReplyError", "aggregation_of", "bucket_ms"]
