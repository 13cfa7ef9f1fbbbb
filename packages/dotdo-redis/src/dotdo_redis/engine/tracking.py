"""Client-side caching: who has read which key, and who is told when it changes; it refuses the CLIENT command's words."""

from typing import TYPE_CHECKING

from dotdo_redis.engine.keyfinding import NoKeys, find_keys
from dotdo_redis.mapping.replies import EarlyPush, Push

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.declaration import Command

SCRIPT_CALLS = frozenset({"EVAL_RO", "EVALSHA_RO", "FCALL_RO"})
CHANNEL = b"__redis__:invalidate"


class TrackingState:
    """How one client is told."""

    __slots__ = ("caching", "is_broadcast", "is_broken", "mode", "noloop", "prefixes", "redirect")

    def __init__(self, redirect: int, *, is_broadcast: bool, mode: str, noloop: bool) -> None:
        self.redirect = redirect
        """Number of the client that is told in its place; 0 for itself."""
        self.is_broadcast = is_broadcast
        self.mode = mode
        """`optin`, `optout` or empty."""
        self.noloop = noloop
        self.prefixes: dict[bytes, None] = {}
        self.caching: bool | None = None
        """What CLIENT CACHING said of the next command."""
        self.is_broken = False
        """The client that was to be told is gone."""

    @property
    def follows_reads(self) -> bool:
        """Whether the keys of the command that runs are to be followed."""
        if self.is_broadcast:
            return False
        return self.caching is True if self.mode == "optin" else self.caching is not False

    def end_command(self, name: str) -> None:
        """Forget what CLIENT CACHING said, unless that was the command."""
        if name != "CLIENT|CACHING":
            self.caching = None


class Tracking:
    """Who follows which key."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.readers: dict[bytes, dict[int, None]] = {}
        """Key -> numbers of the clients that may have it cached; of whatever database, as Redis does it."""
        self.broadcasters: dict[bytes, dict[ClientState, None]] = {}
        """Prefix -> clients."""
        self.clients: dict[ClientState, None] = {}
        self._has_flushed = False
        self._is_early = False
        self._pending: dict[ClientState, dict[bytes, None]] = {}
        self._pending_broadcast: dict[bytes, ClientState | None] = {}

    def enable(self, client: "ClientState", state: TrackingState) -> None:
        """Begin to follow keys for a client."""
        client.tracking = state
        self.clients[client] = None
        self._engine.audience.heed()
        for prefix in state.prefixes if state.is_broadcast else ():
            self.broadcasters.setdefault(prefix, {})[client] = None
        if self.changed not in self._engine.observers:
            self._engine.observers.append(self.changed)
            self._engine.flush_observers.append(self.flushed)

    def disable(self, client: "ClientState") -> None:
        """Follow nothing for a client any more."""
        state = client.tracking
        if state is None:
            return
        for prefix in state.prefixes:
            clients = self.broadcasters.get(prefix, {})
            clients.pop(client, None)
            if not clients:
                self.broadcasters.pop(prefix, None)
        client.tracking = None
        self.clients.pop(client, None)
        self._engine.audience.heed()
        self._pending.pop(client, None)
        if not self.clients:
            self.readers.clear()
            self._engine.observers.remove(self.changed)
            self._engine.flush_observers.remove(self.flushed)

    def after(self, client: "ClientState", command: "Command", words: list[bytes]) -> None:
        """Remember which keys a command of a client has read."""
        state = client.tracking
        if state is None or "readonly" not in command.facts.flags or not state.follows_reads:
            return
        if command.name in SCRIPT_CALLS:
            return
        if "lua" in client.flags:  # a script follows the keys that it was called with
            words = client.ctx.words
            command = self._engine.table[words[0].upper()]
        try:
            self.read(client, [found.key for found in find_keys(command.facts, words)])
        except NoKeys:
            return

    def read(self, client: "ClientState", keys: list[bytes]) -> None:
        """Remember that a client has read keys."""
        for key in keys:
            self.readers.setdefault(key, {})[client.id] = None
        self.trim()

    def trim(self) -> None:
        """Forget keys beyond tracking-table-max-keys."""
        limit = self._engine.instance.parameters.number("tracking-table-max-keys")
        while limit and len(self.readers) > limit:
            self._forget(next(iter(self.readers)))

    def _forget(self, key: bytes) -> None:
        """Drop a key out of a full table, telling its readers as if it had changed."""
        for number in self.readers.pop(key, ()):
            reader = self._engine.clients.get(number)
            if (
                reader is not None
                and reader.tracking is not None
                and not reader.tracking.is_broadcast
            ):
                self.tell(reader, [key])

    def changed(self, writer: "ClientState | None", _database: int, key: bytes) -> None:
        """Remember to tell the followers of a key."""
        for number in self.readers.pop(key, ()):
            reader = self._engine.clients.get(number)
            if reader is None or reader.tracking is None or reader.tracking.is_broadcast:
                continue
            if reader.tracking.noloop and reader is writer:
                continue
            self._pending.setdefault(reader, {})[key] = None
        if self.broadcasters:
            self._pending_broadcast[key] = writer

    def flushed(self, _writer: "ClientState | None", _database: int) -> None:
        """Tell everyone that all keys may have changed."""
        self.readers.clear()
        self._has_flushed = True

    def settle_early(self) -> None:
        """Tell what has changed before a command runs, so that it comes before the reply."""
        self._is_early = True
        try:
            self.settle()
        finally:
            self._is_early = False

    def settle(self) -> None:
        """Tell what has changed, each client once."""
        if self._has_flushed:
            self._has_flushed = False
            for client in list(self.clients):
                self._send(client, None)
        pending, self._pending = self._pending, {}
        for client, keys in pending.items():
            for key in keys:
                self.tell(client, [key])
        if not self._pending_broadcast:
            return
        changed, self._pending_broadcast = self._pending_broadcast, {}
        for prefix, clients in self.broadcasters.items():
            matching = [key for key in changed if key.startswith(prefix)]
            for client in clients:
                noloop = client.tracking is not None and client.tracking.noloop
                told = [key for key in matching if not (noloop and changed[key] is client)]
                if told:
                    self.tell(client, told)

    def tell(self, client: "ClientState", keys: list[bytes]) -> None:
        """Send a client that keys have changed."""
        self._send(client, keys)

    def _send(self, client: "ClientState", keys: list[bytes] | None) -> None:
        state = client.tracking
        assert state is not None
        receiver = client
        if state.redirect:
            found = self._engine.clients.get(state.redirect)
            if found is None:
                state.is_broken = True
                if client.resp == 3:
                    client.sink(Push([b"tracking-redir-broken", state.redirect]))
                return
            receiver = found
        if receiver.resp == 3:
            kind = EarlyPush if self._is_early else Push
            receiver.sink(kind([b"invalidate", keys]))
        elif state.redirect and CHANNEL in receiver.channels:
            receiver.sink(Push([b"message", CHANNEL, keys]))

    @property
    def items(self) -> int:
        """How many pairs of key and client there are."""
        return sum(map(len, self.readers.values()))
