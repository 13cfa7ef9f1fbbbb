"""Reading time series: TS.RANGE, MRANGE, GET, MGET, QUERYINDEX, INFO; it refuses to change them."""

from collections.abc import Iterable
from itertools import groupby

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.timeseries_options import bound_ms, series_at, ts_error
from dotdo_redis.engine.commands.timeseries_rules import (
    aggregation_of,
    bucket_ms,
    live_rules,
    live_source,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.timeseries import (
    AGGREGATIONS,
    Buckets,
    Matcher,
    Query,
    Series,
    parse_matchers,
    run_query,
    spell_double,
)
from dotdo_redis.engine.timeseries.aggregation import REDUCERS
from dotdo_redis.engine.timeseries.matchers import BadMatcher
from dotdo_redis.engine.timeseries.ranges import Sample
from dotdo_redis.errors import wrong_arity
from dotdo_redis.mapping.replies import Reply, SetReply, Status

FAMILY = Family()
STAMPS = {b"-": "start", b"START": "start", b"~": "mid", b"MID": "mid", b"+": "end", b"END": "end"}
_WORDS = frozenset({
    b"LATEST", b"FILTER_BY_TS", b"FILTER_BY_VALUE", b"COUNT", b"ALIGN", b"AGGREGATION", b"BUCKETTIMESTAMP", b"EMPTY",
    b"WITHLABELS", b"SELECTED_LABELS", b"FILTER", b"GROUPBY",
})  # fmt: skip


def told(ctx: Context, sample: Sample) -> Reply:
    """A sample as a reply."""
    value = sample[1]
    return [sample[0], value if ctx.resp == 3 else Status(spell_double(value))]


class _Words:
    """The words of a call, in which options are looked for by their names."""

    def __init__(self, words: list[bytes]) -> None:
        self.words = words
        self.names = [word.upper() for word in words]

    def has(self, name: bytes) -> bool:
        return name in self.names

    def after(self, name: bytes, count: int) -> list[bytes]:
        """So many words behind a name; fewer at the end."""
        at = self.names.index(name) + 1
        return self.words[at : at + count]

    def until_option(self, name: bytes) -> list[bytes]:
        """The words behind a name, up to the next option."""
        at = self.names.index(name) + 1
        end = at
        while end < len(self.words) and self.names[end] not in _WORDS:
            end += 1
        return self.words[at:end]


def _query(ctx: Context, words: list[bytes]) -> Query:
    """Read a range and its options."""
    is_reverse = "REV" in ctx.command.name
    options = _Words(words[2:])
    start, end = bound_ms(words[0], "fromTimestamp"), bound_ms(words[1], "toTimestamp")
    times: frozenset[int] | None = None
    if options.has(b"FILTER_BY_TS"):
        times = _times(options.until_option(b"FILTER_BY_TS"))
    lowest, highest = _values(options)
    buckets = _buckets(options, words[0], start, words[1], end)
    return Query(start, end, _count(options), times, lowest, highest, buckets, is_reverse)


def _times(words: list[bytes]) -> frozenset[int]:
    found = []
    for word in words:
        if not word.isdigit():
            break
        found.append(int(word))
    if not found:
        raise ts_error("FILTER_BY_TS one or more arguments are missing")
    return frozenset(found)


def _values(options: _Words) -> tuple[float | None, float | None]:
    if not options.has(b"FILTER_BY_VALUE"):
        return None, None
    words = options.after(b"FILTER_BY_VALUE", 2)
    if len(words) < 2:
        raise ts_error("FILTER_BY_VALUE one or more arguments are missing")
    lowest = floating(words[0], "TSDB: Couldn't parse MIN")
    return lowest, floating(words[1], "TSDB: Couldn't parse MAX")


def _count(options: _Words) -> int | None:
    if not options.has(b"COUNT"):
        return None
    at = options.names.index(b"COUNT")
    if at and options.names[at - 1] == b"AGGREGATION":  # the aggregation of that name
        later = [n for n, name in enumerate(options.names) if name == b"COUNT" and n > at]
        if not later:
            return None
        at = later[0]
    if at + 1 >= len(options.words):
        raise ts_error("COUNT argument is missing")
    count = integer(options.words[at + 1], "TSDB: Couldn't parse COUNT")
    if count <= 0:
        raise ts_error("Invalid COUNT value")
    return count


def _align(word: bytes, start: tuple[bytes, int], end: tuple[bytes, int]) -> int:
    name = word.upper()
    if name in {b"-", b"START"}:
        if start[0] == b"-":
            raise ts_error("start alignment can only be used with explicit start timestamp")
        return start[1]
    if name in {b"+", b"END"}:
        if end[0] == b"+":
            raise ts_error("end alignment can only be used with explicit end timestamp")
        return end[1]
    return integer(word, "TSDB: unknown ALIGN parameter")


def _buckets(
    options: _Words, start_word: bytes, start: int, end_word: bytes, end: int
) -> Buckets | None:
    align = 0
    if options.has(b"ALIGN"):
        words = options.after(b"ALIGN", 1)
        align = _align(words[0] if words else b"", (start_word, start), (end_word, end))
    if not options.has(b"AGGREGATION"):
        if options.has(b"ALIGN"):
            raise ts_error("ALIGN parameter can only be used with AGGREGATION")
        return None
    words = options.after(b"AGGREGATION", 2)
    if len(words) < 2:
        raise ts_error("Couldn't parse AGGREGATION")
    aggregation, size_ms = aggregation_of(words[0]), bucket_ms(words[1])
    stamp = "start"
    if options.has(b"BUCKETTIMESTAMP"):
        named = options.after(b"BUCKETTIMESTAMP", 1)
        if not named or named[0].upper() not in STAMPS:
            raise ts_error("unknown BUCKETTIMESTAMP parameter")
        stamp = STAMPS[named[0].upper()]
    return Buckets(aggregation, size_ms, align, stamp, options.has(b"EMPTY"))


def _latest(ctx: Context, series: Series, *, is_asked: bool) -> Sample | None:
    """The open bucket of a series that compacts another one."""
    source = live_source(ctx, series) if is_asked else None
    return None if source is None else source[1].latest()


@FAMILY.command("TS.RANGE", "TS.REVRANGE")
def ts_range(ctx: Context, args: list[bytes]) -> Reply:
    """The samples of a time, or what is made of them bucket by bucket."""
    expect(ctx, args, 3)
    series = series_at(ctx, args[0])
    query = _query(ctx, args[1:])
    latest = _latest(ctx, series, is_asked=_Words(args[3:]).has(b"LATEST"))
    return [told(ctx, sample) for sample in run_query(query, series, latest)]


@FAMILY.command("TS.GET")
def ts_get(ctx: Context, args: list[bytes]) -> Reply:
    """The newest sample."""
    expect(ctx, args, 1, 2)
    series = series_at(ctx, args[0])
    if len(args) == 2 and args[1].upper() != b"LATEST":
        raise ts_error("wrong 3rd argument")
    sample = _latest(ctx, series, is_asked=len(args) == 2) or series.last
    return [] if sample is None else told(ctx, sample)


# -- several series


def matching(ctx: Context, matchers: list[Matcher]) -> list[tuple[bytes, Series]]:
    """The series whose labels are as asked, by key."""
    found = [
        (key, series)
        for key, series in ctx.db.keys.items()
        if isinstance(series, Series) and all(one.matches(series.labels) for one in matchers)
    ]
    return sorted((key, series) for key, series in found if ctx.db.live(key))


def _matchers(words: list[bytes]) -> list[Matcher]:
    try:
        found = parse_matchers(words)
    except BadMatcher:
        raise ts_error("failed parsing labels") from None
    if not any(one.selects for one in found):
        raise ts_error("please provide at least one matcher")
    return found


class _Labels:
    """Which labels are told of each series."""

    def __init__(self, options: _Words) -> None:
        self.tells_all = options.has(b"WITHLABELS")
        self.selected: list[bytes] = []
        if options.has(b"SELECTED_LABELS"):
            if self.tells_all:
                raise ts_error("cannot accept WITHLABELS and SELECT_LABELS together")
            self.selected = options.until_option(b"SELECTED_LABELS")
            if not self.selected:
                raise ts_error("SELECT_LABELS should have at least 1 parameter")

    def of(self, ctx: Context, labels: dict[bytes, bytes]) -> Reply:
        shown: dict[bytes, bytes | None] = {}
        if self.tells_all:
            shown = dict(labels)
        elif self.selected:
            shown = {name: labels.get(name) for name in self.selected}
        return shown if ctx.resp == 3 else [[name, text] for name, text in shown.items()]


@FAMILY.command("TS.QUERYINDEX")
def ts_queryindex(ctx: Context, args: list[bytes]) -> Reply:
    """The keys of the series whose labels are as asked."""
    expect(ctx, args, 1)
    return SetReply(key for key, _series in matching(ctx, _matchers(args)))


@FAMILY.command("TS.MGET")
def ts_mget(ctx: Context, args: list[bytes]) -> Reply:
    """The newest sample of each series whose labels are as asked."""
    options = _Words(args)
    if not options.has(b"FILTER") or not options.after(b"FILTER", 1):
        raise wrong_arity(ctx.command.shown_name)
    labels = _Labels(options)
    found = matching(ctx, _matchers(options.until_option(b"FILTER")))
    rows: list[tuple[bytes, list[Reply]]] = []
    for key, series in found:
        sample = _latest(ctx, series, is_asked=options.has(b"LATEST")) or series.last
        newest: Reply = [] if sample is None else told(ctx, sample)
        rows.append((key, [labels.of(ctx, series.labels), newest]))
    return _rows(ctx, rows)


def _rows(ctx: Context, rows: Iterable[tuple[bytes, list[Reply]]]) -> Reply:
    """One entry per series: a map by key, or lists that begin with it."""
    if ctx.resp == 3:
        return dict(rows)
    return [[key, *parts] for key, parts in rows]


@FAMILY.command("TS.MRANGE", "TS.MREVRANGE")
def ts_mrange(ctx: Context, args: list[bytes]) -> Reply:
    """The samples of a time of each series whose labels are as asked, grouped and reduced if so asked."""
    expect(ctx, args, 4)
    options = _Words(args[2:])
    if not options.has(b"FILTER") or not options.after(b"FILTER", 1):
        raise wrong_arity(ctx.command.shown_name)
    query = _query(ctx, args[: 2 + options.names.index(b"FILTER")])
    labels = _Labels(options)
    group = options.after(b"GROUPBY", 3) if options.has(b"GROUPBY") else []
    if options.has(b"GROUPBY") and (len(group) != 3 or group[1].upper() != b"REDUCE"):
        raise wrong_arity(ctx.command.shown_name)
    if group and group[2].decode("utf-8", "replace").lower() not in REDUCERS:
        raise ts_error("Invalid reducer type")
    found = matching(ctx, _matchers(options.until_option(b"FILTER")))
    asked = options.has(b"LATEST")
    ranges = [
        (key, series, run_query(query, series, _latest(ctx, series, is_asked=asked)))
        for key, series in found
    ]
    if group:
        return _grouped(ctx, ranges, labels, group, is_reverse=query.is_reverse)
    rows: list[tuple[bytes, list[Reply]]] = []
    for key, series, samples in ranges:
        shown: list[Reply] = [labels.of(ctx, series.labels)]
        if ctx.resp == 3:
            name = [] if query.buckets is None else [query.buckets.aggregation.name.encode()]
            shown.append({b"aggregators": name})
        rows.append((key, [*shown, [told(ctx, sample) for sample in samples]]))
    return _rows(ctx, rows)


def _grouped(
    ctx: Context,
    ranges: list[tuple[bytes, Series, list[Sample]]],
    labels: _Labels,
    group: list[bytes],
    *,
    is_reverse: bool,
) -> Reply:
    """Series with the same value of a label as one, values of the same moment reduced."""
    label, reducer = group[0], group[2].lower()
    members: dict[bytes, list[tuple[bytes, list[Sample]]]] = {}
    for key, series, samples in ranges:
        if label in series.labels:
            members.setdefault(series.labels[label], []).append((key, samples))
    rows: list[tuple[bytes, list[Reply]]] = []
    for value in sorted(members):
        keys = [key for key, _samples in members[value]]
        samples = _reduced([one for _, one in members[value]], reducer, is_reverse=is_reverse)
        shown: dict[bytes, bytes] = {label: value}
        parts: list[Reply] = []
        if ctx.resp == 3:
            parts = [{b"reducers": [reducer]}, {b"sources": keys}]
        elif labels.tells_all:
            shown |= {b"__reducer__": reducer, b"__source__": b",".join(keys)}
        told_samples = [told(ctx, sample) for sample in samples]
        rows.append((b"%b=%b" % (label, value), [labels.of(ctx, shown), *parts, told_samples]))
    return _rows(ctx, rows)


def _reduced(ranges: list[list[Sample]], reducer: bytes, *, is_reverse: bool) -> list[Sample]:
    merged = sorted((sample for samples in ranges for sample in samples), key=lambda one: one[0])
    reduce = AGGREGATIONS[reducer.decode()].reduce
    found = [
        (time_ms, reduce([value for _, value in same]))
        for time_ms, same in groupby(merged, key=lambda one: one[0])
    ]
    return found[::-1] if is_reverse else found


# -- TS.INFO


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
