"""A series of samples as the value of a key: adding, replacing, deleting, and the rules that compact it; it refuses commands."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.timeseries.aggregation import AGGREGATIONS, Aggregation

SAMPLE_BYTES = 16
DEFAULT_CHUNK_BYTES = 4096


class Policy(Enum):
    """What becomes of a sample whose timestamp is there already."""

    BLOCK = "block"
    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    SUM = "sum"


class Blocked(Exception):
    """A sample whose timestamp is there already."""


class TooOld(Exception):
    """A sample before what the series retains."""


@dataclass(slots=True)
class Rule:
    """How a series is compacted into another one."""

    key: bytes
    """Where the other series was when it was last looked for."""
    aggregation: Aggregation
    bucket_ms: int
    align_ms: int = 0
    target: "Series | None" = None
    start_ms: int | None = None
    """The bucket that is still open, and the samples in it since the rule is there."""
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def bucket_of(self, time_ms: int) -> int:
        """Where the bucket of a moment starts."""
        return max(0, time_ms - (time_ms - self.align_ms) % self.bucket_ms)

    def end_of(self, start_ms: int) -> int:
        """Where the bucket after one starts."""
        return start_ms - (start_ms - self.align_ms) % self.bucket_ms + self.bucket_ms

    def latest(self) -> tuple[int, float] | None:
        """The open bucket as it is now."""
        if self.start_ms is None or not self.values:
            return None
        return self.start_ms, weighed(self.aggregation, self.times, self.values)


def weighed(aggregation: Aggregation, times: list[int], values: list[float]) -> float:
    """Aggregate samples; by time between them when the aggregation says so."""
    if aggregation.name != "twa" or len(values) < 2:
        return aggregation.reduce(values)
    steps = range(len(times) - 1)
    area = sum((values[n] + values[n + 1]) / 2 * (times[n + 1] - times[n]) for n in steps)
    return area / (times[-1] - times[0])


class Series:
    """Samples in the order of their timestamps (milliseconds)."""

    type_name = b"TSDB-TYPE"
    __slots__ = (
        "chunk_bytes", "ignored_ms", "ignored_value", "is_compressed", "labels", "policy", "retention_ms", "rules",
        "source", "times", "values",
    )  # fmt: skip

    def __init__(self) -> None:
        self.retention_ms = 0
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        self.is_compressed = True
        self.policy: Policy | None = None
        self.ignored_ms = 0
        self.ignored_value = 0.0
        self.labels: dict[bytes, bytes] = {}
        self.times: list[int] = []
        self.values: list[float] = []
        self.rules: list[Rule] = []
        self.source: bytes | None = None
        """The key of the series that this one compacts."""

    def __len__(self) -> int:
        return max(len(self.times), 1)

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "Series":
        """Give a series of the same samples, without rules."""
        twin = Series.from_items(iter(self.items()))
        twin.rules, twin.source = [], None
        return twin

    @property
    def last(self) -> tuple[int, float] | None:
        """The newest sample."""
        return (self.times[-1], self.values[-1]) if self.times else None

    @property
    def first_retained_ms(self) -> int:
        """The first moment that is still told of."""
        if not self.retention_ms or not self.times:
            return 0
        return max(0, self.times[-1] - self.retention_ms)

    def find(self, time_ms: int) -> int | None:
        """The place of a sample."""
        at = bisect_left(self.times, time_ms)
        return at if at < len(self.times) and self.times[at] == time_ms else None

    def span(self, start_ms: int, end_ms: int) -> range:
        """The places of the samples of a time, both ends included."""
        start_ms = max(start_ms, self.first_retained_ms)
        return range(bisect_left(self.times, start_ms), bisect_right(self.times, end_ms))

    def ignores(self, time_ms: int, value: float) -> bool:
        """Whether a sample is too near the newest one to be kept."""
        last = self.last
        if last is None or self.policy is not Policy.LAST or time_ms < last[0]:
            return False
        near_in_time = time_ms - last[0] <= self.ignored_ms
        is_asked = bool(self.ignored_ms or self.ignored_value)
        return is_asked and near_in_time and abs(value - last[1]) <= self.ignored_value

    def add(self, time_ms: int, value: float, policy: Policy | None = None) -> bool:
        """Add a sample; whether it is the newest.

        Raises:
            Blocked: there is one of that time, and the policy says so.
            TooOld: it is before what is retained.
        """
        if not self.times or time_ms > self.times[-1]:
            self.times.append(time_ms)
            self.values.append(value)
            self._forget()
            return True
        if time_ms < self.first_retained_ms:
            raise TooOld
        at = bisect_left(self.times, time_ms)
        if self.times[at] != time_ms:
            self.times.insert(at, time_ms)
            self.values.insert(at, value)
        else:
            self.values[at] = _resolved(self.values[at], value, policy or self.policy)
        return False

    def put(self, time_ms: int, value: float) -> None:
        """Set the sample of a time, whatever the policy."""
        self.add(time_ms, value, Policy.LAST)

    def delete(self, start_ms: int, end_ms: int) -> int:
        """Delete the samples of a time, both ends included; return how many."""
        places = range(bisect_left(self.times, start_ms), bisect_right(self.times, end_ms))
        if not places:
            return 0
        del self.times[places.start : places.stop]
        del self.values[places.start : places.stop]
        return len(places)

    @property
    def chunk_samples(self) -> int:
        """Samples that a chunk takes; compressed ones are reckoned at a quarter of their size."""
        return self.chunk_bytes // SAMPLE_BYTES * (4 if self.is_compressed else 1)

    @property
    def chunks(self) -> int:
        """How many chunks the samples fill."""
        return max(1, -(-len(self.times) // self.chunk_samples))

    def _forget(self) -> None:
        """Drop samples that are no longer retained, a chunk of them at a time."""
        if self.retention_ms and self.times[0] < self.first_retained_ms:
            gone = bisect_left(self.times, self.first_retained_ms)
            gone -= gone % self.chunk_samples
            del self.times[:gone]
            del self.values[:gone]

    # -- carried over

    def items(self) -> Iterator[int | float | bytes]:
        """What a payload holds."""
        yield from (self.retention_ms, self.chunk_bytes, int(self.is_compressed))
        yield (self.policy.value if self.policy else "").encode()
        yield from (self.ignored_ms, self.ignored_value, self.source or b"")
        yield len(self.labels)
        for name, text in self.labels.items():
            yield from (name, text)
        yield len(self.rules)
        for rule in self.rules:
            yield from (rule.key, rule.aggregation.name.encode(), rule.bucket_ms, rule.align_ms)
            yield -1 if rule.start_ms is None else rule.start_ms
            yield from _samples(rule.times, rule.values)
        yield from _samples(self.times, self.values)

    @classmethod
    def from_items(
        cls, items: Iterator[int | float | bytes], _config: Config | None = None
    ) -> "Series":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls()
        made.retention_ms, made.chunk_bytes = int(next(items)), int(next(items))
        made.is_compressed = bool(next(items))
        policy = _word(items)
        made.policy = Policy(policy.decode()) if policy else None
        made.ignored_ms, made.ignored_value = int(next(items)), float(next(items))
        made.source = _word(items) or None
        made.labels = {_word(items): _word(items) for _ in range(int(next(items)))}
        for _ in range(int(next(items))):
            key, name = _word(items), _word(items).decode()
            rule = Rule(key, AGGREGATIONS[name], int(next(items)), int(next(items)))
            start = int(next(items))
            rule.start_ms = None if start < 0 else start
            rule.times, rule.values = _read_samples(items)
            made.rules.append(rule)
        made.times, made.values = _read_samples(items)
        return made


def _samples(times: list[int], values: list[float]) -> Iterator[int | float]:
    yield len(times)
    for time_ms, value in zip(times, values, strict=True):
        yield from (time_ms, value)


def _read_samples(items: Iterator[int | float | bytes]) -> tuple[list[int], list[float]]:
    pairs = [(int(next(items)), float(next(items))) for _ in range(int(next(items)))]
    return [time_ms for time_ms, _ in pairs], [value for _, value in pairs]


def _word(items: Iterator[int | float | bytes]) -> bytes:
    item = next(items)
    if not isinstance(item, bytes):
        raise ValueError("no text")  # noqa: TRY004 - a broken payload, not a wrong call
    return item


def _resolved(old: float, new: float, policy: Policy | None) -> float:
    if policy is None or policy is Policy.BLOCK:
        raise Blocked
    if policy is Policy.FIRST:
        return old
    if policy is Policy.LAST:
        return new
    if policy is Policy.SUM:
        return old + new
    return min(old, new) if policy is Policy.MIN else max(old, new)
