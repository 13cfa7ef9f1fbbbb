"""One connection as the serving host drives it: bytes to messages, messages to steps that may have to wait, steps to bytes."""

from typing import TYPE_CHECKING

from dotdo.serving import (
    CLOSE,
    Close,
    CloseReason,
    Control,
    Drain,
    Reply,
    Session,
    SessionContext,
    Step,
)
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.protocol import backend
from dotdo_postgres.protocol.frames import Frame, Frames, fatal
from dotdo_postgres.server.startup import Startup
from dotdo_postgres.server.steps import NextFrame, Steps

if TYPE_CHECKING:
    from dotdo_postgres.server.conversation import Conversation

_BIND = ord("B")
BUFFER_BYTES = 8192
"""How much is kept back until a client that sends one message after another wants to hear."""
_FAREWELLS = {
    CloseReason.SHUTDOWN: ("57P01", "terminating connection due to administrator command"),
    CloseReason.TERMINATED: ("57P01", "terminating connection due to administrator command"),
    CloseReason.IDLE_TIMEOUT: ("57P05", "terminating connection due to idle-session timeout"),
    CloseReason.OVERSIZE: ("08P01", "invalid message length"),
    CloseReason.VIOLATION: ("08P01", "protocol violation"),
    CloseReason.FAULT: ("XX000", "internal error"),
}


class WireSession(Session):
    """A connection: its startup, then its conversation.

    Args:
        context: what the host gives.
    """

    def __init__(self, context: SessionContext) -> None:
        self._frames = Frames(context.limits.max_message_bytes)
        self._output: list[bytes] = []
        self._startup: Startup | None = Startup(context, self._frames, self._output, self.cancel)
        self._conversation: Conversation | None = None
        self._steps: Steps | None = None
        self._wants_frame = False
        self._control: Control | None = None

    # --- driven by the host ------------------------------------------------------------------

    def receive(self, data: bytes) -> Reply:
        """Answer every whole message."""
        self._frames.feed(data)
        return self._advance()

    def resume(self) -> Reply:
        """Go on with the message that had to wait, then with those behind it."""
        return self._advance()

    def woken(self) -> bytes:
        """Tell what others have notified, unless a transaction is open."""
        if self._conversation is not None and self._steps is None:
            self._conversation.tell_notifications()
        return self._taken()

    @property
    def expects_pushes(self) -> bool:  # type: ignore[override]  # it depends on what is listened to
        """Whether it listens to a channel."""
        return self._conversation is not None and self._conversation.is_listening

    def stop(self) -> Reply:
        """End the connection: PostgreSQL's fast shutdown."""
        return Step(self.farewell(CloseReason.SHUTDOWN), CLOSE)

    def cancel(self) -> None:
        """Abandon what runs; nothing when nothing does."""
        if self._conversation is not None and self._control is not None:
            self._conversation.cancel(self._control)

    def farewell(self, reason: CloseReason) -> bytes:
        """Return the error that ends the connection."""
        if reason not in _FAREWELLS:
            return b""
        sqlstate, message = _FAREWELLS[reason]
        return backend.error_response(fatal(message, sqlstate))

    def closed(self, reason: CloseReason) -> None:  # noqa: ARG002  (the host's signature)
        """Undo what is open."""
        if self._steps is not None:
            self._steps.close()
        if self._conversation is not None:
            self._conversation.close()

    # --- steps -------------------------------------------------------------------------------

    def _advance(self) -> Reply:
        control = self._control = self._next_control()
        conversation = self._conversation
        if conversation is None or conversation.is_due or isinstance(control, Drain | Close):
            sent = self._taken()
        else:
            sent = b"" if sum(map(len, self._output)) < BUFFER_BYTES else self._taken()
        return sent if control is None else Step(sent, control)

    def _taken(self) -> bytes:
        output = self._output
        sent = output[0] if len(output) == 1 else b"".join(output)
        output.clear()
        if self._conversation is not None:
            self._conversation.is_due = False
        return sent

    def _next_control(self) -> Control | None:
        """Work until something must be waited for, or nothing is left to do."""
        try:
            if self._steps is None and self._frames.next_kind == _BIND:
                self._answer_at_once()
            while True:
                frame = None
                if self._steps is None or self._wants_frame:
                    frame = self._frames.next()
                    if frame is None:
                        return None
                    self._wants_frame = False
                if self._steps is None:
                    self._steps, frame = self._begin(frame), None
                if self._steps is not None:
                    wanted = self._step(self._steps, frame)
                    if wanted is not None:
                        return wanted
        except PostgresError as failure:  # what the conversation does not answer itself is fatal
            self._steps = None
            self._output.append(backend.error_response(failure))
            is_violation = failure.sqlstate == "08P01"
            return Close(CloseReason.VIOLATION if is_violation else CloseReason.FINISHED)

    def _answer_at_once(self) -> None:
        """Answer what has come if it is a whole round trip that reads."""
        data = self._frames.whole
        if not data or self._conversation is None:
            return
        answer = self._conversation.answer(data)
        if answer is not False:
            self._frames.drop()
            self._steps = None if answer is True else answer

    def _step(self, steps: Steps, frame: Frame | None) -> Control | None:
        """Go on to what is waited for next; None when it is the client's, or nothing any more."""
        try:
            wanted = steps.send(frame)
        except StopIteration:
            self._steps = None
            return None
        if isinstance(wanted, NextFrame):
            self._wants_frame = True
            if self._conversation is not None:
                self._conversation.is_due = True
            return None
        return wanted

    def _begin(self, frame: Frame | None) -> Steps | None:
        assert frame is not None
        if self._conversation is not None:
            return self._conversation.take(frame)
        return self._start(frame)

    def _start(self, frame: Frame) -> Steps:
        startup = self._startup
        assert startup is not None
        yield from startup.take(frame)
        if startup.conversation is not None:
            self._conversation, self._startup = startup.conversation, None
            self.is_established = True
