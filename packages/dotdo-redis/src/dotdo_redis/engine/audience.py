"""Who sees, judges or puts off the calls of clients: monitors, gates, and who has to act before; it refuses to run them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dotdo_redis.engine.monitoring import shown_call

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.declaration import Command

    Gate = Callable[[Context, Command, list[bytes]], None]

UNSHOWN = frozenset({"skip_monitor", "admin"})
"""Flags of commands that MONITOR does not show, or that show themselves."""


class Audience:
    """All that makes a call more than its words.

    Attributes:
        gates: called before each command of a client, and may refuse it by an error (ACL, memory).
        monitors: clients that are shown each call.
        before: called once before the next command: others wrote keys, which are to be read first.
        after: called after each command, and may refuse what it wrote by an error.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.gates: list[Gate] = []
        self.monitors: dict[ClientState, None] = {}
        self.before: Callable[[], None] | None = None
        self.after: Callable[[], None] | None = None

    def heed(self) -> None:
        """Reckon anew whether calls are quiet: nobody sees, judges or puts them off."""
        instance = self._engine.instance
        self._engine.is_quiet = not (
            self.gates
            or self.monitors
            or self.before is not None
            or self.after is not None
            or instance.pause.until_ms
            or instance.tracking.clients
        )

    def add_gate(self, gate: "Gate", *, is_first: bool = False) -> None:
        """Let a gate judge calls, unless it does already."""
        if gate not in self.gates:
            self.gates.insert(0 if is_first else len(self.gates), gate)
        self.heed()

    def drop_gate(self, gate: "Gate") -> None:
        """Let a gate judge no longer."""
        if gate in self.gates:
            self.gates.remove(gate)
        self.heed()

    def call_before(self, act: Callable[[], None] | None) -> None:
        """Have something done before the next command, or nothing."""
        self.before = act
        self.heed()

    def call_after(self, act: Callable[[], None] | None) -> None:
        """Have something done after each command, or nothing."""
        self.after = act
        self.heed()

    def monitor(self, client: "ClientState") -> None:
        """Show each call to a client from now on."""
        self.monitors[client] = None
        self.heed()

    def unmonitor(self, client: "ClientState") -> None:
        """Show a client nothing any more."""
        if client in self.monitors:
            del self.monitors[client]
            self.heed()

    def see(self, client: "ClientState", command: "Command", words: list[bytes]) -> None:
        """Show a call that was run to those who monitor, unless it is one that is not shown."""
        if self.monitors and command.facts.flags.isdisjoint(UNSHOWN):
            self.show(client, words)

    def show(self, client: "ClientState", words: list[bytes]) -> None:
        """Show a call to those who monitor."""
        if self.monitors:
            line = shown_call(self._engine.now_us, client, words)
            for monitor in list(self.monitors):
                monitor.sink(line)
