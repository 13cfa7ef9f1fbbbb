"""Triggers that wait for the end of the transaction, and SET CONSTRAINTS, which says which of them do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Pending:
    """What a session has put off.

    Args:
        waiting: Each with how deep in savepoints it was put off, and the name of its constraint.
        modes: `True` for constraints that SET CONSTRAINTS made deferred, `False` for those made immediate; `""` is all.
        gathered: AFTER triggers of rows that wait for the end of the statement, and how deep in routines it is.
        touched: Rows that stages of a statement have changed, by noun and row id, and how deep in routines it is.
    """

    waiting: list[tuple[int, str, Callable[[], None]]] = field(default_factory=list)
    modes: dict[str, bool] = field(default_factory=dict)
    gathered: tuple[int, list[Callable[[], None]]] | None = None
    touched: tuple[int, set[tuple[int, int]]] | None = None

    def gathering(self, depth: int) -> list[Callable[[], None]] | None:
        """Return where AFTER triggers of rows wait for the end of the statement, None where they do not."""
        return self.gathered[1] if self.gathered is not None and self.gathered[0] == depth else None

    def takes(self, depth: int, noun: int, row_id: int) -> bool:
        """Note that a stage of a statement changes a row; tell whether it may, as no other has."""
        if self.touched is None or self.touched[0] != depth:
            return True
        if (noun, row_id) in self.touched[1]:
            return False
        self.touched[1].add((noun, row_id))
        return True

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
            item = self.waiting[at]
            item[2]()
            self.waiting.remove(item)

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


def plan_set_constraints(planner: Planner, node: dict[str, Any]) -> Prepared:
    """Plan SET CONSTRAINTS.

    Raises:
        PostgresError: no such constraint (42704), not deferrable (42809), one that is no trigger's (0A000).
    """
    names: list[str] = []
    for item in node.get("constraints", []):
        name = item["RangeVar"]["relname"]
        _require_deferrable(planner, name)
        names.append(name)
    prepared = Prepared(None, (), "SET CONSTRAINTS", _set_constraints)
    prepared.detail = names, bool(node.get("deferred"))
    if not names and any(
        fk.is_deferrable for noun in planner.catalog.nouns for fk in noun.foreign_keys
    ):
        raise not_supported("SET CONSTRAINTS ALL where foreign keys are deferrable")
    return prepared


def _require_deferrable(planner: Planner, name: str) -> None:
    for noun in planner.names.objects.relations.values():
        facts = facts_of(noun).get("triggers", {}).get(name)
        if facts is not None and facts.get("constraint"):
            if not facts.get("deferrable"):
                raise error("42809", f'constraint "{name}" is not deferrable')
            return
        if any(fk.name == name for fk in noun.foreign_keys):
            raise not_supported("SET CONSTRAINTS of a foreign key")
    raise error("42704", f'constraint "{name}" does not exist')


def _set_constraints(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    del params, wait
    names, is_deferred = prepared.detail
    pending = session.triggers
    if session.is_idle:
        session.notice("WARNING", "25P01", "SET CONSTRAINTS can only be used in transaction blocks")
        return Result(None, [], "SET CONSTRAINTS")
    if not names:
        pending.modes = {"": is_deferred}
    for name in names:
        pending.modes[name] = is_deferred
    if not is_deferred:
        for name in names or [None]:
            pending.run_deferred(session, name)
    return Result(None, [], "SET CONSTRAINTS")
