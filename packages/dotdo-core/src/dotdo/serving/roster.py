"""Who is connected to a host: admission within the limits, and the end of the last one."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from dotdo.serving.context import ConnectionFacts
from dotdo.serving.limits import Limits
from dotdo.serving.session import CloseReason


class Member(Protocol):
    """An entry of the roster."""

    @property
    def facts(self) -> ConnectionFacts:
        """Where it comes from."""


M = TypeVar("M", bound=Member)


class Roster(Generic[M]):
    """Connections by number; those refused are listed until they are gone, but not counted."""

    __slots__ = ("_admitted", "_by_number", "_by_peer", "_empty", "_last", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last = 0
        self._by_number: dict[int, M] = {}
        self._admitted: set[int] = set()
        self._by_peer: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()

    def __iter__(self) -> Iterator[M]:
        return iter(tuple(self._by_number.values()))

    def __len__(self) -> int:
        return len(self._by_number)

    def next_number(self) -> int:
        """Return the number of a new connection."""
        self._last += 1
        return self._last

    def admit(self, member: M) -> CloseReason | None:
        """Enter a connection; return why it is one too many, if it is."""
        facts = member.facts
        self._by_number[facts.number] = member
        self._empty.clear()
        if len(self._admitted) >= self._limits.max_connections:
            return CloseReason.TOO_MANY_CONNECTIONS
        if self._by_peer[facts.peer] >= self._limits.max_connections_per_peer:
            return CloseReason.TOO_MANY_FROM_PEER
        self._admitted.add(facts.number)
        if not facts.is_unix:
            self._by_peer[facts.peer] += 1
        return None

    @property
    def refused(self) -> int:
        """How many peers are still being told that they were refused."""
        return len(self._by_number) - len(self._admitted)

    def forget(self, member: M) -> None:
        """Remove a connection."""
        facts = member.facts
        self._by_number.pop(facts.number, None)
        if facts.number in self._admitted and not facts.is_unix:
            self._by_peer[facts.peer] -= 1
            if not self._by_peer[facts.peer]:
                del self._by_peer[facts.peer]
        self._admitted.discard(facts.number)
        if not self._by_number:
            self._empty.set()

    async def wait_empty(self, timeout_s: float) -> bool:
        """Wait until nobody is connected; return whether that is so."""
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
