"""The engine: one tenant's databases, who is connected, and how a command is run; it refuses I/O and threads."""

from collections.abc import Callable, Sequence
from random import Random

from dotdo.clock import nanoseconds_of
from dotdo_redis.engine import notifications
from dotdo_redis.engine.audience import Audience
from dotdo_redis.engine.blocking import Blocked, Waiters
from dotdo_redis.engine.clients import ClientState, Sink
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.context import Context, Effect
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.dispatch import UNQUEUED, find_command, queue_command
from dotdo_redis.engine.instance import Instance
from dotdo_redis.engine.locking import Lock, NoLock
from dotdo_redis.engine.notifications import Subscriptions
from dotdo_redis.errors import ExecAbort, ReplyError
from dotdo_redis.mapping.replies import NO_REPLY, Reply

Clock = Callable[[], int]
SECOND_NS = 1_000_000_000
STALE_NS = 1_000_000
"""So long the commands of a batch have one time."""
FEW_KEYS = 20
"""How many keys of a database may expire before a command."""


Observer = Callable[[ClientState | None, int, bytes], None]
Journal = Callable[[int, list[Effect]], None]
Spill = Callable[[Database, list[bytes]], int]


class Engine:
    """One keyspace of one tenant."""

    def __init__(
        self,
        table: dict[bytes, Command],
        *,
        clock: Clock,
        randomness: Random,
        lock: Lock | None = None,
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
        plain = {name: command for name, command in table.items() if command.is_plain}
        self._plain = {**{name.lower(): command for name, command in plain.items()}, **plain}
        self.clock = clock
        self.clock_ns = nanoseconds_of(clock)
        self.random = randomness
        self.lock = lock or NoLock()
        self._acquire, self._release = self.lock.acquire, self.lock.release
        self.config = config or Config()
        self.databases = [Database(self, index) for index in range(self.config.databases)]
        self.now_ns = self.started_ns = self.ended_ns = self.now_ms = self.now_s = 0
        self.second_ns = 0
        """The time of the command that runs; seconds are one object as long as they last: each key holds it."""
        self.set_time(self.clock_ns())
        self.started_s = self.now_s
        """When keys that nobody has used yet came."""
        self.running: Command | None = None
        self.is_plain_step = False
        """The newest command has done nothing but its own work."""
        self.is_quiet = True
        """Nothing but its words decides what becomes of a call; see `Audience`."""
        self.clients: dict[int, ClientState] = {}
        self.last_client = 0
        self.subscriptions = Subscriptions()
        self.waiters = Waiters(self)
        self.watchers: dict[tuple[int, bytes], dict[ClientState, None]] = {}
        self.audience = Audience(self)
        self.observers: list[Observer] = []
        """Called with (client, database, key) at each change (client tracking, dirty keys)."""
        self.flush_observers: list[Callable[[ClientState | None, int], None]] = []
        """Called with (client, database) when all keys of a database change at once."""
        self.spill: Spill | None = None
        """Puts values of a database's keys where they take no memory; tells how many bytes that freed."""
        self.journal: Journal | None = None
        """Called with (microseconds, effects) once per command or transaction that wrote, before its reply."""
        self.effects: list[Effect] = []
        self.changes = 0
        self.depth = 0
        self.instance = Instance(self)

    @property
    def now_us(self) -> int:
        """Microseconds since 1970, the same during one command, transaction or script."""
        return self.now_ns // 1000

    def missed(self, index: int, key: bytes) -> None:
        """Count a key that a reading command did not find, and tell of it."""
        running = self.running
        if running is None:
            return
        if not running.is_write:
            running.misses += 1
        if self.config.notify & notifications.MISS and running.tells_misses:
            self.notify(notifications.MISS, b"keymiss", key, index)

    def set_time(self, now_ns: int) -> bool:
        """Let it be so many nanoseconds since 1970; whether another second has begun."""
        self.now_ns = self.started_ns = now_ns
        self.now_ms = now_ns // 1_000_000
        if 0 <= now_ns - self.second_ns < SECOND_NS:
            return False
        self.now_s = now_ns // SECOND_NS
        self.second_ns = SECOND_NS * self.now_s
        return True

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
            self.audience.unmonitor(client)
            self.instance.tracking.disable(client)
            self.clients.pop(client.id, None)
            self.instance.limits.forget(client)

    # -- running

    def execute(self, client: ClientState, words: list[bytes]) -> Reply:
        """Run a command of a client.

        Args:
            client: from `connect`.
            words: name and arguments.

        Returns:
            The reply; a `ReplyError` for an error, a `Blocked` when the client has to wait.
        """
        self._acquire()
        try:
            self.now_ns = self.started_ns = now_ns = self.clock_ns()
            self.now_ms = now_ns // 1_000_000
            if not 0 <= now_ns - self.second_ns < SECOND_NS and self.set_time(now_ns):
                self._look_around(client)
            reply = self._step(client, words)
            if self.effects or self.waiters.ready:
                try:
                    self.settle()
                except ReplyError as error:
                    return error
            return reply
        finally:
            self._release()

    def execute_many(
        self, client: ClientState, calls: Sequence[list[bytes]], replies: list[Reply]
    ) -> tuple[int, Blocked | None]:
        """Run commands of a client with nobody in between; what they write goes to the journal as one batch.

        Args:
            client: from `connect`.
            calls: name and arguments of each.
            replies: takes the replies.

        Returns:
            How many have run, and for what the last of them waits. It stops behind a command that waits, closes the
            connection, changes its protocol, or when somebody is told of what it has cached. When the journal takes
            nothing, its error stands for all of them.
        """
        take, step, waiters, resp, ran = replies.append, self._step, self.waiters, client.resp, 0
        self._acquire()
        try:
            if self.set_time(self.clock_ns()):
                self._look_around(client)
            self.ended_ns = self.now_ns
            for words in calls:
                self.started_ns = self.ended_ns
                ran += 1
                self.is_plain_step = True
                reply = step(client, words)
                if reply.__class__ is Blocked:
                    return ran, reply
                take(reply)
                if not self.is_plain_step and (
                    client.is_closing or client.resp != resp or self.instance.tracking.clients
                ):
                    break
                if waiters.ready:
                    self.settle()
                if self.ended_ns - self.now_ns > STALE_NS:
                    self.set_time(self.ended_ns)
        finally:
            try:
                if self.effects or waiters.ready:
                    self.settle()
            except ReplyError as error:
                replies[:] = [error] * len(replies)
            finally:
                self._release()
        return ran, None

    def _step(self, client: ClientState, words: list[bytes]) -> Reply:
        """Run a command of a client now; what it wrote is not in the journal yet."""
        command = self._plain.get(words[0])
        if (
            command is None
            or not (self.is_quiet and client.is_plain)
            or not command.least <= len(words) <= command.most
        ):
            reply = self._execute(client, words)
            self.is_plain_step = False
            return reply
        ctx = client.ctx
        self.running = ctx.command = command
        ctx.words = words
        ctx.modified = 0
        ctx.logged = None
        client.last_ms = self.now_ms
        client.last_command = command.shown_name
        command.calls += 1
        try:
            reply = command.function(ctx, words[1:])  # type: ignore[misc]  # plain ones have one
        except ReplyError as error:
            command.failed_calls += 1
            self.instance.failed(error)
            reply = error
        if ctx.modified or ctx.logged:
            if self.journal is None:
                self.changes += ctx.modified
            else:
                self._record(ctx, words)
        self.ended_ns = ended_ns = self.clock_ns()
        duration_ns = ended_ns - self.started_ns
        command.nsec += duration_ns
        if duration_ns > self.instance.attention_ns:
            self.instance.took(client, command, words, duration_ns // 1000)
        return reply

    def _execute(self, client: ClientState, words: list[bytes]) -> Reply:
        """Run a command that is not plain, or not at a plain moment."""
        if self.audience.before is not None:
            self.audience.before()
        client.last_ms = self.now_ms
        reply = self._admit(client, words)
        if reply.__class__ is Command:
            reply = self._timed(client.ctx, reply, words)
            try:
                self.settle()
            except ReplyError as error:
                reply = error
        self.ended_ns = self.clock_ns()
        return reply if client.replies == "ON" else self._silenced(client)

    def _admit(self, client: ClientState, words: list[bytes]) -> Reply:
        """Find the command to run now, or give the reply that stands in for it; an error spoils a transaction."""
        command: Command | None = None
        try:
            command = find_command(self.table, words)
            client.last_command = command.shown_name
            for gate in self.audience.gates:
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
            if command is not None and command.name == "EXEC":
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
            if self.audience.after is not None:
                self.audience.after()
        except ReplyError as error:
            self.instance.failed(error)
            reply = error
        duration_ns = self.clock_ns() - self.started_ns
        command.nsec += duration_ns
        if duration_ns > self.instance.attention_ns:
            self.instance.took(client, command, words, duration_ns // 1000)
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
        self.running = command
        try:
            reply = function(ctx, words[2:] if "|" in command.name else words[1:])
        except ReplyError:
            command.failed_calls += 1
            self.audience.see(ctx.client, command, words)
            raise
        finally:
            command.calls += 1
            if ctx.modified or ctx.logged:
                self._record(ctx, words)
            ctx.words, ctx.modified, ctx.logged, ctx.command = outer
        self.audience.see(ctx.client, command, words)
        if ctx.client.tracking is not None:
            self.instance.tracking.after(ctx.client, command, words)
        if reply.__class__ is Blocked:
            return self.waiters.wait(ctx, words, reply)
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
        """Serve who waited for what changed, and hand what was written to the journal, as one batch.

        Raises:
            ReplyError: the journal takes nothing; who waited is told, too.
        """
        if self.depth:
            return
        if self.waiters.ready:
            self.waiters.serve()
        if self.instance.tracking.clients:
            self.instance.tracking.settle()
        if self.effects:
            effects, self.effects = self.effects, []
            if self.journal is not None:
                try:
                    self.journal(self.now_us, effects)
                except ReplyError as error:
                    self.waiters.fail(error)
                    raise
        if self.waiters.answered:
            self.waiters.tell()

    def time_out(self, blocked: Blocked) -> None:
        """Answer a waiter whose time is over, unless it has its answer."""
        late = blocked.on_timeout
        if late is not None and not blocked.done:
            blocked.client.blocked = None
            blocked.finish(late())
            return
        self.waiters.release(blocked, blocked.timeout_reply)

    def _silenced(self, client: ClientState) -> Reply:
        if client.replies == "SKIPPING":
            client.replies = "ON"
        elif client.replies == "SKIP":
            client.replies = "SKIPPING"
        return NO_REPLY

    # -- what writes mean to others

    def modified(self, client: ClientState | None, index: int, key: bytes) -> None:
        """Tell those who watch, wait for or follow a key that it changed."""
        database = self.databases[index]
        if database.dirty is not None:
            database.dirty[key] = None
        if database.fresh is not None:
            database.fresh[key] = None
        if self.watchers and (index, key) in self.watchers:
            for watcher in self.watchers[index, key]:
                watcher.watch_broken = True
        if self.waiters.by_key:
            self.waiters.signal(index, key)
        for observer in self.observers:
            observer(client, index, key)

    def modified_all(self, client: ClientState | None, database: Database) -> None:
        """Tell the same of all keys of a database, before or after they are exchanged or dropped."""
        for (index, key), watchers in self.watchers.items():
            if index == database.index and key in database.keys:
                for watcher in watchers:
                    watcher.watch_broken = True
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
            self.set_time(self.clock_ns())
            self.instance.sample()
            self.instance.limits.close_idle()
            if self.instance.save_points:
                self.instance.save_when_due()
            gone = self._purge(limit * self.instance.parameters.number("active-expire-effort"))
            if gone:
                took_ms = (self.clock_ns() - self.now_ns) // 1_000_000
                self.instance.latency.add(b"expire-cycle", self.now_ms // 1000, took_ms)
            if self.instance.pause.until_ms and self.now_ms >= self.instance.pause.until_ms:
                self.instance.pause.end()
            if self.instance.runner.run is not None:
                self.instance.runner.go_on()
            self.settle()
            return gone

    def _look_around(self, client: ClientState) -> None:
        """Do a little of what `tick` does, where nobody may call it."""
        self.instance.sample()
        self.instance.limits.close_idle(client)
        self._purge(FEW_KEYS)

    def _purge(self, limit: int) -> int:
        """Delete up to `limit` keys of each database whose time is over, unless that is to wait."""
        for database in self.databases:
            database.know_more()
            if database.expires:
                database.deadlines.tidy(database.expires)
        if not self.config.active_expire or self.now_ms < self.instance.pause.until_ms:
            return 0
        return sum(database.purge(limit) for database in self.databases)
