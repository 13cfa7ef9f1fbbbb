"""A connection's stand-in for a socket: words in, replies out, without bytes; it refuses to shape replies."""

import os
import sys
import threading
import time
from collections import deque
from itertools import count

from dotdo_redis.engine import Blocked, Engine
from dotdo_redis.mapping.replies import NO_REPLY, Reply

BEAT_S = 0.05
"""How often a waiting client lets keys expire."""

_ports = count(40000)


class Line:
    """One client of an engine, with what it has still to read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.inbox: deque[Reply] = deque()
        self.backlog: deque[list[bytes]] = deque()
        self.pending: Blocked | None = None
        self.deadline: float | None = None
        self.bell = threading.Event()
        self.is_closing = self.is_closed = False
        self.owner = os.getpid()
        self.client = engine.connect(self.push)
        self.client.on_close = self.hang_up
        self.port = next(_ports)
        self.client.address = f"127.0.0.1:{self.port}"
        self.client.local_address = "127.0.0.1:6379"

    @property
    def is_abandoned(self) -> bool:
        """Whether this is a forked child, and the engine the parent's."""
        return self.owner != os.getpid()

    # -- what the engine calls

    def push(self, message: Reply) -> None:
        """Take a message of the engine, from whatever thread."""
        self.inbox.append(message)
        self.ring()

    def hang_up(self) -> None:
        """Close once everything is read."""
        self.is_closing = True
        self.ring()

    def ring(self) -> None:
        """Wake who waits."""
        self.bell.set()

    def _resolved(self, _blocked: Blocked) -> None:
        self.ring()

    # -- what a connection calls

    def sendall(self, words: list[bytes]) -> None:
        """Run a command, or keep it for when the one before has its answer."""
        if self.is_closing:
            raise BrokenPipeError(32, "Broken pipe")
        if self.pending is not None and not self._settle():
            self.backlog.append(words)
        else:
            self._run(words)

    def _run(self, words: list[bytes]) -> None:
        if not words:
            return
        reply = self.engine.execute(self.client, words)
        if reply.__class__ is Blocked:
            self._wait_for(reply)
        elif reply is not NO_REPLY:
            self.inbox.append(reply)

    def _wait_for(self, blocked: Blocked) -> None:
        self.pending = blocked
        wait_ms = blocked.timeout_ms
        self.deadline = None if wait_ms is None else time.monotonic() + wait_ms / 1000
        blocked.on_done = self._resolved
        if blocked.done:
            self._settle()

    def _settle(self) -> bool:
        """Take the answer of a command that waited, and run what came after it; whether it is there."""
        blocked = self.pending
        if blocked is None:
            return True
        if not blocked.done:
            return False
        self.pending = None
        self.inbox.append(blocked.reply)
        while self.backlog and self.pending is None:
            self._run(self.backlog.popleft())
        return self.pending is None

    def is_readable(self, wait_s: float | None) -> bool:
        """Whether something can be read, after at most so many seconds (None: however long that takes).

        Raises:
            ConnectionResetError: the other side hung up.
        """
        deadline = None if wait_s is None else time.monotonic() + wait_s
        while not self.inbox:
            if self.look():
                continue
            left = BEAT_S if deadline is None else min(BEAT_S, deadline - time.monotonic())
            if left <= 0:
                return False
            self.bell.wait(self.nap_s(left))
            self.bell.clear()
            self.engine.tick()
        return True

    def nap_s(self, at_most_s: float) -> float:
        """For how long to wait before looking again."""
        if self.deadline is None or self.pending is None:
            return at_most_s
        return max(0.0, min(at_most_s, self.deadline - time.monotonic()))

    def look(self) -> bool:
        """Let the time of a waiting command run out; whether there may be something new.

        Raises:
            ConnectionResetError: the other side hung up.
        """
        blocked = self.pending
        if self.is_closing and not self.inbox:
            raise ConnectionResetError(104, "Connection closed by server.")
        if blocked is None:
            return False
        if not blocked.done and self.deadline is not None and time.monotonic() >= self.deadline:
            self.engine.time_out(blocked)
        if not blocked.done:
            return False
        self._settle()
        return True

    def take(self, wait_s: float | None) -> Reply:
        """Read one reply or message.

        Raises:
            TimeoutError: nothing came in time.
            ConnectionResetError: the other side hung up.
        """
        if not self.inbox and not self.is_readable(wait_s):
            raise TimeoutError("timed out")
        return self.inbox.popleft()

    # -- what a socket has besides

    def shutdown(self, _how: int = 0) -> None:
        """End the client."""
        self.close()

    def close(self) -> None:
        """End the client.

        In a forked child, and when the interpreter ends, the engine is left alone: threads that are no more may have its lock.
        """
        if not self.is_closed:
            self.is_closed = self.is_closing = True
            if not self.is_abandoned and not sys.is_finalizing():
                self.engine.disconnect(self.client)

    def settimeout(self, _seconds: float | None) -> None:
        """Do nothing: who reads says how long."""

    def getpeername(self) -> tuple[str, int]:
        """The address of the service."""
        return "127.0.0.1", 6379

    def getsockname(self) -> tuple[str, int]:
        """The address of the client."""
        return "127.0.0.1", self.port
