"""LOCK TABLE: locks on whole relations among the sessions that this process has on a tenant, held until the transaction ends.

What a transaction's other statements hold implicitly is worked out only when somebody locks a relation: a session notes the
statements of its open transaction, and every plan knows which relations it touches and how.
"""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from dotdo.storage import Blocked
from dotdo_postgres.engine.bind.relations import find_relation
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.relations import Relation
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dotdo.storage import Noun, Store
    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

# Modes by the numbers of the grammar, from ACCESS SHARE (1) to ACCESS EXCLUSIVE (8), and what each keeps out (13.3.1).
_CONFLICTS: dict[int, frozenset[int]] = {
    1: frozenset({8}),
    2: frozenset({7, 8}),
    3: frozenset({5, 6, 7, 8}),
    4: frozenset({4, 5, 6, 7, 8}),
    5: frozenset({3, 4, 6, 7, 8}),
    6: frozenset({3, 4, 5, 6, 7, 8}),
    7: frozenset({2, 3, 4, 5, 6, 7, 8}),
    8: frozenset(range(1, 9)),
}
_PRIVILEGES = ("UPDATE", "DELETE", "TRUNCATE")
_ACCESS_SHARE, _ROW_EXCLUSIVE = 1, 3

Touched = tuple[tuple[int, int], ...]
"""Numbers of relations with the mode in which a statement locks each."""


class TableLocks:
    """The relations that one session's transaction has locked.

    Args:
        session: Whose.
    """

    __slots__ = ("__weakref__", "_done", "_locked", "_peers", "_session", "in_use")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._peers, self.in_use = _STORES.setdefault(session.kernel.store, (WeakSet(), set()))
        self._peers.add(self)
        self._locked: dict[int, set[int]] = {}  # relation: modes
        self._done: set[tuple[int, int]] = set()

    def note(self, prepared: Prepared) -> None:
        """A statement of the open transaction locks what it touches until the end."""
        self._done.update(prepared.touched)

    def require(self, touched: Touched, wait: bool) -> None:
        """Wait until no other session holds a relation against what a statement does.

        Raises:
            Blocked: it must wait, and `wait` is false.
        """
        for relation, mode in touched:
            self._await(relation, mode, wait, self.in_use)

    def lock(self, relation: int, mode: int, wait: bool) -> None:
        """Lock a relation, waiting for sessions that hold it otherwise.

        Raises:
            Blocked: it must wait, and `wait` is false.
        """
        self._await(relation, mode, wait, self._peers)
        self._locked.setdefault(relation, set()).add(mode)
        self.in_use.add(self)

    def is_taken(self, relation: int, mode: int) -> bool:
        """Some other session holds a relation against a mode."""
        return self._conflict(relation, mode, list(self._peers)) is not None

    def _conflict(self, relation: int, mode: int, among: Iterable[TableLocks]) -> TableLocks | None:
        hostile = _CONFLICTS[mode]
        for other in among:
            if other is not self and not hostile.isdisjoint(other.modes(relation)):
                return other
        return None

    def _await(self, relation: int, mode: int, wait: bool, among: Iterable[TableLocks]) -> None:
        while (other := self._conflict(relation, mode, list(among))) is not None:
            kernel = other._session.kernel  # noqa: SLF001 -- of its own kind
            self._session.kernel.wait_for(Blocked(kernel), wait=wait)

    def modes(self, relation: int) -> set[int]:
        """Return in which modes the transaction holds a relation, by LOCK TABLE or by what it did."""
        held = set(self._locked.get(relation, ()))
        held.update(mode for number, mode in self._done if number == relation)
        return held

    def end(self) -> None:
        """The transaction is over."""
        self._done.clear()
        self._locked.clear()
        self.in_use.discard(self)


_STORES: WeakKeyDictionary[Store, tuple[WeakSet[TableLocks], set[TableLocks]]] = WeakKeyDictionary()


def plan_lock(planner: Planner, node: Node) -> Prepared:
    """Plan LOCK TABLE.

    Raises:
        PostgresError: no such relation (42P01), it cannot be locked (42809), no right to (42501).
    """
    binder = planner.binder()
    mode = node["mode"]
    relations = []
    for item in node["relations"]:
        found = find_relation(binder, item["RangeVar"])
        noun = found.noun if isinstance(found, Relation) else found
        _require_right(planner, noun, mode)
        relations.append((noun.id, noun.name.rpartition(".")[2]))
    detail = relations, mode, bool(node.get("nowait"))
    return Prepared(None, (), "LOCK TABLE", _run, catalog=planner.catalog, detail=detail)


def _require_right(planner: Planner, noun: Noun, mode: int) -> None:
    actor = planner.names.actor
    words = ["SELECT"] if mode == _ACCESS_SHARE else list(_PRIVILEGES)
    words += ["INSERT"] if mode == _ROW_EXCLUSIVE else []
    if noun.id and not actor.is_superuser and not any(actor.may(noun, word) for word in words):
        raise error("42501", f"permission denied for table {noun.name.rpartition('.')[2]}")


def _run(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if session.is_idle or session.is_implicit:
        raise error("25P01", "LOCK TABLE can only be used in transaction blocks")
    relations, mode, is_impatient = prepared.detail
    locks = session.table_locks
    for number, name in relations:
        if is_impatient and locks.is_taken(number, mode):
            raise error("55P03", f'could not obtain lock on relation "{name}"')
        locks.lock(number, mode, wait)
    return Result(None, [], "LOCK TABLE")
