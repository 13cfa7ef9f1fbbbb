"""CLIENT PAUSE: commands that are put off until it is over; it refuses timers, which the door keeps."""

from typing import TYPE_CHECKING

from dotdo_redis.engine.blocking import Blocked

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.declaration import Command

SCRIPT_CALLS = frozenset({"EVAL", "EVALSHA", "FCALL"})
MAY_WRITE = frozenset({"EVAL", "EVALSHA", "FCALL", "PUBLISH", "SPUBLISH", "PFCOUNT", "EXEC"})
"""Commands that count as writes for a pause although they are not declared as such."""


class _Nothing:
    """No value has this type: nothing wakes who waits for it."""


class Pause:
    """Which commands are put off, and until when.

    Attributes:
        until_ms: 0 while nothing is paused.
        is_total: all commands, not only those that write.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.until_ms = 0
        self.is_total = False
        self._held: list[tuple[Blocked, ClientState, list[bytes]]] = []

    def begin(self, until_ms: int, *, is_total: bool) -> None:
        """Pause, or lengthen and widen the pause there is."""
        if self.until_ms > self._engine.now_ms:
            until_ms = max(until_ms, self.until_ms)
            is_total = is_total or self.is_total
        self.until_ms, self.is_total = until_ms, is_total
        self._engine.audience.heed()

    def hold(self, client: "ClientState", command: "Command", words: list[bytes]) -> Blocked | None:
        """Put a command off when it must not run now."""
        if self._engine.now_ms >= self.until_ms:
            self.end()
            return None
        if not self.is_total and not self._writes(client, command, words):
            return None
        blocked = Blocked((), _Nothing, self.until_ms - self._engine.now_ms, lambda _ctx: None)
        blocked.client, blocked.words, blocked.db = client, words, client.db
        blocked.on_timeout = lambda: self._engine.execute(client, words)
        blocked.is_postponed = True
        client.blocked = blocked
        self._held.append((blocked, client, words))
        return blocked

    def _writes(self, client: "ClientState", command: "Command", client_words: list[bytes]) -> bool:
        if command.name == "EXEC":
            return any(self._is_write(queued, words) for queued, words in client.queue or ())
        return client.queue is None and self._is_write(command, client_words)

    def _is_write(self, command: "Command", words: list[bytes]) -> bool:
        if command.name in SCRIPT_CALLS:
            return not self._engine.instance.never_writes(command.name, words)
        return command.is_write or command.name in MAY_WRITE

    def end(self) -> None:
        """Let everything run that was put off, in the order in which it came."""
        self.until_ms = 0
        self._engine.audience.heed()
        held, self._held = self._held, []
        for blocked, client, words in held:
            if not blocked.done:
                client.blocked = None
                blocked.finish(self._engine.execute(client, words))

    @property
    def held(self) -> int:
        """How many commands are put off."""
        return sum(not blocked.done for blocked, _, _ in self._held)
