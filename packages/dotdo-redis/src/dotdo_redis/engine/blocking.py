"""Clients that wait for keys, served in the order in which they came; it refuses timers, which the door keeps."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.context import Context

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
        self.done = False
        self.reply: Reply = None
        self.on_done: Callable[[Blocked], None] | None = None
        self.on_timeout: Callable[[], Reply] | None = None
        """Gives the reply when time is over, in place of `timeout_reply`."""
        self.is_postponed = False
        """It has not begun: CLIENT PAUSE holds it back."""

    def finish(self, reply: Reply) -> None:
        """Give the reply to whoever waits for it, once."""
        if self.done:
            return
        self.reply = reply
        self.done = True
        self.client.blocked = None
        if self.on_done is not None:
            self.on_done(self)


class Waiters:
    """Who waits for which key, and which keys have changed since they were last looked at."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[int, bytes], dict[Blocked, None]] = {}
        self.ready: dict[tuple[int, bytes], None] = {}

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
