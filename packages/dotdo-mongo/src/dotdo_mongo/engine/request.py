"""One request: its command with checked arguments, who sends it, and the doors to the data that it may go through."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dotdo.storage import Session, Store
from dotdo_mongo.engine.awaiting import Progress
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.collation import Collation, parse_collation
from dotdo_mongo.engine.collection import Collection, find_collection
from dotdo_mongo.engine.deployment import API, Deployment, Pooled
from dotdo_mongo.engine.sessions import LogicalSession, Transaction
from dotdo_mongo.engine.tables import Reader
from dotdo_mongo.errors import failure

Document = dict[str, Any]
T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_NAMESPACE_BYTES = 255
_FORBIDDEN = frozenset('/\\. "$*<>:|?\0')


@dataclass(slots=True)
class Request:
    """One request.

    Args:
        deployment: What it works on.
        client: The connection it came by.
        name: The command's name.
        db: The database it names.
        body: The command as sent.
        arguments: The command's own arguments, checked.
        session: The logical session, if any.
        transaction: The transaction it belongs to, if any.
        read_concern: Checked.
        write_concern: Checked.
        deadline_us: When its time is over, if it has a limit.
        action: To what end it writes, for the log.
        snapshot_us: The moment that is read; None for the present.
        commands: All commands, for those that tell of others.
        progress: What it came to when it was run before and had to wait.
        leased: The kernel sessions that it works in now, which what it calls must share.
    """

    deployment: Deployment
    client: ClientState
    name: str
    db: str
    body: Document
    arguments: Document
    now_us: int
    session: LogicalSession | None = None
    transaction: Transaction | None = None
    read_concern: Document = field(default_factory=dict)
    write_concern: Document = field(default_factory=dict)
    deadline_us: int | None = None
    txn_number: int | None = None
    action: str | None = None
    commands: Mapping[str, Any] = field(default_factory=dict)
    leased: dict[Store, Session] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(0))
    snapshot_us: int | None = None
    raw_sequences: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def collection_name(self) -> str:
        """The collection that the command names.

        Raises:
            CommandFailure: It cannot be one (code 73).
        """
        return checked_collection(self.db, self.arguments["target"])

    @property
    def namespace(self) -> str:
        """`db.collection`."""
        return f"{self.db}.{self.collection_name}"

    # --- stores ----------------------------------------------------------------------------------

    def store(self, db: str | None = None, *, create: bool = False) -> Store | None:
        """Return the store of a database; None when there is none."""
        name = self.db if db is None else db
        check_database(name)
        if self.client.allows is not None and not self.client.allows(name):
            raise failure(13, f"not authorized on {name} to execute command {{ {self.name}: 1 }}")
        if self.snapshot_us is not None and "@" not in name:
            name = f"{name}@{_EPOCH + timedelta(microseconds=self.snapshot_us)}"
            create = False
        return self.deployment.databases.open(name, create=create)

    def reader(self, store: Store) -> Reader:
        """Return what runs reading statements for this request."""
        if self.transaction is not None:
            return self.transaction.session(store, actor=self.client.user)
        return self.leased.get(store) or Pooled(store)

    @contextmanager
    def lease(self, store: Store) -> Iterator[Session]:
        """Give the kernel session to work in: the transaction's, else one out of the pool."""
        if self.transaction is not None:
            yield self.transaction.session(store, actor=self.client.user)
            return
        if store in self.leased:
            yield self.leased[store]
            return
        session = self.leased[store] = store.acquire()
        session.describe(api=API, actor=self.client.user, action=self.action)
        session.deadline_us = self.deadline_us
        try:
            yield session
        finally:
            del self.leased[store]
            session.describe(api="dotdo")
            session.deadline_us = None
            store.give_back(session)

    def mutate(self, store: Store, work: Callable[[Session], T]) -> T:
        """Do several writes as one; in a transaction a conflict is not waited for.

        Raises:
            Blocked: It must wait, and the thread is not to stand still.
        """
        waits = self.transaction is None and self.client.is_blocking
        with self.lease(store) as session:
            return session.mutate(lambda: work(session), wait=waits)

    # --- collections -----------------------------------------------------------------------------

    def find(
        self, name: str | None = None, db: str | None = None
    ) -> tuple[Store, Collection] | None:
        """Return a collection with its store; None when there is none."""
        store = self.store(db)
        if store is None:
            return None
        wanted = self.collection_name if name is None else name
        if self.transaction is not None or store in self.leased:
            with self.lease(store) as session:
                session.refresh()
                found = find_collection(session.catalog, wanted)
        else:
            session = store.acquire()
            try:
                session.refresh()
                found = find_collection(session.catalog, wanted)
            finally:
                store.give_back(session)
        return None if found is None else (store, found)

    def collation(
        self, collection: Collection | None = None, *, given: Document | None = None
    ) -> Collation | None:
        """Return the collation to compare by: the command's, else the collection's."""
        spec = self.arguments.get("collation") if given is None else given
        if spec is None and collection is not None:
            spec = collection.options.get("collation")
        return parse_collation(spec) if spec else None


def check_database(name: str) -> None:
    """See that a database may have the name.

    Raises:
        CommandFailure: It may not (code 73).
    """
    tenant = name.partition("@")[0]
    if not tenant or len(tenant.encode()) > 63 or not _FORBIDDEN.isdisjoint(tenant):
        raise failure(73, f"Invalid database name: '{name}'")


def checked_collection(db: str, name: Any) -> str:
    """Return the name of a collection.

    Raises:
        CommandFailure: It cannot be one (code 73).
    """
    if type(name) is not str or not name or name.startswith(".") or "\0" in name:
        raise failure(73, f"Invalid namespace specified '{db}.{name}'")
    return name


def check_new_collection(db: str, name: str) -> None:
    """See that a collection may be created by that name.

    Raises:
        CommandFailure: It may not (code 73).
    """
    checked_collection(db, name)
    if "$" in name:
        raise failure(73, f"Invalid namespace specified '{db}.{name}'")
    if (
        name.startswith("system.")
        and name not in {"system.js", "system.views", "system.profile", "system.users"}
        and not name.startswith("system.buckets.")
    ):
        raise failure(73, f"Invalid system namespace: {db}.{name}")
    if len(f"{db}.{name}".encode()) > _MAX_NAMESPACE_BYTES:
        raise failure(
            73,
            f"Fully qualified namespace is too long. Namespace: {db}.{name} Max: {_MAX_NAMESPACE_BYTES}",
        )
