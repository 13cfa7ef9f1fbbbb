"""Clients that wait for keys, served in the order in which they came; it refuses timers, which the door keeps."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.dispatch import find_command
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine

Retry = Callable[["Context"], Reply]


class Blocked:
    """A command that waits until one of its keys lets it answer.

    Args:
        keys: of the client's database, in the order in which they were named.
        kind: the type of value that can answer; a key of another type wakes nobody.
        timeout_ms: None for ever.
        retry: runs the command again; it gives a `Blocked` when there is still no answer.
        timeout_reply: what the client gets when time is over.
        without_key: a key that goes away or changes its type is retried too.
    """

    __slots__ = (
        "client",
        "db",
        "done",
        "is_answered",
        "is_postponed",
        "keys",
        "kind",
        "on_done",
        "on_timeout",
        "reply",
        "retry",
        "timeout_ms",
        "timeout_reply",
        "without_key",
        "words",
    )

    client: "ClientState"
    words: list[bytes]
    db: int

    def __init__(  # noqa: PLR0917 - a record built in one place per family
        self,
        keys: Sequence[bytes],
        kind: type,
        timeout_ms: int | None,
        retry: Retry,
        timeout_reply: Reply = NULL_ARRAY,
        without_key: bool = False,
    ) -> None:
        self.keys = keys
        self.kind = kind
        self.timeout_ms = timeout_ms
        self.retry = retry
        self.timeout_reply = timeout_reply
        self.without_key = without_key
        self.is_answered = False
        """Its answer is known, but perhaps not on record yet."""
        self.done = False
        self.reply: Reply = None
        self.on_done: Callable[[Blocked], None] | None = None
        self.on_timeout: Callable[[], Reply] | None = None
        """Gives the reply when time is over, in place of `timeout_reply`."""
        self.is_postponed = False
        """It has not begun: CLIENT PAUSE holds it back."""

    def finish(self, reply: Reply) -> None:
        """Give the reply to whoever waits for it, once."""
        if not self.is_answered:
            self.answer(reply)
            self.tell()

    def answer(self, reply: Reply) -> None:
        """Settle what the reply is; nobody is told yet."""
        self.reply = reply
        self.is_answered = True
        self.client.blocked = None

    def tell(self) -> None:
        """Tell whoever waits that the reply is there."""
        self.done = True
        if self.on_done is not None:
            self.on_done(self)


class Waiters:
    """Who waits for which key, and which keys have changed since they were last looked at."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.by_key: dict[tuple[int, bytes], dict[Blocked, None]] = {}
        self.ready: dict[tuple[int, bytes], None] = {}
        self.answered: list[Blocked] = []
        """Those who are told once what they did is on record."""

    def wait(self, ctx: "Context", words: list[bytes], blocked: Blocked) -> Reply:
        """Let a client wait, unless it must not."""
        if ctx.is_nested:
            return blocked.timeout_reply
        client = ctx.client
        if client.blocked is not None:  # it was retried and goes on waiting
            return blocked
        blocked.client, blocked.words, blocked.db = client, words, ctx.db.index
        client.blocked = blocked
        self.add(blocked)
        return blocked

    def serve(self) -> None:
        """Retry the waiters of each changed key, first come, first served, until nothing changes any more."""
        while self.ready:
            ready, self.ready = self.ready, {}
            for index, key in ready:
                for blocked in list(self.by_key.get((index, key), ())):
                    self._retry(blocked, index, key)

    def tell(self) -> None:
        """Tell those who have their answer."""
        answered, self.answered = self.answered, []
        for blocked in answered:
            blocked.tell()

    def fail(self, error: ReplyError) -> None:
        """Tell those who have their answer that it is not on record."""
        for blocked in self.answered:
            blocked.reply = error
        self.tell()

    def _retry(self, blocked: Blocked, index: int, key: bytes) -> None:
        engine = self._engine
        value = engine.databases[index].find(key)
        if blocked.is_answered or (value.__class__ is not blocked.kind and not blocked.without_key):
            return
        started_ns = engine.clock_ns()
        command = find_command(engine.table, blocked.words)
        retried = Command(command.name, command.facts, lambda ctx, _args: blocked.retry(ctx))
        try:
            reply = engine.run(blocked.client.ctx, retried, blocked.words)
        except ReplyError as error:
            command.failed_calls += 1
            engine.instance.failed(error)
            reply = error
        if reply.__class__ is not Blocked:
            duration_ns = engine.clock_ns() - started_ns
            if duration_ns > engine.instance.attention_ns:
                engine.instance.took(blocked.client, command, blocked.words, duration_ns // 1000)
            self.discard(blocked)
            blocked.answer(reply)
            self.answered.append(blocked)

    def release(self, blocked: Blocked, reply: Reply) -> bool:
        """Answer a waiter with `reply` (CLIENT UNBLOCK, a timeout); whether it still waited."""
        with self._engine.lock:
            if blocked.is_answered:
                return False
            self.discard(blocked)
            blocked.finish(reply)
            return True

    def add(self, blocked: Blocked) -> None:
        """Queue a waiter behind those who already wait for its keys."""
        for key in blocked.keys:
            self.by_key.setdefault((blocked.db, key), {})[blocked] = None

    def discard(self, blocked: Blocked) -> None:
        """Forget a waiter."""
        for key in blocked.keys:
            place = blocked.db, key
            queue = self.by_key.get(place)
            if queue is not None:
                queue.pop(blocked, None)
                if not queue:
                    del self.by_key[place]

    def signal(self, db: int, key: bytes) -> None:
        """Remember that a key changed, when somebody waits for it."""
        if (db, key) in self.by_key:
            self.ready[db, key] = None

    def signal_database(self, db: int) -> None:
        """Remember that all keys of a database may have changed."""
        self.ready.update(dict.fromkeys(place for place in self.by_key if place[0] == db))
