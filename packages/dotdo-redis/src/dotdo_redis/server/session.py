"""One connection to an engine: commands in, replies and pushes out; it refuses to do what the engine does."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from dotdo.errors import DotdoError
from dotdo.serving import (
    CLOSE,
    DRAIN,
    Close,
    CloseReason,
    Control,
    Session,
    SessionContext,
    Step,
    Wait,
    Work,
)
from dotdo.serving import Reply as Answer
from dotdo.serving.session import DoneCallback
from dotdo_redis.engine import Blocked, ClientState, Engine
from dotdo_redis.errors import ReplyError, WrongPass
from dotdo_redis.mapping.replies import Push, Reply, Status
from dotdo_redis.protocol import CommandReader, write_reply
from dotdo_redis.server.keyspaces import Keyspaces
from dotdo_redis.server.login import Login, read_login

DEFAULT_TENANT = "default"


class _Completion:
    """A blocked command as the serving host's waiter."""

    __slots__ = ("_blocked",)

    def __init__(self, blocked: Blocked) -> None:
        self._blocked = blocked

    def add_done_callback(self, callback: DoneCallback) -> None:
        def finish(_blocked: Blocked) -> None:
            callback()

        self._blocked.on_done = finish
        if self._blocked.done:
            callback()


class RedisSession(Session):
    """The server's side of one connection.

    Args:
        context: who is connected, and the host's services.
        keyspaces: the engines by tenant.
    """

    def __init__(self, context: SessionContext, keyspaces: Keyspaces) -> None:
        self._context = context
        self._keyspaces = keyspaces
        self._reader = CommandReader()
        self._reader.is_restricted = context.credentials is not None
        self.is_established = context.credentials is None
        self._out: list[bytes] | None = None
        """Where pushes go while commands run: in order with the replies."""
        self._rest: Iterable[list[bytes]] = ()
        self._late: list[bytes] = []
        """Invalidations by the peer's own commands, which come after the replies to these."""
        self._is_closing = False
        self._waits: tuple[Blocked, Wait] | None = None
        self._login: tuple[Login, Work[None]] | None = None
        self._tenant: object = None
        self._client: ClientState | None = None
        self._engine: Engine | None = None

    @property
    def expects_pushes(self) -> bool:  # type: ignore[override]  # a property of the state, not of the class
        """Whether silence of the peer means nothing."""
        client = self._client
        return client is not None and bool(client.subscriptions or client.shard_channels)

    # -- calls of the host

    def receive(self, data: bytes) -> Answer:
        """Run every whole command."""
        return self._run(self._reader.feed(data))

    def resume(self) -> Answer:
        """Answer the command that waited, then run what came behind it."""
        out: list[bytes] = []
        if self._waits is not None:
            (blocked, wait), self._waits = self._waits, None
            assert self._engine is not None
            assert self._client is not None
            if not blocked.done:
                self._engine.time_out(blocked)
            if wait.is_cancelled and not blocked.done:
                self._engine.disconnect(self._client)
            write_reply(blocked.reply, out.append, self._client.resp)
            out += self._late
            self._late.clear()
        elif self._login is not None:
            (login, work), self._login = self._login, None
            self._finish_login(login, work, out)
        return self._run(self._rest, out)

    def woken(self) -> Answer:
        """Nothing is kept for a wake-up."""
        return b""

    def farewell(self, reason: CloseReason) -> bytes:  # noqa: ARG002  (Redis says nothing when it closes)
        """Say nothing."""
        return b""

    def stop(self) -> Answer:
        """Close: a command is never half done."""
        return Step(b"", CLOSE)

    def closed(self, reason: CloseReason) -> None:  # noqa: ARG002  (whatever it is)
        """Leave the engine."""
        self._leave()

    def _leave(self) -> None:
        """Wait, listen and be listed no longer, although the peer may take its time to go."""
        if self._client is not None:
            self._client.on_close = None
            self._keyspaces.disconnect(self._tenant, self._client)
            self._client = None

    # -- running commands

    def _run(self, commands: Iterable[list[bytes]], out: list[bytes] | None = None) -> Answer:
        out = [] if out is None else out
        self._out = out
        reader = self._reader
        control = self._run_all(commands, out)
        while control is None and reader.is_behind:
            control = self._run_all(reader.feed(b""), out)
        if control is None and reader.failure is not None:
            out.append(b"-ERR %b\r\n" % str(reader.failure).encode("latin-1", "replace"))
            control = Close(CloseReason.VIOLATION)
        answer = self._taken()
        return answer if control is None else Step(answer, control)

    def _taken(self) -> bytes:
        """Take all output; pushes go to the channel from here on."""
        out, engine = self._out, self._engine
        assert out is not None
        if engine is None:
            self._out = None
        else:
            with engine.lock:  # pushes come under it, from any thread
                self._out = None
        return out[0] if len(out) == 1 else b"".join(out)

    def _run_all(self, commands: Iterable[list[bytes]], out: list[bytes]) -> Control | None:
        """Run commands until one asks for something of the host; keep those behind it."""
        client, engine = self._client, self._engine
        remaining = iter(commands)
        if client is None or engine is None:
            return self._run_unopened(remaining, out)
        execute, append = engine.execute, out.append
        unsent_bytes, high_water_bytes = 0, self._context.limits.output_high_water_bytes
        count = 0
        control: Control | None = None
        for words in remaining:
            count += 1
            reply: Any = execute(client, words)
            kind = reply.__class__
            if kind is bytes:
                size = len(reply)
                append(b"$%d\r\n%b\r\n" % (size, reply))
                unsent_bytes += size
            elif kind is Status:
                append(b"+%b\r\n" % reply)
            elif kind is int:
                append(b":%d\r\n" % reply)
            elif kind is not Blocked:
                before = len(out)
                write_reply(reply, append, client.resp)
                unsent_bytes += sum(map(len, out[before:]))
            if self._late:
                out += self._late
                self._late.clear()
            if kind is Blocked or self._is_closing or unsent_bytes > high_water_bytes:
                control = self._control_after(reply)
                break
        self._rest = list(remaining)
        self._context.metrics.requests += count
        return control

    def _run_unopened(self, remaining: Iterator[list[bytes]], out: list[bytes]) -> Control | None:
        """Run commands while no tenant is open, and those behind the one that opens it."""
        for words in remaining:
            asked = self._open(words, out)
            if asked is not None or self._client is not None:
                self._rest = list(remaining)
                return asked or self._run_all(self._rest, out)
        return None

    def _control_after(self, reply: Reply) -> Control:
        if isinstance(reply, Blocked):
            return self._wait(reply)
        if not self._is_closing:
            return DRAIN
        self._leave()
        return CLOSE

    def _wait(self, blocked: Blocked) -> Wait:
        timeout_s = None if blocked.timeout_ms is None else blocked.timeout_ms / 1000
        wait = Wait(_Completion(blocked), timeout_s, ends_on_stop=True)
        self._waits = blocked, wait
        return wait

    def push(self, message: Reply) -> None:
        """Send a message that answers no command; called under the engine's lock, from any thread."""
        client = self._client
        if client is None:
            return
        is_answering = self._out is not None or (self._waits is not None and self._waits[0].done)
        if is_answering and message.__class__ is Push and message[0] == b"invalidate":
            write_reply(message, self._late.append, client.resp)
            return
        if self._out is not None:
            write_reply(message, self._out.append, client.resp)
            return
        pieces: list[bytes] = []
        write_reply(message, pieces.append, client.resp)
        self._context.channel.push(b"".join(pieces))

    def _end(self) -> None:
        """Close the connection: after the replies when its own command asked for it, else at once."""
        self._is_closing = True
        if self._out is None:
            self._context.channel.close()

    # -- who and where

    def _open(self, words: list[bytes], out: list[bytes]) -> Control | None:
        """Open the tenant before the first command; log in where the host has credentials."""
        try:
            if self._context.credentials is None:
                self._attach("", None)
                control = self._run_all([words], out)
            else:
                control = self._log_in(read_login(words))
        except ReplyError as error:
            write_reply(error, out.append, 2)
            return None
        return control

    def _log_in(self, login: Login) -> Control:
        credentials = self._context.credentials
        assert credentials is not None
        work = Work(lambda: credentials.check_password(login.user, login.password))
        self._login = login, work
        return work

    def _finish_login(self, login: Login, work: Work[None], out: list[bytes]) -> None:
        try:
            try:
                work.result()
            except DotdoError:
                raise WrongPass from None
            self._attach(login.tenant, login.user)
        except ReplyError as error:
            write_reply(error, out.append, 2)
            return
        self.is_established = True
        self._reader.is_restricted = False
        assert self._engine is not None
        assert self._client is not None
        reply = self._engine.execute(self._client, login.then)
        write_reply(
            Status(b"OK") if login.then == [b"PING"] else reply, out.append, self._client.resp
        )

    def _attach(self, tenant: str, user: str | None) -> None:
        name = tenant or os.environ.get("DOTDO_NS") or DEFAULT_TENANT
        context = self._context
        try:
            self._tenant = context.open_tenant(name, user)
        except DotdoError as error:
            raise ReplyError(str(error)) from None
        engine, client = self._keyspaces.connect(self._tenant, context.clock, self.push)
        facts = context.facts
        client.address = (
            f"{facts.peer}:{facts.peer_port}" if not facts.is_unix else f"{facts.local}:0"
        )
        client.local_address = f"{facts.local}:{facts.local_port}"
        client.on_close = self._end
        self._engine, self._client = engine, client
        self._reader.bulk_max_bytes = engine.config.proto_max_bulk_len
