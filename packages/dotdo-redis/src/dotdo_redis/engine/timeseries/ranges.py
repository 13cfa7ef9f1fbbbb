"""Ranges of samples: filtered, put into buckets, aggregated; it refuses to parse what is asked."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from dotdo_redis.engine.timeseries.aggregation import Aggregation
from dotdo_redis.engine.timeseries.series import Series

Sample = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Buckets:
    """How samples are put into buckets, and what is told of each."""

    aggregation: Aggregation
    size_ms: int
    align_ms: int = 0
    stamp: str = "start"
    """Which moment of a bucket is told: `start`, `mid` or `end`."""
    tells_empty: bool = False

    def start_of(self, time_ms: int) -> int:
        """Where the bucket of a moment starts, possibly before the beginning of time."""
        return time_ms - (time_ms - self.align_ms) % self.size_ms

    def told(self, start_ms: int) -> int:
        """The moment that is told of a bucket."""
        if self.stamp == "start":
            return max(start_ms, 0)
        return start_ms + (self.size_ms if self.stamp == "end" else self.size_ms // 2)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a series."""

    start_ms: int
    end_ms: int
    count: int | None = None
    times: frozenset[int] | None = None
    lowest: float | None = None
    highest: float | None = None
    buckets: Buckets | None = None
    is_reverse: bool = False


def run_query(query: Query, series: Series, latest: Sample | None = None) -> list[Sample]:
    """The samples, or buckets, that are asked for.

    Args:
        query: what is asked.
        series: of what.
        latest: the open bucket of a compacted series, to be told as a sample.
    """
    found = list(_filtered(query, series))
    if latest is not None and query.start_ms <= latest[0] <= query.end_ms:
        found.append(latest)
    if query.buckets is not None:
        found = list(_bucketed(query, query.buckets, series, found))
    if query.is_reverse:
        found.reverse()
    return found if query.count is None else found[: query.count]


def _filtered(query: Query, series: Series) -> Iterator[Sample]:
    times, values = series.times, series.values
    for at in series.span(query.start_ms, query.end_ms):
        if query.times is not None and times[at] not in query.times:
            continue
        if query.lowest is not None and not query.lowest <= values[at] <= (query.highest or 0.0):
            continue
        yield times[at], values[at]


def _bucketed(
    query: Query, buckets: Buckets, series: Series, samples: list[Sample]
) -> Iterator[Sample]:
    if buckets.tells_empty and buckets.aggregation.name == "twa":
        yield from _all_by_time(query, buckets, series)
        return
    expected: int | None = None
    last = 0.0
    for start, group in groupby(samples, key=lambda sample: buckets.start_of(sample[0])):
        while buckets.tells_empty and expected is not None and expected < start:
            yield buckets.told(expected), _of_empty(buckets, last)
            expected += buckets.size_ms
        values = [value for _, value in group]
        last = values[-1]
        if buckets.aggregation.name == "twa":
            yield buckets.told(start), _by_time(query, buckets, series, start)
        else:
            yield buckets.told(start), buckets.aggregation.reduce(values)
        expected = start + buckets.size_ms


def _all_by_time(query: Query, buckets: Buckets, series: Series) -> Iterator[Sample]:
    """Every bucket between samples, whether one lies in it or not."""
    if not series.times:
        return
    first = max(query.start_ms, series.times[0])
    last = min(query.end_ms, series.times[-1])
    for start in range(buckets.start_of(first), last + 1, buckets.size_ms):
        yield buckets.told(start), _by_time(query, buckets, series, start)


def _of_empty(buckets: Buckets, last: float) -> float:
    if buckets.aggregation.name == "last":
        return last
    return buckets.aggregation.empty


def _by_time(query: Query, buckets: Buckets, series: Series, start: int) -> float:
    """The mean over the time of a bucket, between samples on the straight line from one to the next."""
    times = series.times
    first = max(start, query.start_ms, times[0])
    last = min(start + buckets.size_ms, query.end_ms, times[-1])
    if last <= first:
        return _between(series, first)
    inner = [t for t in times[bisect_left(times, first) : bisect_left(times, last)] if t > first]
    stops = [first, *inner, last]
    heights = [_between(series, stop) for stop in stops]
    area = sum(
        (heights[n] + heights[n + 1]) / 2 * (stops[n + 1] - stops[n]) for n in range(len(stops) - 1)
    )
    return area / (last - first)


def _between(series: Series, time_ms: int) -> float:
    """The value at a moment, on the line between the samples around it."""
    times, values = series.times, series.values
    at = bisect_left(times, time_ms)
    if at == len(times):
        return values[-1]
    if times[at] == time_ms or at == 0:
        return values[at]
    rise = values[at] - values[at - 1]
    return values[at - 1] + rise * (time_ms - times[at - 1]) / (times[at] - times[at - 1])
