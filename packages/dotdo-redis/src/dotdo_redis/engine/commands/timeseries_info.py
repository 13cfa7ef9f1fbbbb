"""TS.INFO: what a time series is and holds; it refuses to change it."""

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.timeseries_options import series_at
from dotdo_redis.engine.commands.timeseries_rules import live_rules, live_source
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.timeseries import Series
from dotdo_redis.mapping.replies import Reply, Status

FAMILY = Family()


@FAMILY.command("TS.INFO")
def ts_info(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a series."""
    expect(ctx, args, 1, 2)
    series = series_at(ctx, args[0])
    source = live_source(ctx, series)
    live_rules(ctx, series)
    policy: Reply = None
    if series.policy is not None:
        policy = Status(series.policy.value.encode())
    elif ctx.engine.config.shows(8, 0):
        policy = Status(b"block")
    facts: dict[Status, Reply] = {
        Status(b"totalSamples"): len(series.times),
        Status(b"memoryUsage"): _memory(series),
        Status(b"firstTimestamp"): _first(series),
        Status(b"lastTimestamp"): series.times[-1] if series.times else 0,
        Status(b"retentionTime"): series.retention_ms,
        Status(b"chunkCount"): series.chunks,
        Status(b"chunkSize"): series.chunk_bytes,
        Status(b"chunkType"): Status(b"compressed" if series.is_compressed else b"uncompressed"),
        Status(b"duplicatePolicy"): policy,
        Status(b"labels"): _paired(ctx, series.labels),
        Status(b"sourceKey"): None if source is None else source[0],
        Status(b"rules"): _rules(ctx, series),
        Status(b"ignoreMaxTimeDiff"): series.ignored_ms,
        Status(b"ignoreMaxValDiff"): series.ignored_value,
    }
    if len(args) == 2:
        facts[Status(b"keySelfName")] = args[0]
        facts[Status(b"Chunks")] = [_chunk(series, at) for at in range(series.chunks)]
    return facts


def _paired(ctx: Context, labels: dict[bytes, bytes]) -> Reply:
    return dict(labels) if ctx.resp == 3 else [[name, text] for name, text in labels.items()]


def _first(series: Series) -> int:
    places = series.span(0, series.times[-1]) if series.times else range(0)
    return series.times[places.start] if places else 0


def _memory(series: Series) -> int:
    base = 88 if series.is_compressed else 40
    labels = sum(20 + len(name) + len(text) - 2 for name, text in series.labels.items())
    return base + series.chunks * series.chunk_bytes + labels + 64 * len(series.rules)


def _rules(ctx: Context, series: Series) -> Reply:
    rules = [
        (
            rule.key,
            [rule.bucket_ms, Status(rule.aggregation.name.upper().encode()), rule.align_ms],
        )
        for rule in live_rules(ctx, series)
    ]
    return dict(rules) if ctx.resp == 3 else [[key, *parts] for key, parts in rules]


def _chunk(series: Series, number: int) -> Reply:
    size = series.chunk_samples
    times = series.times[number * size : (number + 1) * size]
    return {
        Status(b"startTimestamp"): times[0] if times else -1,
        Status(b"endTimestamp"): times[-1] if times else -1,
        Status(b"samples"): len(times),
        Status(b"size"): series.chunk_bytes,
        Status(b"bytesPerSample"): series.chunk_bytes / len(times) if times else 0.0,
    }
