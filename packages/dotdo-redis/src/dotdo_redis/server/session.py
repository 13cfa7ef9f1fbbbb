"""One connection to an engine: commands in, replies and pushes out; it refuses to do what the engine does."""

import os

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
from dotdo_redis.engine.clientlimits import QUERY_BYTES
from dotdo_redis.engine.statistics import Statistics
from dotdo_redis.errors import ReplyError, TooManyClients, WrongPass
from dotdo_redis.mapping.replies import Push, Reply, Status
from dotdo_redis.protocol import CommandReader, encode_replies, encode_reply, write_reply
from dotdo_redis.server.keyspaces import Keyspaces
from dotdo_redis.server.login import Login, read_login

DEFAULT_TENANT = "default"
LARGE_BYTES = 64 * 1024
"""An answer that may be more than a client is allowed to leave unread."""
BATCH = 128
"""So many commands run before their replies are looked at, which bounds what is kept of them."""


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
        self._metrics = context.metrics
        self._high_water_bytes = context.limits.output_high_water_bytes
        self._replies: list[Reply] | None = None
        """Where messages go while commands run: in order with the replies."""
        self._rest: list[list[bytes]] = []
        self._late: list[bytes] = []
        """Invalidations by the peer's own commands, which come after the replies to these."""
        self._is_closing = False
        self._waits: tuple[Blocked, Wait] | None = None
        self._login: tuple[Login, Work[None]] | None = None
        self._tenant: object = None
        self._client: ClientState | None = None
        self._engine: Engine | None = None
        self._statistics = Statistics()
        """The engine's, once there is one."""

    @property
    def expects_pushes(self) -> bool:  # type: ignore[override]  # a property of the state, not of the class
        """Whether silence of the peer means nothing."""
        client = self._client
        return client is not None and bool(client.subscriptions or client.shard_channels)

    # -- calls of the host

    def receive(self, data: bytes) -> Answer:
        """Run every whole command."""
        calls = self._reader.feed(data)
        engine, client, statistics = self._engine, self._client, self._statistics
        statistics.input_bytes += len(data)
        if len(calls) != 1 or engine is None or client is None or self._reader.failure is not None:
            return self._run(calls)
        replies: list[Reply] = []
        self._replies = replies
        reply = engine.execute(client, calls[0])
        engine.lock.acquire()  # messages come under it, from any thread
        self._replies = None
        engine.lock.release()
        if replies or self._late or self._is_closing or reply.__class__ is Blocked:
            return self._finish_one(reply, replies)
        self._metrics.requests += 1
        answer = encode_reply(reply, client.resp)
        statistics.output_bytes += len(answer)
        if len(answer) > LARGE_BYTES and self._exceeds(client, self._unsent_bytes(answer)):
            return Step(b"", CLOSE)
        return answer

    def _counted(self, pieces: list[bytes]) -> bytes:
        """The pieces of an answer together, counted for INFO."""
        answer = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._statistics.output_bytes += len(answer)
        return answer

    def _unsent_bytes(self, answer: bytes) -> int:
        return self._context.channel.unsent_bytes + len(answer)

    def _finish_one(self, reply: Reply, messages: list[Reply]) -> Answer:
        """Answer a command that has caused more than its reply."""
        client = self._client
        assert client is not None
        self._metrics.requests += 1
        out: list[bytes] = []
        self._rest = []
        for message in messages:
            write_reply(message, out.append, client.resp)
        if isinstance(reply, Blocked):
            return Step(self._counted(out), self._wait(reply))
        write_reply(reply, out.append, client.resp)
        out += self._late
        self._late.clear()
        answer = self._counted(out)
        return Step(answer, self._control_after(None)) if self._is_closing else answer

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

    def _run(self, calls: list[list[bytes]], out: list[bytes] | None = None) -> Answer:
        """Run commands until one asks for something of the host; keep those behind it."""
        out = [] if out is None else out
        reader = self._reader
        control = self._run_all(calls, out)
        while control is None and reader.is_behind:
            control = self._run_all(reader.feed(b""), out)
        if control is None and reader.failure is not None:
            out.append(b"-ERR %b\r\n" % str(reader.failure).encode("latin-1", "replace"))
            control = Close(CloseReason.VIOLATION)
        if control is None and reader.kept_bytes > self._query_bytes():
            control = CLOSE
        answer = self._counted(out)
        return answer if control is None else Step(answer, control)

    def _query_bytes(self) -> int:
        return QUERY_BYTES if self._engine is None else self._engine.instance.limits.query_bytes

    def _run_all(self, calls: list[list[bytes]], out: list[bytes]) -> Control | None:
        client, engine = self._client, self._engine
        if client is None or engine is None:
            return self._run_unopened(calls, out)
        unsent_bytes, at, count = 0, 0, len(calls)
        while at < count:
            few = calls[at : at + BATCH] if at or count > BATCH else calls
            resp = client.resp
            replies: list[Reply] = []
            self._replies = replies
            ran, blocked = engine.execute_many(client, few, replies)
            at += ran
            engine.lock.acquire()  # messages come under it, from any thread
            self._replies = None
            engine.lock.release()
            piece = self._encoded(replies, resp, client.resp)
            out.append(piece)
            unsent_bytes += len(piece)
            if self._late:
                out += self._late
                self._late.clear()
            if unsent_bytes > LARGE_BYTES and self._exceeds(client, self._unsent_bytes(piece)):
                out.clear()
                return CLOSE
            if blocked is not None or self._is_closing or unsent_bytes > self._high_water_bytes:
                self._rest = calls[at:]
                self._metrics.requests += at
                return self._control_after(blocked)
        self._rest = []
        self._metrics.requests += at
        return None

    @staticmethod
    def _encoded(replies: list[Reply], resp: int, new_resp: int) -> bytes:
        """The bytes of replies, the last one of which may have changed the protocol."""
        if resp == new_resp:
            return encode_replies(replies, resp)
        return encode_replies(replies[:-1], resp) + encode_replies(replies[-1:], new_resp)

    def _run_unopened(self, calls: list[list[bytes]], out: list[bytes]) -> Control | None:
        """Run commands while no tenant is open, and those behind the one that opens it."""
        for at, words in enumerate(calls, 1):
            asked = self._open(words, out)
            if asked is not None or self._client is not None:
                self._rest = calls[at:]
                return asked or self._run_all(self._rest, out)
        return None

    def _control_after(self, blocked: Blocked | None) -> Control:
        if blocked is not None:
            return self._wait(blocked)
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
        is_answering = self._replies is not None or (
            self._waits is not None and self._waits[0].is_answered
        )
        if is_answering and message.__class__ is Push and message[0] == b"invalidate":
            write_reply(message, self._late.append, client.resp)
            return
        if self._replies is not None:
            self._replies.append(message)
            return
        pieces: list[bytes] = []
        write_reply(message, pieces.append, client.resp)
        data = self._counted(pieces)
        channel = self._context.channel
        channel.push(data)
        if self._exceeds(client, channel.unsent_bytes):
            channel.close()

    def _exceeds(self, client: ClientState, unsent_bytes: int) -> bool:
        """Whether more output waits for the peer than client-output-buffer-limit lets it."""
        engine = self._engine
        return engine is not None and engine.instance.limits.exceeds(client, unsent_bytes)

    def _end(self) -> None:
        """Close the connection: after the replies when its own command asked for it, else at once."""
        self._is_closing = True
        if self._replies is None:
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
        except TooManyClients as error:
            write_reply(error, out.append, 2)
            return CLOSE
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
        statistics = engine.instance.statistics
        statistics.input_bytes += self._statistics.input_bytes
        self._statistics = statistics
        self._reader.bulk_max_bytes = engine.config.proto_max_bulk_len
