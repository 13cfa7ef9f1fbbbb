"""One connection to a deployment: messages in, replies out; it refuses to do what the engine does."""

import itertools
from collections.abc import Callable, Iterator  # noqa: TC003  (a type checker reads it in other modules too)

from bson.errors import BSONError

from dotdo.serving import DRAIN, Close, CloseReason, Session, SessionContext, Step, Wait
from dotdo.serving import Reply as Answer
from dotdo.serving.session import DoneCallback
from dotdo.storage import Blocked
from dotdo_mongo.engine.awaiting import Awaiting
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.protocol.compression import agreed, pack
from dotdo_mongo.protocol.messages import (
    MalformedMessage,
    Message,
    encode_document,
    op_msg,
    op_reply,
)
from dotdo_mongo.protocol.reader import MessageReader
from dotdo_mongo.server.authentication import Authentication

_POLL_S = 0.5
_UNCOMPRESSED = frozenset(
    {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "getnonce", "authenticate"}
)
_DRAIN_BYTES = 1 << 20


def _nothing() -> None:
    """Nothing was listened to."""


class _Commits:
    """Commits of stores as the serving host's waiter."""

    def __init__(self, awaiting: Awaiting) -> None:
        self._awaiting = awaiting
        self._stop: Callable[[], None] = _nothing

    def add_done_callback(self, callback: DoneCallback) -> None:
        self._stop = self._awaiting.listen(callback)

    def stop(self) -> None:
        self._stop()


class MongoSession(Session):
    """The server's side of one connection.

    Args:
        context: Who is connected, and the host's services.
        deployment: What all connections share.
    """

    def __init__(self, context: SessionContext, deployment: Deployment) -> None:
        facts = context.facts
        self._context, self._deployment = context, deployment
        self._reader = MessageReader(min(context.limits.max_message_bytes, 48_000_000))
        self._client = ClientState(
            facts.number,
            f"{facts.peer or 'localhost'}:{facts.peer_port}",
            must_authenticate=context.credentials is not None,
            is_in_process=False,
            presented_host=f"{facts.local}:{facts.local_port}" if facts.local_port else None,
        )
        credentials = context.credentials
        if credentials is not None:
            self._client.allows = lambda name: credentials.allows(self._client.user, name)
        self._authentication = Authentication(context, self._client)
        self.is_established = context.credentials is None
        self._numbers = itertools.count(1)
        self._rest: Iterator[Message] = iter(())
        self._pending: tuple[Message, _Commits | None, int] | None = None

    # --- calls of the host -----------------------------------------------------------------------

    def receive(self, data: bytes) -> Answer:
        """Take input; answer every whole request in it."""
        self._reader.feed(data)
        if self._pending is not None:
            return b""
        self._rest = self._reader.messages()
        return self._go_on(b"")

    def resume(self) -> Answer:
        """Run the request again that waited, then those that came meanwhile."""
        if self._pending is not None:
            message, commits, until_us = self._pending
            self._pending = None
            if commits is not None:
                commits.stop()
            answer = self._run(message, until_us)
            if not isinstance(answer, bytes):
                return answer
            return self._go_on(answer)
        return self._go_on(b"")

    def closed(self, reason: CloseReason) -> None:
        """Stop waiting; cursors and sessions outlive a connection, as in MongoDB."""
        del reason
        if self._pending is not None and self._pending[1] is not None:
            self._pending[1].stop()

    # --- requests --------------------------------------------------------------------------------

    def _go_on(self, first: bytes) -> Answer:
        output, size = [first], len(first)
        try:
            while True:
                message = next(self._rest, None)
                if message is None:
                    self._rest = self._reader.messages()
                    message = next(self._rest, None)
                    if message is None:
                        return b"".join(output)
                answer = self._run(message, 0)
                if not isinstance(answer, bytes):
                    return Step(b"".join(output) + answer.output, answer.control)
                output.append(answer)
                size += len(answer)
                if size > _DRAIN_BYTES:
                    return Step(b"".join(output), DRAIN)
        except (MalformedMessage, BSONError, ValueError):
            return Step(b"".join(output), Close(CloseReason.VIOLATION))

    def _run(self, message: Message, until_us: int) -> Answer:
        client = self._client
        self._context.metrics.requests += 1
        name = next(iter(message.body), "")
        reply = self._authentication.run(name, message.body)
        if reply is None:
            if name in {"hello", "isMaster", "ismaster"} and "compression" in message.body:
                client.compressors = agreed(message.body["compression"])
            try:
                reply = run_command(self._deployment, client, message.body, message.sequences)
            except Blocked as blocked:
                self._pending = message, None, 0
                return Step(b"", Wait(blocked.waiter))
            self._authentication.add_to_hello(name, message.body, reply)
        self.is_established = not client.must_authenticate or client.user is not None
        waiting, client.awaiting = client.awaiting, None
        if waiting is not None:
            until_us = until_us or waiting.until_us
            left_s = (until_us - self._deployment.clock()) / 1e6
            if left_s > 0:
                commits = _Commits(waiting)
                self._pending = message, commits, until_us
                return Step(b"", Wait(commits, min(left_s, _POLL_S), ends_on_stop=True))
        return self._encoded(message, name, reply) if message.wants_reply else b""

    def _encoded(self, message: Message, name: object, reply: dict[str, object]) -> bytes:
        document = encode_document(reply)
        if message.is_legacy:
            return op_reply(document, next(self._numbers), message.request_id)
        data = op_msg(document, next(self._numbers), message.request_id)
        if message.compressor and name not in _UNCOMPRESSED:
            return pack(data, message.compressor)
        return data
