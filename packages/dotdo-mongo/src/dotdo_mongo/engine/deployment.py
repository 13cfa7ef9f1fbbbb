"""All databases of a home as one deployment: what its clients share (cursors, sessions, settings); it does no I/O but through stores."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bson import ObjectId, Timestamp

from dotdo.clock import Clock
from dotdo.errors import InvalidName, InvalidReference, UnknownTenant
from dotdo.storage import Row, Store, Value
from dotdo.tenancy.home import Home
from dotdo.tenancy.opening import open_reference
from dotdo.tenancy.references import MAIN, Reference, parse_reference
from dotdo_mongo.engine.cursors import CursorTable
from dotdo_mongo.engine.fail_points import FailPoints
from dotdo_mongo.engine.guards import Free, NewLock
from dotdo_mongo.engine.sessions import SessionTable
from dotdo_mongo.errors import failure

VERSION = "8.2.4"
VERSION_ARRAY = (8, 2, 4, 0)
MAX_WIRE_VERSION = 27
API = "mongo"
_KEPT_REFERENCES = 10_000

Resolve = Callable[[str, bool], Store | None]
"""Gives the store of a database: called with its name, and whether to create a missing one."""


class Databases(Protocol):
    """Where databases are."""

    def open(self, name: str, *, create: bool) -> Store | None:
        """Return the store of a database; None when there is none and none is to be created."""

    def names(self) -> list[str]:
        """Return the names of all databases."""

    def drop(self, name: str) -> bool:
        """Delete a database; False when there was none."""


class HomeDatabases:
    """The tenants of a home, each a database.

    Args:
        home: Where they are.
        may_create: A missing tenant is created by the first write.
    """

    def __init__(self, home: Home, *, may_create: bool | None = None) -> None:
        self.home, self._may_create = home, may_create
        self._references: dict[str, Reference] = {}

    def open(self, name: str, *, create: bool) -> Store | None:
        """Return the store of a database; None when there is none and none is to be created.

        Raises:
            CommandFailure: The name cannot be one (code 73).
        """
        try:
            reference = self._references.get(name)
            if reference is None:
                reference = parse_reference(name)
                if len(self._references) < _KEPT_REFERENCES:
                    self._references[name] = reference
            head = Reference(reference.tenant, reference.branch) if reference.moment else reference
            if reference.moment is None and (not create or self.home.exists(head)):
                return self.home.store(head)
            if not create and not self.home.exists(head):
                return None
            return open_reference(
                self.home, reference, create=self._may_create if create else False
            )
        except UnknownTenant:
            if create:
                raise failure(
                    26, f"database {name} does not exist and is not to be created"
                ) from None
            return None
        except (InvalidName, InvalidReference):
            if not create:
                return None
            raise failure(73, f"Invalid namespace specified '{name}'") from None

    def names(self) -> list[str]:
        """Return the names of all databases."""
        return list(self.home.tenants())

    def drop(self, name: str) -> bool:
        """Delete a database with its branches' files; False when there was none."""
        reference = parse_reference(name)
        if reference.moment is not None:
            raise failure(20, f"cannot drop {name}: it is of the past")
        if not self.home.exists(Reference(reference.tenant, reference.branch)):
            return False
        store = self.home.store(Reference(reference.tenant, reference.branch))
        store.trim()
        if reference.branch == MAIN:
            for branch in list(self.home.branches(reference.tenant)):
                if branch != MAIN:
                    self.home.store(Reference(reference.tenant, branch)).trim()
                    self.home.remove(Reference(reference.tenant, branch))
        self.home.remove(Reference(reference.tenant, reference.branch))
        return True


@dataclass(slots=True)
class Deployment:
    """What all clients of a home share.

    Args:
        databases: Where databases are.
        clock: Microseconds since 1970.
        randomness: Gives n random bytes.
        new_lock: Makes a lock that its owner may take again; none are needed in one thread.
        host: Host and port as replies name it.
        set_name: Name of the replica set of one that it presents itself as.
        has_test_commands: Drivers' tests may set fail points, as with mongod's `enableTestCommands`.

    Attributes:
        is_watched: A fail point or a profiler wants to see every command, so that none may take a short way.
        directs: Short ways to collections, by database and name.
    """

    databases: Databases
    clock: Clock
    randomness: Callable[[int], bytes] = os.urandom
    new_lock: NewLock = Free
    host: str = "localhost:27017"
    set_name: str = "dotdo"
    has_test_commands: bool = False
    fail_points: FailPoints = field(init=False)
    cursors: CursorTable = field(init=False)
    sessions: SessionTable = field(init=False)
    settings: dict[Any, Any] = field(default_factory=dict)
    started_us: int = field(init=False)
    counters: dict[str, int] = field(default_factory=dict)
    process_id: ObjectId = field(default_factory=ObjectId)
    is_watched: bool = False
    directs: dict[tuple[str, str], Any] = field(default_factory=dict)
    _last_us: int = 0

    def __post_init__(self) -> None:
        self.cursors = CursorTable(self.clock, self.randomness, self.new_lock)
        self.sessions = SessionTable(self.clock, self.new_lock)
        self.fail_points = FailPoints(self.random)
        self.started_us = self.clock()

    def look_who_watches(self) -> None:
        """Note whether fail points or profilers want to see every command, after one of them was set."""
        profiles = (
            kept.get("was", 0)
            for name, kept in self.settings.items()
            if isinstance(name, tuple) and name[0] == "profile"
        )
        self.is_watched = bool(self.fail_points) or any(level > 0 for level in profiles)

    def cluster_time(self) -> Timestamp:
        """Return the present as a timestamp later than all given before: its ordinal is the microsecond, from 1."""
        self._last_us = now = max(self.clock(), self._last_us + 1)
        return Timestamp(now // 1_000_000, now % 1_000_000 + 1)

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return int.from_bytes(self.randomness(7)) / (1 << 56)

    def count(self, what: str, n: int = 1) -> None:
        """Count what serverStatus tells."""
        self.counters[what] = self.counters.get(what, 0) + n


class Pooled:
    """Runs reading statements, each in a session out of the store's pool.

    Args:
        store: Whose.
    """

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Return the rows of a statement."""
        session = self._store.acquire()
        try:
            return session.read(sql, params)
        finally:
            self._store.give_back(session)
