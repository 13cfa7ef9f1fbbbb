"""The engine: one tenant's databases, who is connected, and how a command is run; it refuses I/O and threads."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random

from dotdo_redis.engine import notifications
from dotdo_redis.engine.blocking import Blocked, Waiters
from dotdo_redis.engine.clients import ClientState, Sink
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.context import Context, Effect
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.dispatch import UNQUEUED, find_command, queue_command
from dotdo_redis.engine.instance import Instance
from dotdo_redis.engine.monitoring import shown_call
from dotdo_redis.engine.notifications import Subscriptions
from dotdo_redis.errors import ExecAbort, ReplyError
from dotdo_redis.mapping.replies import NO_REPLY, Reply

UNSHOWN = frozenset({"skip_monitor", "admin"})
"""Flags of commands that MONITOR does not show, or that show themselves."""
Clock = Callable[[], int]
Gate = Callable[[Context, Command, list[bytes]], None]
Observer = Callable[[ClientState | None, int, bytes], None]
Journal = Callable[[int, list[Effect]], None]


class Engine:
    """One keyspace of one tenant."""

    def __init__(
        self,
        table: dict[bytes, Command],
        *,
        clock: Clock,
        randomness: Random,
        lock: AbstractContextManager[object] | None = None,
        config: Config | None = None,
    ) -> None:
        """Make an empty keyspace.

        Args:
            table: the commands, by upper-case name (`engine.registry.build()`).
            clock: microseconds since 1970.
            randomness: what SPOP, RANDOMKEY, SRANDMEMBER ... draw from.
            lock: taken around each command; none is needed when one thread calls.
            config: parameters; 16 databases and the newest release's encodings by default.
        """
        self.table = table
        self.clock = clock
        self.random = randomness
        self.lock: AbstractContextManager[object] = lock or nullcontext()
        self.config = config or Config()
        self.databases = [Database(self, index) for index in range(self.config.databases)]
        self.now_us = clock()
        self.now_ms = self.now_us // 1000
        self.now_s = self.now_ms // 1000
        """The seconds, one object as long as they last: each key holds it."""
        self.clients: dict[int, ClientState] = {}
        self.last_client = 0
        self.subscriptions = Subscriptions()
        self.waiters = Waiters()
        self.watchers: dict[tuple[int, bytes], dict[ClientState, None]] = {}
        self.monitors: dict[ClientState, None] = {}
        self.gates: list[Gate] = []
        """Called before each command of a client, and may refuse it by an error (ACL, memory)."""
        self.observers: list[Observer] = []
        """Called with (client, database, key) at each change (client tracking, dirty keys)."""
        self.dirty: dict[tuple[int, bytes], None] | None = None
        """Takes note of changed keys for whoever keeps them beyond memory."""
        self.flush_observers: list[Callable[[ClientState | None, int], None]] = []
        """Called with (client, database) when all keys of a database change at once."""
        self.before: Callable[[], None] | None = None
        """Called once before the next command: others wrote keys, which are to be read first."""
        self.journal: Journal | None = None
        """Called with (microseconds, effects) once per command or transaction that wrote, before its reply."""
        self.effects: list[Effect] = []
        self.changes = 0
        self.depth = 0
        self.instance = Instance(self)

    @property
    def notifies(self) -> int:
        """The classes of keyspace events that somebody asked for (notify-keyspace-events)."""
        return self.config.notify

    # -- connections

    def connect(self, sink: Sink) -> ClientState:
        """Make the state of a new connection; pushes go to `sink`."""
        with self.lock:
            self.last_client += 1
            client = ClientState(self.last_client, sink, self.clock() // 1000)
            client.ctx = Context(self, client)
            self.clients[client.id] = client
            self.instance.welcome(client)
            return client

    def disconnect(self, client: ClientState) -> None:
        """Forget a connection: it waits for nothing, watches nothing, listens to nothing."""
        with self.lock:
            if client.blocked is not None:
                self.waiters.discard(client.blocked)
                client.blocked = None
            self.unwatch(client)
            self.subscriptions.forget(client)
            self.monitors.pop(client, None)
            self.instance.tracking.disable(client)
            self.clients.pop(client.id, None)

    # -- running

    def execute(self, client: ClientState, words: list[bytes]) -> Reply:
        """Run a command of a client.

        Args:
            client: from `connect`.
            words: name and arguments.

        Returns:
            The reply; a `ReplyError` for an error, a `Blocked` when the client has to wait.
        """
        with self.lock:
            now_us = self.now_us = self.clock()
            now_ms = self.now_ms = client.last_ms = now_us // 1000
            if now_ms - 1000 * self.now_s >= 1000 or now_ms < 1000 * self.now_s:
                self.now_s = now_ms // 1000
            if self.before is not None:
                self.before()
            command = self.table.get(words[0])
            if (
                command is None
                or not command.is_plain
                or client.queue is not None
                or client.tracking is not None
                or client.replies != "ON"
                or self.gates
                or self.monitors
                or self.instance.pause.until_ms
                or not command.facts.accepts(len(words))
            ):
                return self._execute(client, words)
            ctx = client.ctx
            ctx.words, ctx.modified, ctx.logged, ctx.command = words, 0, None, command
            client.last_command = command.shown_name
            command.calls += 1
            try:
                reply = command.function(ctx, words[1:])  # type: ignore[misc]  # plain ones have one
            except ReplyError as error:
                command.failed_calls += 1
                self.instance.failed(error)
                reply = error
            if ctx.modified or ctx.logged:
                self._record(ctx, words)
            if self.effects or self.waiters.ready or self.instance.tracking.clients:
                self.settle()
            duration_us = self.clock() - now_us
            command.usec += duration_us
            if duration_us > self.instance.attention_us:
                self.instance.took(client, command, words, duration_us)
            return reply

    def execute_many(self, client: ClientState, calls: list[list[bytes]]) -> list[Reply]:
        """Run commands of a client with nobody in between; what they write goes to the journal as one batch."""
        with self.lock:
            self.depth += 1
            try:
                return [self.execute(client, words) for words in calls]
            finally:
                self.depth -= 1
                self.settle()

    def _execute(self, client: ClientState, words: list[bytes]) -> Reply:
        reply = self._admit(client, words)
        if reply.__class__ is Command:
            reply = self._timed(client.ctx, reply, words)
            self.settle()
        return reply if client.replies == "ON" else self._silenced(client)

    def _admit(self, client: ClientState, words: list[bytes]) -> Reply:
        """Find the command to run now, or give the reply that stands in for it; an error spoils a transaction."""
        command: Command | None = None
        try:
            command = find_command(self.table, words)
            client.last_command = command.shown_name
            for gate in self.gates:
                gate(client.ctx, command, words)
            if self.instance.pause.until_ms:
                held = self.instance.pause.hold(client, command, words)
                if held is not None:
                    return held
            if client.queue is not None and command.name not in UNQUEUED:
                return queue_command(client, command, words)
        except ReplyError as error:
            if command is not None:
                command.rejected_calls += 1
            self.instance.failed(error)
            if command is not None and command.name == "EXEC" and client.queue is not None:
                client.queue = None
                self.unwatch(client)
                return ExecAbort(f"Transaction discarded because of: {error.text}")
            client.queue_failed = True
            return error
        return command

    def _timed(self, ctx: Context, command: Command, words: list[bytes]) -> Reply:
        client = ctx.client
        try:
            reply = self.run(ctx, command, words)
        except ReplyError as error:
            self.instance.failed(error)
            reply = error
        duration_us = self.clock() - self.now_us
        command.usec += duration_us
        if duration_us > self.instance.attention_us:
            self.instance.took(client, command, words, duration_us)
        if client.tracking is not None and client.queue is None:
            client.tracking.end_command(command.name)
        return reply

    def run(self, ctx: Context, command: Command, words: list[bytes]) -> Reply:
        """Run one command in a context that its caller set up, and record what it wrote.

        Raises:
            ReplyError: the command's error; what it wrote before is recorded.
        """
        outer = ctx.words, ctx.modified, ctx.logged, getattr(ctx, "command", command)
        ctx.words, ctx.modified, ctx.logged, ctx.command = words, 0, None, command
        function = command.function
        assert function is not None
        try:
            reply = function(ctx, words[2:] if "|" in command.name else words[1:])
        except ReplyError:
            command.failed_calls += 1
            if self.monitors and command.facts.flags.isdisjoint(UNSHOWN):
                self.show(ctx.client, words)
            raise
        finally:
            command.calls += 1
            if ctx.modified or ctx.logged:
                self._record(ctx, words)
            ctx.words, ctx.modified, ctx.logged, ctx.command = outer
        if self.monitors and command.facts.flags.isdisjoint(UNSHOWN):
            self.show(ctx.client, words)
        if ctx.client.tracking is not None:
            self.instance.tracking.after(ctx.client, command, words)
        if reply.__class__ is Blocked:
            return self._block(ctx, words, reply)
        return reply

    def _record(self, ctx: Context, words: list[bytes]) -> None:
        self.changes += ctx.modified
        if self.journal is None:
            return
        if ctx.logged is None:
            self.effects.append((ctx.db.index, tuple(words)))
        else:
            self.effects += ctx.logged

    def settle(self) -> None:
        """Serve who waited for what changed, and hand what was written to the journal, as one batch."""
        if self.depth:
            return
        if self.waiters.ready:
            self._serve()
        if self.instance.tracking.clients:
            self.instance.tracking.settle()
        if self.effects:
            effects, self.effects = self.effects, []
            if self.journal is not None:
                self.journal(self.now_us, effects)

    def _silenced(self, client: ClientState) -> Reply:
        if client.replies == "SKIPPING":
            client.replies = "ON"
        elif client.replies == "SKIP":
            client.replies = "SKIPPING"
        return NO_REPLY

    def show(self, client: ClientState, words: list[bytes]) -> None:
        """Show a call to those who monitor."""
        if self.monitors:
            line = shown_call(self.now_us, client, words)
            for monitor in list(self.monitors):
                monitor.sink(line)

    # -- waiting

    def _block(self, ctx: Context, words: list[bytes], blocked: Blocked) -> Reply:
        if ctx.is_nested:
            return blocked.timeout_reply
        client = ctx.client
        if client.blocked is not None:  # it was retried and goes on waiting
            return blocked
        blocked.client, blocked.words, blocked.db = client, words, ctx.db.index
        client.blocked = blocked
        self.waiters.add(blocked)
        return blocked

    def _serve(self) -> None:
        """Retry the waiters of each changed key, first come, first served, until nothing changes any more."""
        waiters = self.waiters
        while waiters.ready:
            ready, waiters.ready = waiters.ready, {}
            for index, key in ready:
                for blocked in list(waiters.by_key.get((index, key), ())):
                    self._retry(blocked, index, key)

    def _retry(self, blocked: Blocked, index: int, key: bytes) -> None:
        if blocked.done:
            return
        value = self.databases[index].find(key)
        if value.__class__ is not blocked.kind and not blocked.without_key:
            return
        ctx = blocked.client.ctx
        started_us = self.clock()
        command = find_command(self.table, blocked.words)
        retried = Command(command.name, command.facts, lambda ctx, _args: blocked.retry(ctx))
        try:
            reply = self.run(ctx, retried, blocked.words)
        except ReplyError as error:
            command.failed_calls += 1
            self.instance.failed(error)
            reply = error
        if reply.__class__ is not Blocked:
            duration_us = self.clock() - started_us
            if duration_us > self.instance.attention_us:
                self.instance.took(blocked.client, command, blocked.words, duration_us)
            waiters = self.waiters
            waiters.discard(blocked)
            blocked.finish(reply)

    def time_out(self, blocked: Blocked) -> None:
        """Answer a waiter whose time is over, unless it has its answer."""
        late = blocked.on_timeout
        if late is not None and not blocked.done:
            blocked.client.blocked = None
            blocked.finish(late())
            return
        self.release(blocked, blocked.timeout_reply)

    def release(self, blocked: Blocked, reply: Reply) -> bool:
        """Answer a waiter with `reply` (CLIENT UNBLOCK); whether it still waited."""
        with self.lock:
            if blocked.done:
                return False
            self.waiters.discard(blocked)
            blocked.finish(reply)
            return True

    # -- what writes mean to others

    def modified(self, client: ClientState | None, index: int, key: bytes) -> None:
        """Tell those who watch, wait for or follow a key that it changed."""
        if self.dirty is not None:
            self.dirty[index, key] = None
        if self.watchers and (index, key) in self.watchers:
            for watcher in self.watchers[index, key]:
                watcher.watch_broken = True
        if self.waiters.by_key:
            self.waiters.signal(index, key)
        for observer in self.observers:
            observer(client, index, key)

    def modified_all(self, client: ClientState | None, database: Database) -> None:
        """Tell the same of all keys of a database, before or after they are exchanged or dropped."""
        for index, key in list(self.watchers):
            if index == database.index and (key in database.keys):
                self.modified(client, index, key)
        self.waiters.signal_database(database.index)
        for observer in self.flush_observers:
            observer(client, database.index)

    def expired(self, index: int, key: bytes) -> None:
        """Record that a key was deleted because its time was over."""
        self.instance.statistics.expired_keys += 1
        if self.journal is not None:
            self.effects.append((index, (b"DEL", key)))
        self.modified(None, index, key)
        if self.notifies & notifications.EXPIRED:
            self.notify(notifications.EXPIRED, b"expired", key, index)

    def expired_fields(
        self, index: int, key: bytes, fields: list[bytes], *, is_empty: bool
    ) -> None:
        """Record that fields of a hash were deleted because their time was over."""
        if self.journal is not None:
            self.effects.append((index, (b"HDEL", key, *fields)))
        self.modified(None, index, key)
        self.notify(notifications.HASH, b"hexpired", key, index)
        if is_empty:
            self.notify(notifications.GENERIC, b"del", key, index)

    def notify(self, kind: int, event: bytes, key: bytes, index: int) -> None:
        """Publish a keyspace event when its class is asked for."""
        flags = self.notifies
        if not flags & kind:
            return
        if flags & notifications.KEYSPACE:
            self.subscriptions.publish(b"__keyspace@%d__:%b" % (index, key), event)
        if flags & notifications.KEYEVENT:
            self.subscriptions.publish(b"__keyevent@%d__:%b" % (index, event), key)

    def watch(self, client: ClientState, index: int, key: bytes) -> None:
        """Let a change of the key break the client's next EXEC."""
        client.watched.add((index, key))
        self.watchers.setdefault((index, key), {})[client] = None

    def unwatch(self, client: ClientState) -> None:
        """Watch nothing any more."""
        for place in client.watched:
            clients = self.watchers.get(place, {})
            clients.pop(client, None)
            if not clients:
                self.watchers.pop(place, None)
        client.watched.clear()
        client.watch_broken = False

    def tick(self, limit: int = 200) -> int:
        """Delete up to `limit` keys of each database whose time is over; return how many."""
        with self.lock:
            self.now_us = self.clock()
            self.now_ms = self.now_us // 1000
            gone = 0
            if self.config.active_expire and self.now_ms >= self.instance.pause.until_ms:
                gone = sum(database.purge(limit) for database in self.databases)
                if gone:
                    took_ms = (self.clock() - self.now_us) // 1000
                    self.instance.latency.add(b"expire-cycle", self.now_ms // 1000, took_ms)
            if self.instance.pause.until_ms and self.now_ms >= self.instance.pause.until_ms:
                self.instance.pause.end()
            if self.instance.runner.run is not None:
                self.instance.runner.go_on()
            self.settle()
            return gone
