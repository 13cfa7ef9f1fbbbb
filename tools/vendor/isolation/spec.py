"""Specifications of the isolation suite: setups, sessions with their steps, and the orders in which steps run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r'\s+|#[^\n]*|\{(?P<block>[^}]*)\}|"(?P<quoted>[^"]*)"|(?P<word>[\w-]+)|(?P<mark>[(),*])'
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must have happened before a step is told to be complete.

    Args:
        step: Another step that must not run any more; empty: the step is told to wait in any case.
        notices: So many notices must have come to that step's session instead; 0 for none.
    """

    step: str
    notices: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A step in an order, with its conditions."""

    step: str
    conditions: tuple[Condition, ...] = ()


@dataclass(slots=True)
class Member:
    """One of the sessions."""

    name: str
    setup: str = ""
    teardown: str = ""
    steps: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Spec:
    """One specification."""

    setups: list[str] = field(default_factory=list)
    teardown: str = ""
    members: list[Member] = field(default_factory=list)
    orders: list[list[Entry]] = field(default_factory=list)

    @property
    def owners(self) -> dict[str, int]:
        """The place of the session that each step belongs to."""
        return {step: at for at, member in enumerate(self.members) for step in member.steps}

    def sql(self, step: str) -> str:
        """Return what a step sends."""
        return self.members[self.owners[step]].steps[step]

    def all_orders(self) -> Iterator[list[Entry]]:
        """Yield the given orders; without any, each one that keeps every session's own."""
        if self.orders:
            yield from self.orders
            return
        for names in _interleavings([[*member.steps] for member in self.members]):
            yield [Entry(name) for name in names]


def _interleavings(piles: list[list[str]]) -> Iterator[list[str]]:
    if not any(piles):
        yield []
    for at, pile in enumerate(piles):
        if pile:
            rest = [*piles[:at], pile[1:], *piles[at + 1 :]]
            for tail in _interleavings(rest):
                yield [pile[0], *tail]


def parse(text: str) -> Spec:
    """Read a specification.

    Raises:
        ValueError: It is none.
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def read(self) -> Spec:
        spec = Spec()
        while self._at < len(self._tokens):
            kind, word = self._next()
            member = spec.members[-1] if spec.members else None
            if word == "session":
                spec.members.append(Member(self._next()[1]))
            elif word == "step" and member is not None:
                name = self._next()[1]
                member.steps[name] = self._next()[1]
            elif word == "permutation":
                spec.orders.append(list(self._entries()))
            elif word == "setup" and member is not None:
                member.setup = self._next()[1]
            elif word == "setup":
                spec.setups.append(self._next()[1])
            elif word == "teardown" and member is not None:
                member.teardown = self._next()[1]
            elif word == "teardown":
                spec.teardown = self._next()[1]
            else:
                msg = f"{kind} {word!r} is not expected"
                raise ValueError(msg)
        return spec

    def _next(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _entries(self) -> Iterator[Entry]:
        while self._peek()[0] in {"word", "quoted"} and self._peek() != ("word", "permutation"):
            step = self._next()[1]
            conditions = []
            if self._peek()[1] == "(":
                while self._next()[1] != ")":
                    conditions.append(self._condition())
            yield Entry(step, tuple(conditions))

    def _condition(self) -> Condition:
        word = self._next()[1]
        if word == "*":
            return Condition("")
        if self._peek() == ("word", "notices"):
            self._next()
            return Condition(word, int(self._next()[1]))
        return Condition(word)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            msg = f"what is {text[at : at + 20]!r}?"
            raise ValueError(msg)
        at = found.end()
        if found.lastgroup is not None:
            yield found.lastgroup, found[found.lastgroup]
