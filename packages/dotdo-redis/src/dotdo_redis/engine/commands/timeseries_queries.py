"""What TS.RANGE and TS.MRANGE are asked for: times, filters, buckets; it refuses to look at a series."""

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.timeseries_options import bound_ms, ts_error
from dotdo_redis.engine.commands.timeseries_rules import aggregation_of, bucket_ms
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.timeseries import Buckets, Query

STAMPS = {b"-": "start", b"START": "start", b"~": "mid", b"MID": "mid", b"+": "end", b"END": "end"}
_WORDS = frozenset({
    b"LATEST", b"FILTER_BY_TS", b"FILTER_BY_VALUE", b"COUNT", b"ALIGN", b"AGGREGATION", b"BUCKETTIMESTAMP", b"EMPTY",
    b"WITHLABELS", b"SELECTED_LABELS", b"FILTER", b"GROUPBY",
})  # fmt: skip


class Words:
    """The words of a call, in which options are looked for by their names."""

    def __init__(self, words: list[bytes]) -> None:
        self.words = words
        self.names = [word.upper() for word in words]

    def has(self, name: bytes) -> bool:
        """Whether a word is there."""
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


def query_of(ctx: Context, words: list[bytes]) -> Query:
    """Read a range and its options."""
    is_reverse = "REV" in ctx.command.name
    options = Words(words[2:])
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


def _values(options: Words) -> tuple[float | None, float | None]:
    if not options.has(b"FILTER_BY_VALUE"):
        return None, None
    words = options.after(b"FILTER_BY_VALUE", 2)
    if len(words) < 2:
        raise ts_error("FILTER_BY_VALUE one or more arguments are missing")
    lowest = floating(words[0], "TSDB: Couldn't parse MIN")
    return lowest, floating(words[1], "TSDB: Couldn't parse MAX")


def _count(options: Words) -> int | None:
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
    options: Words, start_word: bytes, start: int, end_word: bytes, end: int
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
