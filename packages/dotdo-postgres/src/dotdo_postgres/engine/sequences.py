"""Sequences behind serial and identity columns: counters of the kernel, currval and lastval of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.storage.counters import sequence_counter
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Session as Kernel


def sequence_owner(kernel: Kernel, name: str) -> tuple[int, str] | None:
    """Return noun number and column of the sequence of that name, None when there is none."""
    for noun in kernel.catalog.nouns:
        for column in noun.columns:
            if column.extra.get(EXTRA, {}).get("sequence") == name:
                return noun.id, column.column
    return None


def counter_name(noun_id: int, physical: str) -> str:
    """Return the kernel's counter of a serial column."""
    return sequence_counter(noun_id, physical)


class Sequences:
    """The sequences as one session uses them.

    Args:
        kernel: The session of the kernel.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._current: dict[str, int] = {}
        self._last: str | None = None

    def next(self, name: str, count: int = 1) -> int:
        """Return the first of `count` new numbers.

        Raises:
            PostgresError: no such sequence (42P01).
        """
        name = name.removeprefix("public.").replace('"', "")
        owner = sequence_owner(self._kernel, name)
        if owner is None:
            raise error("42P01", f'relation "{name}" does not exist')
        first = self._kernel.next_number(counter_name(*owner), count)
        self._current[name] = first + count - 1
        self._last = name
        return first

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
        name = name.removeprefix("public.").replace('"', "")
        if sequence_owner(self._kernel, name) is None:
            raise error("42P01", f'relation "{name}" does not exist')
        if name not in self._current:
            raise error("55000", f'currval of sequence "{name}" is not yet defined in this session')
        return self._current[name]
