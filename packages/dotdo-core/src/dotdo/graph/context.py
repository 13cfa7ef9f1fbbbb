"""Which session a call on a graph runs in: the transaction that the caller is in, else one out of the store's pool."""

from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import cast, get_args

from dotdo.errors import InvalidValue
from dotdo.ids import IdSource, id_source
from dotdo.storage import Isolation, Session, Store
from dotdo.values import shown

_TRANSACTIONS: ContextVar[tuple["TransactionScope", ...]] = ContextVar(
    "dotdo_transactions", default=()
)


class Graph:
    """A tenant's things, relationships and definitions, reached through one store.

    Args:
        store: Where they are: a branch's head, or its past.
        ids: Makes ids of new things.
    """

    __slots__ = ("ids", "store")

    def __init__(self, store: Store, ids: IdSource | None = None) -> None:
        self.store = store
        self.ids = ids or id_source(store.clock)

    def session(self) -> "Lease":
        """Return a context that gives the session to use."""
        return Lease(self.store)


class Lease:
    """A session for the time of a `with` block."""

    __slots__ = ("_pooled", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pooled: Session | None = None

    def __enter__(self) -> Session:
        current = current_transaction(self._store)
        if current is not None:
            return current
        self._pooled = self._store.acquire()
        return self._pooled

    def __exit__(self, *_: object) -> None:
        if self._pooled is not None:
            self._store.give_back(self._pooled)


def current_transaction(store: Store) -> Session | None:
    """Return the session of the transaction that the caller is in, or None."""
    for scope in _TRANSACTIONS.get():
        if scope.store is store and scope.session is not None:
            return scope.session
    return None


class TransactionScope:
    """A transaction for the time of a `with` block: committed at its end, undone when it raises; nested, a savepoint.

    Args:
        store: Where.
        actor: Who writes.
        action: To what end.
        api: Through which API.
        isolation: See `Session.begin`.
    """

    def __init__(
        self,
        store: Store,
        *,
        actor: str | None = None,
        action: str | None = None,
        api: str | None = "dotdo",
        isolation: str = "committed",
    ) -> None:
        self.store = store
        self.session: Session | None = None  # while the outermost scope is open
        self._labels = (actor, action, api)
        if isolation not in get_args(Isolation):
            msg = f"{shown(isolation)} is no isolation: give {', '.join(get_args(Isolation))}"
            raise InvalidValue(msg)
        self._isolation = cast("Isolation", isolation)
        self._is_nested = False

    def __enter__(self) -> Session:
        outer = current_transaction(self.store)
        self._is_nested = outer is not None
        if outer is not None:
            outer.savepoint("_scope")
            self._joined = outer
            return outer
        session = self.store.acquire()
        actor, action, api = self._labels
        try:
            session.describe(actor=actor, action=action, api=api)
            session.begin(self._isolation)
        except BaseException:
            self.store.give_back(session)
            raise
        self.session = session
        self._token = _TRANSACTIONS.set((*_TRANSACTIONS.get(), self))
        return session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_nested:
            self._leave_savepoint(self._joined, is_undone=kind is not None)
            return
        session, self.session = self.session, None
        assert session is not None
        with suppress(ValueError):  # a generator may be closed in another context than it began in
            _TRANSACTIONS.reset(self._token)
        try:
            if session.in_transaction:
                if kind is None:
                    session.commit()
                else:
                    session.rollback()
        finally:
            session.describe(api="dotdo")
            self.store.give_back(session)

    @staticmethod
    def _leave_savepoint(session: Session, *, is_undone: bool) -> None:
        if is_undone and session.in_transaction:
            session.rollback_to("_scope")
        if session.in_transaction:
            session.release("_scope")
