"""Sequences as one session uses them: nextval, currval, lastval, setval over counters of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.search_path import split_qualified
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.collected import Sequence
    from dotdo_postgres.engine.session import Session

UNCALLED = " uncalled"
"""Ends the name of the counter beside a sequence's own that tells which number has not been called."""


class Sequences:
    """The sequences as one session uses them.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._current: dict[str, int] = {}
        self._last: str | None = None

    def find(self, name: str) -> Sequence:
        """Return the sequence of that name.

        Raises:
            PostgresError: there is no such relation (42P01), it is no sequence (42809).
        """
        names = self._session.names
        schema, bare = split_qualified(name)
        found = names.sequence(schema, bare)
        if found is None:
            if names.find(schema, bare) is not None:
                raise error("42809", f'"{bare}" is not a sequence')
            shown = bare if schema is None else f"{schema}.{bare}"
            raise error("42P01", f'relation "{shown}" does not exist')
        return found

    def next(self, name: str, count: int = 1) -> int:
        """Return the first of `count` new numbers.

        Raises:
            PostgresError: no such sequence (42P01), its limit is reached (2200H).
        """
        return self.draw(self.find(name), count)

    def draw(self, sequence: Sequence, count: int = 1) -> int:
        """Return the first of `count` new numbers of a sequence.

        Raises:
            PostgresError: its limit is reached (2200H).
        """
        kernel, step = self._session.kernel, abs(sequence.increment)
        sign = 1 if sequence.increment > 0 else -1
        taken = kernel.next_number(sequence.counter, count * step, start=sign * sequence.start)
        first = sign * taken
        last = first + (count - 1) * sequence.increment
        if not sequence.minimum <= last <= sequence.maximum:
            if not sequence.is_cycled or count > 1:
                kernel.put_number(sequence.counter, sign * first)
                word, limit = (
                    ("maximum", sequence.maximum) if sign > 0 else ("minimum", sequence.minimum)
                )
                message = f'nextval: reached {word} value of sequence "{sequence.key[1]}" ({limit})'
                raise error("2200H", message)
            first = last = sequence.minimum if sign > 0 else sequence.maximum
            self._mark(sequence, first)
            kernel.put_number(sequence.counter, sign * (first + sequence.increment))
        self._current[sequence.counter] = last
        self._last = sequence.counter
        return first

    def set(self, sequence: Sequence, value: int, *, is_called: bool = True) -> int:
        """Set what comes next: after `value`, or `value` itself when it does not count as called.

        Raises:
            PostgresError: the value is beyond the sequence's limits (22003).
        """
        if not sequence.minimum <= value <= sequence.maximum:
            limits = f"({sequence.minimum}..{sequence.maximum})"
            message = (
                f'setval: value {value} is out of bounds for sequence "{sequence.key[1]}" {limits}'
            )
            raise error("22003", message)
        sign = 1 if sequence.increment > 0 else -1
        following = value + sequence.increment if is_called else value
        self._session.kernel.put_number(sequence.counter, sign * following)
        self._mark(sequence, value)
        if is_called:
            self._current[sequence.counter] = value
        return value

    def _mark(self, sequence: Sequence, value: int) -> None:
        """Keep the number that counts as not called as long as it is the next; another than the next is none."""
        sign = 1 if sequence.increment > 0 else -1
        self._session.kernel.put_number(sequence.counter + UNCALLED, sign * value)

    def state(self, sequence: Sequence) -> tuple[int, bool]:
        """Return last value and whether it has been handed out."""
        sign = 1 if sequence.increment > 0 else -1
        peek, start = self._session.kernel.peek_number, sign * sequence.start
        value = sign * peek(sequence.counter, start=start)
        if value == sign * peek(sequence.counter + UNCALLED, start=start):
            return value, False
        return value - sequence.increment, True

    def value(self, kind: str, name: str) -> int:
        """Answer nextval, currval and lastval.

        Raises:
            PostgresError: nothing drawn yet (55000), no such sequence (42P01).
        """
        if kind == "nextval":
            return self.next(name)
        if kind == "lastval":
            if self._last is None:
                raise error("55000", "lastval is not yet defined in this session")
            return self._current[self._last]
        return self.current(self.find(name))

    def current(self, sequence: Sequence) -> int:
        """Return the number that the session drew last.

        Raises:
            PostgresError: it drew none (55000).
        """
        if sequence.counter not in self._current:
            message = f'currval of sequence "{sequence.key[1]}" is not yet defined in this session'
            raise error("55000", message)
        return self._current[sequence.counter]
