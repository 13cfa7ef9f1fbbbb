"""What INFO counts beside the keys: errors, connections, slow commands, latencies; it refuses to format them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState

LATENCY_SAMPLES = 160
RATE_SAMPLES, SAMPLE_NS = 16, 100_000_000
RATES = ("commands", "input", "output")
SLOW_ARGUMENTS_MAX = 32
SLOW_ARGUMENT_BYTES_MAX = 128


class Statistics:
    """Counters that CONFIG RESETSTAT clears."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start from nothing."""
        self.connections = 0
        self.input_bytes = self.output_bytes = 0
        self.rates = {name: Rate() for name in RATES}
        self._sampled_ns = 0
        self.expired_keys = 0
        self.evicted_keys = 0
        self.lazily_freed = 0
        self.rejected_connections = 0
        self.unexpected_errors = 0
        self.errors: dict[str, int] = {}
        self.denials: dict[str, int] = {"auth": 0, "command": 0, "key": 0, "channel": 0}

    def sample(self, now_ns: int, commands: int) -> None:
        """Take note of how fast the counters grow; calls that come sooner than a tenth of a second do nothing."""
        elapsed_ns = now_ns - self._sampled_ns
        if 0 <= elapsed_ns < SAMPLE_NS:
            return
        self._sampled_ns = now_ns
        counters = (commands, self.input_bytes, self.output_bytes)
        for rate, counter in zip(self.rates.values(), counters, strict=True):
            rate.add(counter, elapsed_ns)

    def count_error(self, code: str) -> None:
        """Count an error reply by its first word."""
        self.errors[code] = self.errors.get(code, 0) + 1

    def count_denial(self, reason: str) -> None:
        """Count a call or login that a user was refused."""
        self.denials[reason] += 1


class Rate:
    """How fast a counter grows, over the newest samples."""

    __slots__ = ("_last", "_samples")

    def __init__(self) -> None:
        self._last: int | None = None
        self._samples: deque[float] = deque([0.0] * RATE_SAMPLES, RATE_SAMPLES)

    def add(self, counter: int, elapsed_ns: int) -> None:
        """Take the counter's value after so many nanoseconds."""
        if self._last is not None and elapsed_ns > 0:
            self._samples.append(max(counter - self._last, 0) * 1_000_000_000 / elapsed_ns)
        self._last = counter

    @property
    def per_s(self) -> float:
        """The mean of the samples."""
        return sum(self._samples) / RATE_SAMPLES


@dataclass(frozen=True, slots=True)
class SlowCall:
    """One entry of the slow log."""

    number: int
    at_s: int
    duration_us: int
    words: list[bytes]
    address: bytes
    name: bytes


class SlowLog:
    """The slowest calls, newest first, no more than `limit`."""

    def __init__(self) -> None:
        self.entries: deque[SlowCall] = deque()
        self.next_number = 0
        self.limit = 128

    def add(
        self, client: "ClientState", words: Sequence[bytes], at_us: int, duration_us: int
    ) -> None:
        """Enter a call, with its words cut to what Redis keeps."""
        call = SlowCall(
            self.next_number,
            at_us // 1_000_000,
            duration_us,
            shortened(words),
            client.address.encode(),
            client.name,
        )
        self.next_number += 1
        self.entries.appendleft(call)
        self.trim()

    def trim(self) -> None:
        """Drop the oldest entries beyond the limit."""
        while len(self.entries) > self.limit:
            self.entries.pop()


def shortened(words: Sequence[bytes]) -> list[bytes]:
    """Cut the words of a call: 32 at most, 128 bytes of each."""
    kept = words if len(words) <= SLOW_ARGUMENTS_MAX else words[: SLOW_ARGUMENTS_MAX - 1]
    shown = [_cut(word) for word in kept]
    if len(kept) < len(words):
        shown.append(b"... (%d more arguments)" % (len(words) - len(kept)))
    return shown


def _cut(word: bytes) -> bytes:
    surplus = len(word) - SLOW_ARGUMENT_BYTES_MAX
    return (
        word if surplus <= 0 else word[:SLOW_ARGUMENT_BYTES_MAX] + b"... (%d more bytes)" % surplus
    )


class LatencyMonitor:
    """Samples of events that took longer than the threshold: event -> (second, milliseconds)."""

    def __init__(self) -> None:
        self.threshold_ms = 0
        self.samples: dict[bytes, deque[tuple[int, int]]] = {}
        self.highest: dict[bytes, int] = {}

    def add(self, event: bytes, at_s: int, duration_ms: int) -> None:
        """Enter a sample when the monitor is on and it is long enough; one a second, the longest."""
        if not self.threshold_ms or duration_ms < self.threshold_ms:
            return
        samples = self.samples.setdefault(event, deque(maxlen=LATENCY_SAMPLES))
        self.highest[event] = max(self.highest.get(event, 0), duration_ms)
        if samples and samples[-1][0] == at_s:
            samples[-1] = (at_s, max(samples[-1][1], duration_ms))
        else:
            samples.append((at_s, duration_ms))

    def reset(self, events: Sequence[bytes]) -> int:
        """Forget the named events, all without names; return how many there were."""
        known = [event for event in (events or list(self.samples)) if event in self.samples]
        for event in known:
            del self.samples[event], self.highest[event]
        return len(known)
