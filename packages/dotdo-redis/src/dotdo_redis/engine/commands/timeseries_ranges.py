"""Reading time series: TS.RANGE, MRANGE, GET, MGET, QUERYINDEX; it refuses to change them."""

from collections.abc import Iterable
from itertools import groupby

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.timeseries_options import series_at, ts_error
from dotdo_redis.engine.commands.timeseries_queries import Words, query_of
from dotdo_redis.engine.commands.timeseries_rules import live_source
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.timeseries import (
    AGGREGATIONS,
    Matcher,
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


def told(ctx: Context, sample: Sample) -> Reply:
    """A sample as a reply."""
    value = sample[1]
    return [sample[0], value if ctx.resp == 3 else Status(spell_double(value))]


def _latest(ctx: Context, series: Series, *, is_asked: bool) -> Sample | None:
    """The open bucket of a series that compacts another one."""
    source = live_source(ctx, series) if is_asked else None
    return None if source is None else source[1].latest()


@FAMILY.command("TS.RANGE", "TS.REVRANGE")
def ts_range(ctx: Context, args: list[bytes]) -> Reply:
    """The samples of a time, or what is made of them bucket by bucket."""
    expect(ctx, args, 3)
    series = series_at(ctx, args[0])
    query = query_of(ctx, args[1:])
    latest = _latest(ctx, series, is_asked=Words(args[3:]).has(b"LATEST"))
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

    def __init__(self, options: Words) -> None:
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
    options = Words(args)
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
    options = Words(args[2:])
    if not options.has(b"FILTER") or not options.after(b"FILTER", 1):
        raise wrong_arity(ctx.command.shown_name)
    query = query_of(ctx, args[: 2 + options.names.index(b"FILTER")])
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
