"""A tenant's engine with its append file and its rows: recovery, flushing, what others wrote; it refuses to choose tenants."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

from dotdo.clock import Clock
from dotdo.errors import DotdoError
from dotdo.storage import Durability, Store
from dotdo_redis.durability.append_file import AppendFile, records
from dotdo_redis.durability.mapped import define_mapped, load
from dotdo_redis.durability.mapped_keys import MappedKeys, event_of
from dotdo_redis.durability.ownership import Lease
from dotdo_redis.durability.rows import OWNER, Rows
from dotdo_redis.durability.sharing import share
from dotdo_redis.durability.spilling import forget_large, spill
from dotdo_redis.durability.syncing import Syncing
from dotdo_redis.engine import ClientState, Context, Engine
from dotdo_redis.engine.cold import ColdKeys
from dotdo_redis.engine.context import Effect
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.dispatch import find_command
from dotdo_redis.engine.registry import build
from dotdo_redis.engine.types import Value
from dotdo_redis.errors import Misconfigured, ReadOnly, ReplyError

DIRTY_KEYS = 20_000
COUNT_EVERY = 64
"""The keys that are newer than the rows are counted once in so many records."""
LONGEST_BYTES = 32 << 20
"""When so many keys, or bytes of the append file, are newer than the rows, they are written."""

RowRef = tuple[int, int]


def _refuse_writes(_ctx: Context, command: Command, _words: list[bytes]) -> None:
    if command.is_write:
        raise ReadOnly


class Keyspace:
    """The owner of a tenant's keys; the kernel calls it before and after others touch their rows.

    Args:
        path: the tenant's file; the append file lies beside it.
        durability: what an acknowledged write survives.
        clock: microseconds since 1970.
        open_store: opens the tenant's file, creating it.
    """

    def __init__(
        self, path: Path, durability: Durability, clock: Clock, open_store: Callable[[], Store]
    ) -> None:
        self.engine = Engine(
            build(), clock=clock, randomness=SystemRandom(), lock=threading.RLock()
        )
        self._things = MappedKeys(self.engine)
        self._forget_dirty()
        self.path = path
        self.log_path = path.with_suffix(".redis-log")
        self._syncing = Syncing(self.engine, path, durability, self.flush, self._record)
        self._open_store = open_store
        self._rows: Rows | None = None
        self._store: Store | None = None
        self._number = 0
        self._has_nouns = False
        self._known_catalog = -1
        self._stale: list[RowRef] = []
        self._is_flushing = False
        self._is_past = False
        self._lease: Lease | None = None

    # -- coming up

    def open(self) -> None:
        """Bring back what the rows and the append file hold.

        Raises:
            OwnedElsewhere: another process owns the keys.
        """
        with self.engine.lock:
            self._lease = Lease(self.path, self._share, self._agree)
            if self.path.exists():
                self._attach()
            if self.log_path.exists():
                self._replay()
            self.engine.flush_observers.append(self._note_all)
            self.engine.journal = self._journal
            self._syncing.show()
            self.engine.instance.append_file = self._syncing

    def open_past(self) -> None:
        """Take what the rows held at a moment of the past, and refuse to change it."""
        with self.engine.lock:
            self._is_past = True
            rows = self._rows = Rows(self._open_store(), self.engine.config)
            rows.fill(self.engine.databases)
            self._restore_catalog(rows)
            self._forget_dirty()
            self.engine.audience.add_gate(_refuse_writes)

    def _share(self, address: str) -> None:
        """Serve another process that knocked."""
        with self.engine.lock:
            self._attach()
            assert self._store is not None
        share(self._store, address)

    def _agree(self) -> None:
        """Another process reads or writes rows: write what is newer, and read what it has written."""
        with self.engine.lock:
            rows = self._attach()
            self.flush()
            self._stale += rows.written_by_others()
            self._refresh()
            self.engine.settle()

    def _attach(self) -> Rows:
        """Open the tenant's file, and take what its rows hold."""
        if self._rows is None:
            self._store = self._open_store()
            if self._store.owners is not None:
                self._store.owners.attach(OWNER, self)
            rows = self._rows = Rows(self._store, self.engine.config)
            self._number = max(self._number, rows.applied)
            rows.fill(self.engine.databases)
            self.engine.spill = self._spill
            self._restore_catalog(rows)
            self._things.learn(rows)
            self._store.listen(self._committed)
        return self._rows

    def map(self, pattern: str, noun: str, database: int = 0) -> None:
        """Let the hashes under a prefix be the things of a noun; those that are there become things, and the reverse.

        Raises:
            InvalidName: the pattern is no prefix followed by `*`, or meets another one.
            InvalidValue: the noun's things cannot be hashes, or some hash no thing.
        """
        with self.engine.lock:
            rows = self._attach()
            self.flush()
            define_mapped(rows.session, pattern, noun, database)
            self._things.adopt(rows, database, pattern.removesuffix("*").encode())
            for mapped in rows.mapped:
                if mapped.noun.name == noun:
                    for key, value in load(rows.session, mapped, self.engine.config):
                        self._put(database, key, value, None)
            self._things.learn(rows)
            self.flush()

    def _restore_catalog(self, rows: Rows) -> None:
        ctx = Context(self.engine, ClientState(0, lambda _push: None, 0))
        for words in rows.catalog():
            self._repeat(ctx, words)
        self.engine.effects.clear()

    def _put(self, database: int, key: bytes, value: Value, expires_ms: int | None) -> None:
        db = self.engine.databases[database]
        db.replace(key, value)
        db.adopt(key, value)
        if expires_ms is not None:
            db.expire_at(key, expires_ms)

    def _replay(self) -> None:
        """Run again what was acknowledged after the rows were written."""
        engine = self.engine
        ctx = Context(engine, ClientState(0, lambda _push: None, 0))
        engine.flush_observers.append(self._note_all)
        for number, now_us, effects in records(self.log_path):
            if number <= self._number:
                continue
            self._number = number
            engine.set_time(now_us * 1000)
            for database, words in effects:
                ctx.select(database)
                self._repeat(ctx, words)
        engine.flush_observers.remove(self._note_all)
        engine.waiters.ready.clear()
        self._things.restore(self._attach() if self._rows is not None else None)

    def _repeat(self, ctx: Context, words: list[bytes]) -> None:
        try:
            self.engine.run(ctx, find_command(self.engine.table, words), words)
        except ReplyError:  # it failed half-way then, too
            return

    # -- writing

    def _dirty(self, database: int) -> dict[bytes, None]:
        """The keys of a database that are newer than the rows."""
        dirty = self.engine.databases[database].dirty
        assert dirty is not None
        return dirty

    def _count_dirty(self) -> int:
        return sum(len(database.dirty or ()) for database in self.engine.databases)

    def _forget_dirty(self) -> None:
        for database in self.engine.databases:
            database.dirty = self._things.dirty_keys(database.index)

    def _note_all(self, _client: ClientState | None, database: int) -> None:
        self._dirty(database).update(dict.fromkeys(self.engine.databases[database].keys))

    def _journal(self, now_us: int, effects: list[Effect]) -> None:
        """Acknowledge: what the level asks for is done when this returns."""
        if not self._has_nouns:
            self._attach().define_all()
            self._has_nouns = True
        if self.durability == "memory":
            self.engine.journal = (
                None  # the rows are there now; they are written when somebody asks
            )
            return
        self._number += 1
        try:
            file = self._syncing.file or self._begin_file()
            file.append(self._number, now_us, effects)
        except OSError as error:
            self._number -= 1
            self.engine.audience.add_gate(self._refuse_until_written)
            raise Misconfigured(os.strerror(error.errno or 0)) from error
        if file.size_bytes > LONGEST_BYTES or (
            not self._number % COUNT_EVERY and self._count_dirty() > DIRTY_KEYS
        ):
            self.flush()

    def _refuse_until_written(self, _ctx: Context, command: Command, _words: list[bytes]) -> None:
        """Refuse writes until the rows have taken what the append file did not; a gate.

        Raises:
            Misconfigured: they have not.
        """
        if not command.is_write:
            return
        try:
            self.flush()
        except (OSError, DotdoError) as error:
            raise Misconfigured(str(error)) from error
        self.engine.audience.drop_gate(self._refuse_until_written)

    def _begin_file(self) -> AppendFile:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._syncing.open_file(self.log_path)

    def _record(self) -> None:
        self.engine.journal = self._journal

    @property
    def durability(self) -> Durability:
        """What an acknowledged write survives."""
        return self._syncing.level

    def flush(self) -> None:
        """Write what is newer than the rows, and begin the append file anew."""
        with self.engine.lock:
            if self._is_flushing or self._is_past or not self._count_dirty():
                return
            self._is_flushing = True
            try:
                self._write()
            finally:
                self._is_flushing = False

    def _spill(self, database: Database, keys: list[bytes]) -> int:
        """Leave values to the rows; return how many bytes of memory that frees."""
        if self.engine.depth:
            return 0
        self.engine.settle()
        if not self._dirty(database.index).keys().isdisjoint(keys):
            self.flush()
        return spill(self.engine, self._attach(), database, keys)

    def _write(self) -> None:
        rows = self._attach()
        databases = self.engine.databases
        changes = [
            (db.index, key, db.keys.get(key), db.expires.get(key))
            for db in databases
            for key in db.dirty or ()
        ]
        self._forget_dirty()
        try:
            rows.write(changes, self._number, self.engine.instance.search.calls())
        except BaseException:
            for index, key, _, _ in changes:
                self._dirty(index)[key] = None
            raise
        self._syncing.end_file()
        if self.log_path.exists():
            os.truncate(self.log_path, 0)

    # -- what the kernel asks for

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Flush and hold still within the block: others write."""
        with self.engine.lock:
            self.flush()
            yield

    def claimed(self, rows: Sequence[RowRef], waiter: object) -> None:
        """Rows of an open transaction of others; its commit is told by `invalidated`."""

    def invalidated(self, rows: Sequence[RowRef]) -> None:
        """Take note of rows that others wrote; they are read before the next command."""
        self._stale += rows
        self.engine.audience.call_before(self._refresh)

    def _committed(self, _first: int, _last: int) -> None:
        """Tell those who listen at once what others have committed."""
        store = self._store
        if store is None or self._rows is None or self._is_flushing:
            return
        if self._stale or store.newest_catalog != self._known_catalog:
            with self.engine.lock:
                self._known_catalog = store.newest_catalog
                self._refresh()
                self.engine.settle()

    def _refresh(self) -> None:
        self.engine.audience.call_before(None)
        stale, self._stale = self._stale, []
        rows = self._attach()
        self._things.learn(rows)
        missing: set[int] = set()
        elements = rows.element_nouns() if stale else {}
        for number in {elements[noun] for noun, _ in stale if noun in elements}:
            for key, value in forget_large(rows, self.engine.databases[number]):
                self._tell(number, key, value)
        for noun, row in dict.fromkeys(one for one in stale if one[0] not in elements):
            found = rows.read(noun, row)
            if found is None:
                missing.add(noun)
                continue
            database, key, value, _ = found
            if key not in self.engine.databases[database].keys and rows.is_mapped(noun):
                missing.add(noun)  # it may have had another name
            self._put(*found)
            self._tell(database, key, value)
        for noun in missing:
            self._drop_missing(rows, noun)

    def _tell(self, database: int, key: bytes, value: Value | None) -> None:
        """Let those who watch, wait for, track a key or listen know, but not the rows."""
        self.engine.modified(None, database, key)
        self._dirty(database).pop(key, None)
        self.engine.notify(*event_of(value), key, database)

    def _drop_missing(self, rows: Rows, noun: int) -> None:
        """Forget the keys of a noun whose rows are gone."""
        found = rows.keys(noun)
        if found is None:
            return
        database, kept = found
        db = self.engine.databases[database]
        db.know_all()
        held = db.keys.types() if isinstance(db.keys, ColdKeys) else list(db.keys.items())
        for key, value in held:
            is_known = key in kept or key in self._dirty(database)
            if not is_known and rows.holds(noun, database, key, value):
                db.remove(key)
                self._tell(database, key, None)

    def abandon(self) -> None:
        """Belong to nobody any more: nothing is written, and every client's connection is gone."""
        self.engine.journal = None
        self._forget_dirty()
        self._syncing.close_file()
        if self._lease is not None:
            self._lease.abandon()
            self._lease = None
        for client in self.engine.clients.values():
            client.close()

    def close(self) -> None:
        """Flush for the last time."""
        self._syncing.close()
        with self.engine.lock:
            self.flush()
            if self._rows is not None:
                self._rows.close()
                self._rows = None
            if self._lease is not None:
                self._lease.close()
                self._lease = None
            self._syncing.close_file()
