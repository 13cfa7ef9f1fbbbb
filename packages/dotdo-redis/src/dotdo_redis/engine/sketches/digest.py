"""t-digests: quantiles of a stream from few centroids, by merging; it refuses commands."""

from collections.abc import Iterator
from itertools import pairwise
from math import ceil, floor, inf, log, nan, pi
from sys import float_info


class TDigest:
    """Centroids in the order of their means, and values that were not merged yet."""

    type_name = b"TDIS-TYPE"
    __slots__ = (
        "capacity", "compression", "compressions", "highest", "lowest", "means", "merged", "merged_weight",
        "unmerged_weight", "weights",
    )  # fmt: skip

    def __init__(self, compression: int) -> None:
        """Make an empty one; a higher compression keeps more centroids."""
        self.compression = float(compression)
        self.capacity = 6 * compression + 10
        self.lowest, self.highest = float_info.max, -float_info.max
        self.means: list[float] = []
        self.weights: list[int] = []
        self.merged = 0
        self.merged_weight = self.unmerged_weight = 0
        self.compressions = 0

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "TDigest":
        """Give a digest that shares nothing that can change."""
        twin = TDigest(int(self.compression))
        for slot in self.__slots__:
            setattr(twin, slot, getattr(self, slot))
        twin.means, twin.weights = self.means[:], self.weights[:]
        return twin

    @property
    def observations(self) -> int:
        """How many values were added."""
        return self.merged_weight + self.unmerged_weight

    @property
    def size_bytes(self) -> int:
        """Memory, as TDIGEST.INFO tells it."""
        return 16 * self.capacity + 8

    def add(self, value: float, weight: int = 1) -> None:
        """Add a value so many times."""
        if len(self.means) >= self.capacity - 1:
            self.compress()
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)
        self.means.append(value)
        self.weights.append(weight)
        self.unmerged_weight += weight

    def compress(self) -> None:
        """Merge neighbours as far as the compression allows, less at the ends than in the middle."""
        if len(self.means) == self.merged:
            return
        means, weights = self.means, self.weights
        order = _order(means, weights)
        total = self.observations
        scale = 2 * pi * total * log(total)
        normalizer = self.compression / scale if scale else inf
        kept_means, kept_weights = [means[order[0]]], [weights[order[0]]]
        before = 0
        for at in order[1:]:
            weight = kept_weights[-1] + weights[at]
            most = weight * normalizer
            low, high = before / total, (before + weight) / total
            if most <= low * (1 - low) and most <= high * (1 - high):
                kept_weights[-1] = weight
                kept_means[-1] += (means[at] - kept_means[-1]) * weights[at] / weight
            else:
                before += kept_weights[-1]
                kept_means.append(means[at])
                kept_weights.append(weights[at])
        self.means, self.weights = kept_means, kept_weights
        self.merged = len(kept_means)
        self.merged_weight, self.unmerged_weight = total, 0
        self.compressions += 1

    def merge(self, other: "TDigest") -> None:
        """Add another digest's centroids."""
        self.compress()
        other.compress()
        for mean, weight in zip(other.means, other.weights, strict=True):
            self.add(mean, weight)

    # -- asked for

    def quantile(self, fraction: float) -> float:
        """The value below which so large a part of the others lies; NaN without any."""
        self.compress()
        if not self.merged:
            return nan
        if self.merged == 1:
            return self.means[0]
        index = fraction * self.merged_weight
        if index < 1:
            return self.lowest
        left, right = self.weights[0], self.weights[-1]
        if left > 1 and index < left / 2:
            return self.lowest + (index - 1) / (left / 2 - 1) * (self.means[0] - self.lowest)
        if index > self.merged_weight - 1:
            return self.highest
        if right > 1 and self.merged_weight - index <= right / 2:
            part = (self.merged_weight - index - 1) / (right / 2 - 1)
            return self.highest - part * (self.highest - self.means[-1])
        return self._between(index)

    def _between(self, index: float) -> float:
        """Interpolate between the two centroids around an index; single values are not spread."""
        so_far = self.weights[0] / 2
        for at in range(self.merged - 1):
            weight, following = self.weights[at], self.weights[at + 1]
            step = (weight + following) / 2
            if so_far + step > index:
                if weight == 1 and index - so_far < 0.5:
                    return self.means[at]
                if following == 1 and so_far + step - index <= 0.5:
                    return self.means[at + 1]
                left = index - so_far - (0.5 if weight == 1 else 0)
                right = so_far + step - index - (0.5 if following == 1 else 0)
                return _average(self.means[at], right, self.means[at + 1], left)
            so_far += step
        left = index - self.merged_weight - self.weights[-1] / 2
        return _average(self.means[-1], left, self.highest, self.weights[-1] / 2 - left)

    def fraction_below(self, value: float) -> float:
        """The part of the values that lies below one, half of those equal to it included; NaN without any."""
        self.compress()
        if not self.merged:
            return nan
        if value < self.lowest:
            return 0.0
        if value > self.highest:
            return 1.0
        if self.merged == 1:
            return 0.5
        if value < self.means[0]:
            return self._tail(value - self.lowest, self.means[0] - self.lowest, self.weights[0])
        if value > self.means[-1]:
            width = self.highest - self.means[-1]
            return 1 - self._tail(self.highest - value, width, self.weights[-1])
        return self._fraction_within(value) / self.merged_weight

    def _tail(self, distance: float, width: float, weight: int) -> float:
        """The part of the values between an end and a place within the first centroid from there."""
        if distance == 0:
            return 0.5 / self.merged_weight
        return (1 + distance / width * (weight / 2 - 1)) / self.merged_weight

    def _fraction_within(self, value: float) -> float:
        so_far = 0.0
        means, weights = self.means, self.weights
        for at in range(self.merged - 1):
            if means[at] == value:
                same = sum(w for m, w in zip(means[at:], weights[at:], strict=True) if m == value)
                return so_far + same / 2
            if means[at] < value < means[at + 1]:
                weight, following = weights[at], weights[at + 1]
                if weight == following == 1:
                    return so_far + 1
                left = 0.5 if weight == 1 else 0
                right = 0.5 if following == 1 and not left else 0
                step = (weight + following) / 2 - left - right
                part = (value - means[at]) / (means[at + 1] - means[at])
                return so_far + weight / 2 + left + step * part
            so_far += weights[at]
        return self.merged_weight - 0.5

    def trimmed_mean(self, low: float, high: float) -> float:
        """The mean of the values between two quantiles; NaN without any."""
        self.compress()
        if not self.merged:
            return nan
        if self.merged == 1:
            return self.means[0]
        first, last = floor(self.merged_weight * low), ceil(self.merged_weight * high)
        done, total, count = 0, 0.0, 0
        for mean, weight in zip(self.means, self.weights, strict=True):
            part = weight - min(max(0, first - done), weight)
            part = min(max(0, last - done), part)
            done += weight
            total += mean * part
            count += part
            if done >= last:
                break
        return total / count if count else nan

    def rank(self, value: float) -> int:
        """How many values are below one: -2 without any, -1 below all, their number above all."""
        if not self.observations:
            return -2
        if value < self.lowest:
            return -1
        if value > self.highest:
            return self.observations
        return ceil(self.fraction_below(value) * self.observations - 0.5)

    def reverse_rank(self, value: float) -> int:
        """How many values are above one: -2 without any, -1 above all, their number below all."""
        if not self.observations:
            return -2
        if value > self.highest:
            return -1
        if value < self.lowest:
            return self.observations
        below = self.fraction_below(value) * self.observations
        return ceil(self.observations - below - 0.5)

    def by_rank(self, rank: int) -> float:
        """The value of a rank; infinite beyond the last, NaN without any."""
        if not self.observations:
            return nan
        if rank >= self.observations:
            return inf
        return self.quantile(rank / self.observations)

    def by_reverse_rank(self, rank: int) -> float:
        """The value of a rank from the highest down; minus infinite beyond the last, NaN without any."""
        if not self.observations:
            return nan
        if rank >= self.observations:
            return -inf
        if rank == 0:
            return self.highest
        return self.quantile((self.observations - rank - 1) / self.observations)

    # -- carried over

    def items(self) -> Iterator[int | float]:
        """What a payload holds."""
        self.compress()
        yield from (self.compression, self.lowest, self.highest, self.capacity, self.merged, 0)
        yield from (self.compressions, float(self.merged_weight), 0.0)
        yield from self.means
        yield from map(float, self.weights)

    @classmethod
    def from_items(cls, items: Iterator[int | float], _config: object = None) -> "TDigest":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls(int(next(items)))
        made.lowest, made.highest, capacity = next(items), next(items), next(items)
        made.merged, unmerged, made.compressions = (int(next(items)) for _ in range(3))
        made.merged_weight, made.unmerged_weight = int(next(items)), int(next(items))
        count = made.merged + unmerged
        if capacity != made.capacity or count > capacity:
            raise ValueError("another size")
        made.means = [float(next(items)) for _ in range(count)]
        made.weights = [int(next(items)) for _ in range(count)]
        return made


def _average(one: float, weight: float, other: float, other_weight: float) -> float:
    """A weighted mean that rounding keeps between the two."""
    mean = (one * weight + other * other_weight) / (weight + other_weight)
    return max(min(one, other), min(mean, max(one, other)))


def _order(means: list[float], weights: list[int]) -> list[int]:
    """The centroids from the lowest mean on; equal ones of unlike weights as RedisBloom's sort leaves them."""
    order = sorted(range(len(means)), key=means.__getitem__)
    is_clear = all(
        means[one] != means[other] or weights[one] == weights[other]
        for one, other in pairwise(order)
    )
    return order if is_clear else _unstable_order(means)


def _unstable_order(means: list[float]) -> list[int]:
    """Sort around the middle element, which leaves equal ones in an order of its own."""
    order = list(range(len(means)))
    parts = [(0, len(order) - 1)]
    while parts:
        start, end = parts.pop()
        if start >= end:
            continue
        middle = (start + end) // 2
        pivot = means[order[middle]]
        if end - start == 1:
            if means[order[start]] > means[order[end]]:
                order[start], order[end] = order[end], order[start]
            continue
        order[middle], order[end] = order[end], order[middle]
        place = start
        for at in range(start, end):
            if means[order[at]] < pivot:
                order[place], order[at] = order[at], order[place]
                place += 1
        order[place], order[end] = order[end], order[place]
        parts += [(start, place - 1), (place + 1, end)]
    return order
