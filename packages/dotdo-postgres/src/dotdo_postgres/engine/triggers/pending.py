"""Triggers that wait for the end of the transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.session import Session


@dataclass(slots=True)
class Pending:
    """What a session has put off.

    Args:
        waiting: Each with how deep in savepoints it was put off, and the name of its constraint.
        modes: `True` for constraints that SET CONSTRAINTS made deferred, `False` for those made immediate; `""` is all.
    """

    waiting: list[tuple[int, str, Callable[[], None]]] = field(default_factory=list)
    modes: dict[str, bool] = field(default_factory=dict)

    def is_deferred(self, name: str, default: bool) -> bool:
        """Tell whether a deferrable constraint waits now."""
        return self.modes.get(name, self.modes.get("", default))

    def add(self, session: Session, name: str, act: Callable[[], None]) -> None:
        """Put something off until the transaction ends."""
        self.waiting.append((session.settings.depth, name, act))

    def run_deferred(self, session: Session, name: str | None = None) -> None:
        """Do what was put off, or that of one constraint.

        Raises:
            PostgresError: a trigger raised it.
        """
        del session
        while True:
            at = next((at for at, item in enumerate(self.waiting) if name in {None, item[1]}), None)
            if at is None:
                return
            _, _, act = self.waiting.pop(at)
            act()

    def undo(self, depth: int) -> None:
        """Forget what was put off since a savepoint."""
        if self.waiting:
            self.waiting = [item for item in self.waiting if item[0] < depth]

    def released(self, depth: int) -> None:
        """A savepoint is forgotten: what was put off after it belongs to the one before."""
        if self.waiting:
            self.waiting = [(min(at, depth - 1), name, act) for at, name, act in self.waiting]

    def forget(self) -> None:
        """The transaction is over."""
        self.waiting.clear()
        self.modes.clear()
