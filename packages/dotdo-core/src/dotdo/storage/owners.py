"""Nouns whose newest rows an engine of a package keeps itself, and writes into the file now and then.

The engine is asked to write them before others read them, to hold still while others write them, and told what others wrote.
Which statements concern it is seen by the names of its tables in their text, or of the log: too often rather than too seldom.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from dotdo.registry import find_owner

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.locks import Waiter
    from dotdo.storage.store import Store

RowRef = tuple[int, int]
"""Number of a noun and row id."""

_LOG = frozenset({"_log", "_tx"})
_ONLY_WRITING = ("insert into _log(", "create ", "drop ")
_KEPT_TEXTS = 4096


class Owner(Protocol):
    """An engine that keeps the newest rows of some nouns itself.

    It writes through sessions of its own, `store.session(owner=name)`. Its own lock comes before the store's latch: it may hold it while
    it writes, and the kernel never calls what takes it (`flush`, `paused`) with the latch held.
    """

    def flush(self) -> None:
        """Write what is newer than the file; called before others read, so it is to cost nothing when there is nothing."""

    def paused(self) -> AbstractContextManager[object]:
        """Flush, and change nothing of one's own within the block: others write."""

    def claimed(self, rows: Sequence[RowRef], waiter: "Waiter") -> None:
        """An open transaction has written these rows: they are not to be changed until its waiter is done. Only take note."""

    def invalidated(self, rows: Sequence[RowRef]) -> None:
        """Others have committed other values of these rows: forget one's own. Only take note, the latch is held."""

    def close(self) -> None:
        """Flush for the last time: the store is being closed."""


class Unsettled(Exception):
    """A statement that runs concerns owners who have not been asked to hold still; it has left nothing behind."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__("the owner of the rows must be paused first")
        self.names = names


class Owners:
    """The owners of one store's nouns.

    Args:
        store: The store.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._owners: dict[str, Owner | None] = {}
        self._tables: dict[str, str] = {}
        self._names = re.compile(r"(?!)")
        self._concerned: dict[str, frozenset[str]] = {}
        self.numbers: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._tables)

    def attach(self, name: str, owner: Owner) -> None:
        """Let `owner` be asked and told from now on; nouns name it by `Noun.owner`."""
        self._owners[name] = owner

    def learn(self, catalog: "Catalog") -> None:
        """Take note of the nouns that have an owner."""
        owned = [noun for noun in catalog.nouns if noun.owner]
        tables = {noun.table.replace('"', '""'): noun.owner for noun in owned}  # as quoted
        if tables != self._tables:
            self._tables = tables
            self._concerned = {}
            listed = "|".join(re.escape(table) for table in sorted({*tables, *_LOG}, key=len)[::-1])
            self._names = re.compile(rf"(?<!\w)(?:{listed})(?!\w)")
            self.numbers = frozenset(noun.id for noun in owned)

    def concerned(self, sql: str) -> frozenset[str]:
        """Return the names of the owners whose rows, or whose part of the log, a statement may touch."""
        found = self._concerned.get(sql)
        if found is None:
            named = set(self._names.findall(sql))
            if named & _LOG and not sql.startswith(_ONLY_WRITING):
                found = frozenset(self._tables.values())
            else:
                found = frozenset(self._tables[table] for table in named - _LOG)
            if len(self._concerned) >= _KEPT_TEXTS:
                self._concerned.clear()
            self._concerned[sql] = found
        return found

    def flush(self, names: frozenset[str]) -> None:
        """Ask owners to write what is newer than the file."""
        for owner in self._named(names):
            owner.flush()

    @contextmanager
    def paused(self, names: frozenset[str] | None = None) -> Iterator[None]:
        """Let owners, by default all, hold still within the block."""
        wanted = frozenset(self._tables.values()) if names is None else names
        with ExitStack() as pauses:
            for owner in self._named(wanted):
                pauses.enter_context(owner.paused())
            yield

    def claim(self, rows: Sequence[RowRef], waiter: "Waiter") -> None:
        """An open transaction of others has written rows."""
        for owner in self._all():
            owner.claimed(rows, waiter)

    def invalidate(self, rows: Sequence[RowRef]) -> None:
        """A transaction of others that wrote rows was committed."""
        for owner in self._all():
            owner.invalidated(rows)

    def close(self) -> None:
        """Let every owner flush for the last time."""
        owners, self._owners = self._all(), {}
        for owner in owners:
            owner.close()

    def _all(self) -> list[Owner]:
        return [owner for owner in self._owners.values() if owner is not None]

    def _named(self, names: frozenset[str]) -> Iterator[Owner]:
        """Yield the owners of those names, in one order for all; one that is not attached is made by its package, if installed."""
        for name in sorted(names):
            if name not in self._owners:
                self._owners[name] = None  # what it does to make itself does not concern it
                make = find_owner(name)
                self._owners[name] = None if make is None else make(self._store)
            owner = self._owners[name]
            if owner is not None:
                yield owner
