"""One connection to a deployment: messages in, replies out; it refuses to do what the engine does."""

import itertools
from collections.abc import Callable, Iterator  # noqa: TC003  (a type checker reads it in other modules too)
from dataclasses import replace

from bson.errors import BSONError

from dotdo.serving import (
    DRAIN,
    Close,
    CloseReason,
    Session,
    SessionContext,
    StartTls,
    Step,
    Wait,
)
from dotdo.serving import Reply as Answer
from dotdo.serving.session import DoneCallback
from dotdo_mongo.engine.awaiting import Awaiting
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.exhaust import continued
from dotdo_mongo.engine.fail_points import ConnectionCut
from dotdo_mongo.engine.quick import quick_reply
from dotdo_mongo.protocol.compression import agreed, pack
from dotdo_mongo.protocol.messages import (
    EXHAUST_ALLOWED,
    MORE_TO_COME,
    InvalidDocument,
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
_GREETING_BYTES = 3
_TLS_GREETINGS = frozenset(bytes((22, 3, minor)) for minor in range(5))
"""How a handshake of TLS begins; a message of that length, over 64 KiB, cannot be a peer's first."""


def _nothing() -> None:
    """Nothing was listened to."""


class _Waiter:
    """What the engine waits for as the serving host's waiter."""

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
            is_blocking=False,
            is_in_process=False,
            presented_host=f"{facts.local}:{facts.local_port}" if facts.local_port else None,
        )
        credentials = context.credentials
        if credentials is not None:
            self._client.allows = lambda name: credentials.allows(self._client.user, name)
        self._authentication = Authentication(context, self._client)
        self.is_established = context.credentials is None
        self._numbers = itertools.count(1)
        self._greeting = b""
        self._awaits_tls = context.can_start_tls
        self._rest: Iterator[Message] = iter(())
        self._pending: tuple[Message, _Waiter] | None = None
        self._following: Message | None = None  # what is answered next without being asked for

    # --- calls of the host -----------------------------------------------------------------------

    def receive(self, data: bytes) -> Answer:
        """Take input; answer every whole request in it."""
        if self._awaits_tls:
            self._greeting += data
            if self._greeting[:3] in _TLS_GREETINGS:
                self._awaits_tls = False
                return Step(b"", StartTls(self._greeting))
            if len(self._greeting) < _GREETING_BYTES:
                return b""
            data, self._awaits_tls = self._greeting, False
        self._reader.feed(data)
        if self._pending is not None:
            return b""
        self._rest = self._reader.messages()
        return self._go_on(b"")

    def resume(self) -> Answer:
        """Run the request again that waited, then those that came meanwhile."""
        if self._pending is not None:
            message, waiter = self._pending
            self._pending = None
            waiter.stop()
            answer = self._run(message)
            if not isinstance(answer, bytes):
                return answer
            return self._go_on(answer)
        return self._go_on(b"")

    def closed(self, reason: CloseReason) -> None:
        """Stop waiting; cursors and sessions outlive a connection, as in MongoDB."""
        del reason
        if self._pending is not None:
            self._pending[1].stop()

    # --- requests --------------------------------------------------------------------------------

    def _go_on(self, first: bytes) -> Answer:
        output, size = [first], len(first)
        try:
            while True:
                try:
                    message = self._next()
                except InvalidDocument as invalid:
                    output.append(self._refusal(invalid))
                    self._rest = self._reader.messages()
                    continue
                if message is None:
                    return b"".join(output)
                answer = self._run(message)
                if not isinstance(answer, bytes):
                    return Step(b"".join(output) + answer.output, answer.control)
                output.append(answer)
                size += len(answer)
                if size > _DRAIN_BYTES:
                    return Step(b"".join(output), DRAIN)
        except (MalformedMessage, BSONError, ValueError):
            return Step(b"".join(output), Close(CloseReason.VIOLATION))

    def _next(self) -> Message | None:
        message, self._following = self._following, None
        if message is None:
            message = next(self._rest, None)
        if message is None:
            self._rest = self._reader.messages()
            message = next(self._rest, None)
        return message

    def _refusal(self, invalid: InvalidDocument) -> bytes:
        """Return the reply to what is no BSON, nothing where none is waited for."""
        if invalid.flags & MORE_TO_COME:
            return b""
        document = encode_document(invalid.reply())
        number = next(self._numbers)
        if invalid.is_legacy:
            return op_reply(document, number, invalid.request_id)
        return op_msg(document, number, invalid.request_id)

    def _run(self, message: Message) -> Answer:
        client = self._client
        if client.progress is None:
            self._context.metrics.requests += 1
        name = next(iter(message.body), "")
        reply = self._authentication.run(name, message.body)
        if reply is None:
            if name in {"hello", "isMaster", "ismaster"} and "compression" in message.body:
                client.compressors = agreed(message.body["compression"])
            reply = quick_reply(self._deployment, client, message.body)
        if reply is None:
            try:
                reply = run_command(self._deployment, client, message.body, message.sequences)
            except ConnectionCut:
                return Step(b"", Close())
            if client.awaiting is not None:
                return self._wait(message, client.awaiting)
            self._authentication.add_to_hello(name, message.body, reply)
        self.is_established = not client.must_authenticate or client.user is not None
        return self._encoded(message, name, reply) if message.wants_reply else b""

    def _wait(self, message: Message, awaiting: Awaiting) -> Step:
        left_s = _POLL_S
        if awaiting.until_us is not None:
            left_s = min(left_s, max(0.0, (awaiting.until_us - self._deployment.clock()) / 1e6))
        waiter = _Waiter(awaiting)
        self._pending = message, waiter
        return Step(b"", Wait(waiter, left_s, ends_on_stop=awaiting.is_for_news))

    def _encoded(self, message: Message, name: object, reply: dict[str, object]) -> bytes:
        document, number, flags = encode_document(reply), next(self._numbers), 0
        if message.is_legacy:
            return op_reply(document, number, message.request_id)
        if message.flags & EXHAUST_ALLOWED:
            body = continued(message.body, reply)
            if body is not None:
                self._following, flags = (
                    replace(message, request_id=number, body=body),
                    MORE_TO_COME,
                )
        data = op_msg(document, number, message.request_id, flags)
        if message.compressor and name not in _UNCOMPRESSED:
            return pack(data, message.compressor)
        return data
