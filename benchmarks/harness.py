"""What a benchmark declares, and how it is measured: contenders take turns, the minimum of the rounds counts.

A module in benchmarks/NAME/ offers `benchmarks()`, a generator. It yields one `Comparison` or `Figure` at a
time, which is measured before the generator goes on, so `with` blocks around a `yield` are its setup:

    def benchmarks() -> Iterator[Comparison]:
        with tempfile.TemporaryDirectory() as folder:
            ours, bare = open_both(folder)
            yield Comparison(name="insert", ours=ours.insert, peers={"apsw": bare.insert}, goal="<= 2.2")
"""

import gc
import operator
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

Action = Callable[[], object]
Clock = Callable[[], int]
COMPARATORS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound: `<= 2.2` is a cost (our time by the peer's), `>= 4` a speed (the peer's time by ours).

    Of a `Figure` it bounds the figure itself; the unit may be repeated: `<= 0.5 ms`.
    """

    text: str
    comparator: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a goal.

        Raises:
            ValueError: it is not a comparator, a number and at most a unit.
        """
        found = re.fullmatch(r"(<=|>=) *([0-9.]+)(?: *[A-Za-z/]+)?", text.strip())
        if found is None:
            raise ValueError(f"goal {text!r}: wants '<= 2.2', '>= 4' or '<= 0.5 ms'")
        return cls(text, found[1], float(found[2]))

    def is_met_by(self, value: float) -> bool:
        """Whether a measured value keeps the bound."""
        return bool(COMPARATORS[self.comparator](value, self.bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured line.

    Args:
        name: of the comparison or figure.
        peer: who it was measured against, empty for a figure.
        ours: our figure in `unit`.
        theirs: the peer's figure in `unit`.
        ratio: theirs by ours for a goal of `>=` (how many times as fast), else ours by theirs.
        unit: `us` per operation, or the figure's own.
        goal: the bound as declared.
        is_met: whether it holds, None without a goal.
    """

    name: str
    ours: float
    unit: str
    peer: str = ""
    theirs: float | None = None
    ratio: float | None = None
    goal: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One operation, done by us and by peers.

    Args:
        name: the operation.
        ours: does it `operations` times.
        peers: name -> does the same as many times.
        operations: how often one call does it; figures are per operation.
        rounds: how often each contender is called; the fastest call counts.
        goal: the bound to hold against every peer, or against those of a mapping peer -> bound.
        prepare: called before every timed call, untimed.
        scales: peer -> what its time is multiplied by, where it does that much less.
    """

    name: str
    ours: Action
    peers: Mapping[str, Action]
    operations: int = 1
    rounds: int = 20
    goal: str | Mapping[str, str] = ""
    prepare: Action | None = None
    scales: Mapping[str, float] = field(default_factory=dict)

    def measure(self, clock_ns: Clock = time.perf_counter_ns) -> list[Row]:
        """Call the contenders in turn, the first of each round another one, and return a row per peer."""
        contenders = {"": self.ours, **self.peers}
        best = dict.fromkeys(contenders, float("inf"))
        order = list(contenders)
        for _ in range(self.rounds):
            for name in order:
                best[name] = min(best[name], self._timed_us(contenders[name], clock_ns))
            order.append(order.pop(0))
        return [
            self._row(peer, best[""], best[peer] * self.scales.get(peer, 1)) for peer in self.peers
        ]

    def _timed_us(self, action: Action, clock_ns: Clock) -> float:
        if self.prepare is not None:
            self.prepare()
        gc.collect()
        gc.disable()
        try:
            started_ns = clock_ns()
            action()
            return (clock_ns() - started_ns) / 1000 / self.operations
        finally:
            gc.enable()

    def _row(self, peer: str, ours: float, theirs: float) -> Row:
        text = self.goal if isinstance(self.goal, str) else self.goal.get(peer, "")
        goal = Goal.parse(text) if text else None
        is_speed = goal is not None and goal.comparator == ">="
        ratio = theirs / ours if is_speed else ours / theirs
        return Row(
            name=self.name,
            peer=peer,
            ours=ours,
            theirs=theirs,
            ratio=ratio,
            unit="us",
            goal=text,
            is_met=goal.is_met_by(ratio) if goal else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of ours that has no peer: a size, a percentile.

    Args:
        name: what is measured.
        measure_once: returns the figure in `unit`; called once.
        unit: `ms`, `KiB`.
        goal: the bound.
    """

    name: str
    measure_once: Callable[[], float]
    unit: str
    goal: str = ""

    def measure(self, _: Clock = time.perf_counter_ns) -> list[Row]:
        """Return the one row."""
        value = self.measure_once()
        goal = Goal.parse(self.goal) if self.goal else None
        is_met = goal.is_met_by(value) if goal else None
        return [Row(name=self.name, ours=value, unit=self.unit, goal=self.goal, is_met=is_met)]
