"""One connection: drives a session with the bytes of its wire and does what the session asks for."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import cast

from dotdo.serving.agenda import Agenda
from dotdo.serving.context import ConnectionFacts
from dotdo.serving.door import Door
from dotdo.serving.errors import TlsUnavailable
from dotdo.serving.faults import log_fault, reason_of
from dotdo.serving.outbox import Outbox
from dotdo.serving.session import Close, CloseReason, Control, Reply, Session, StartTls, Step
from dotdo.serving.suspension import Suspension
from dotdo.serving.watch import Phase, Watch
from dotdo.serving.wire import Wire, connection_facts

_REFUSED_AT_ONCE = 64  # peers that are still being told why they were refused


class Connection(asyncio.Protocol):
    """Between a transport and a session; also the session's channel."""

    __slots__ = (
        "_agenda", "_alarm", "_counted_bytes", "_door", "_is_admitted", "_is_closing", "_is_held",
        "_is_lost", "_is_write_paused", "_limits", "_outbox", "_reason", "_session",
        "_suspension", "_watch", "_wire", "facts",
    )  # fmt: skip

    facts: ConnectionFacts
    _wire: Wire

    def __init__(self, door: Door["Connection"]) -> None:
        self._door = door
        self._limits = door.services.limits
        self._session = Session()  # says nothing, until the peer is admitted
        self._suspension = Suspension(door.crew, self._due)
        self._outbox = Outbox(self._limits.max_output_bytes)
        self._watch = Watch(self._limits, door.crew.loop.time())
        self._agenda = Agenda()
        self._alarm: asyncio.TimerHandle | None = None
        self._reason = CloseReason.LOST
        self._counted_bytes = (0, 0)
        self._is_held = False  # the session must not be given input now
        self._is_admitted = False
        self._is_write_paused = False
        self._is_closing = False
        self._is_lost = False

    # --- calls of the transport ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the peer and make its session, or refuse it."""
        door = self._door
        self._wire = Wire(
            cast("asyncio.Transport", transport), self._limits.output_high_water_bytes
        )
        self.facts = connection_facts(door.roster.next_number(), transport)
        refusal = door.roster.admit(self)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._is_admitted = True
        door.metrics.connections += 1
        door.metrics.open_connections += 1
        if door.is_tls_first:
            self._ask(StartTls())
        try:
            self._session = door.new_session(self.facts, self)
        except Exception as error:  # noqa: BLE001  (a fault of one session stays its own)
            self._fail(error)
        self._settle()

    def data_received(self, data: bytes) -> None:
        """Give input to the session, or keep it while the session is suspended."""
        wire = self._wire
        wire.bytes_in += len(data)
        if wire.tls is not None:
            data = self._decrypt(data)
            if not data:
                return
        if self._is_held:
            self._hold(data)
            return
        if self._outbox.is_filled:
            self._send_pushes()
            if self._is_closing:
                return
        try:
            reply = self._session.receive(data)
        except Exception as error:  # noqa: BLE001
            self._fail(error)
            return
        if isinstance(reply, bytes):
            if reply:
                wire.write(reply)
        else:
            self._take(reply)
        if not self._session.is_established:
            self._check_handshake()

    def eof_received(self) -> bool:
        """Close: who has stopped sending must not keep locks and waits alive."""
        self._is_closing = self._is_held = True
        return False

    def pause_writing(self) -> None:
        """Stop running the session until the peer has taken its output."""
        self._is_write_paused = self._is_held = True

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._is_write_paused = False
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the peer's affair)
        """End the session, after the call that still runs for it."""
        self._is_lost = self._is_closing = self._is_held = True
        self._outbox.shut()
        if self._suspension.is_working:
            self._guard(self._session.cancel)
        else:
            self._end()

    # --- the channel: any thread -----------------------------------------------------------

    def push(self, data: bytes) -> None:
        """Send whole messages between two replies; a peer that does not read is disconnected."""
        if self._outbox.add(data):
            self._door.crew.doorbell.ring(self._send_pushes)

    @property
    def unsent_bytes(self) -> int:
        """Output that the peer's side has not taken, pushes included."""
        return self._wire.unsent_bytes + self._outbox.size_bytes

    def wake(self, delay_s: float = 0.0) -> None:
        """Have `Session.woken` called; a call with a delay replaces the one before."""
        ring = self._door.crew.doorbell.ring
        ring(partial(self._set_alarm, delay_s) if delay_s > 0 else self._wake)

    def close(self, reason: CloseReason = CloseReason.TERMINATED) -> None:
        """End the connection with the session's farewell."""
        self._door.crew.doorbell.ring(partial(self.finish, reason))

    # --- calls of the host -----------------------------------------------------------------

    def stop(self) -> None:
        """Ask the session to finish, as soon as it is not suspended."""
        self._agenda.is_stopping = True
        if self._suspension.ends_on_stop or self._wire.is_handshaking:
            self.finish(CloseReason.SHUTDOWN)
        else:
            self._go_on()

    def sweep(self, now_s: float) -> None:
        """Count bytes and judge deadlines."""
        self._count_bytes()
        reason = self._watch.verdict(self, now_s)
        if reason is CloseReason.SLOW_READER or (reason is not None and self._is_closing):
            self.abort(reason)
        elif reason is not None:
            self.finish(reason)

    def finish(self, reason: CloseReason) -> None:
        """Send the session's farewell and close once it is sent."""
        if self._is_closing:
            return
        if not self._wire.is_handshaking:
            self._guard(lambda: self._write(self._session.farewell(reason)))
        self._close(reason)

    def abort(self, reason: CloseReason) -> None:
        """Drop the connection and its pending output."""
        if not self._is_closing:
            self._reason = reason
            self._is_closing = self._is_held = True
        self._wire.abort()

    @property
    def bytes_in(self) -> int:
        """Input received, for the watch."""
        return self._wire.bytes_in

    @property
    def bytes_taken(self) -> int:
        """Output that the peer's side has taken, for the watch."""
        return self._wire.bytes_out - self._wire.unsent_bytes

    @property
    def phase(self) -> Phase:
        """What the connection is doing, for the watch."""
        if self._is_closing:
            is_sending = not self._is_lost and self._wire.unsent_bytes
            return Phase.SENDING if is_sending else Phase.CLOSING
        if self._is_write_paused:
            return Phase.SENDING
        if self._wire.is_handshaking or not self._session.is_established:
            return Phase.HANDSHAKE
        is_busy = self._suspension.control is not None or self._session.expects_pushes
        return Phase.BUSY if is_busy else Phase.AWAITING

    # --- driving the session ---------------------------------------------------------------

    def _due(self) -> None:
        if self._is_lost:
            self._end()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Run the session if it is free, or what it waits for has happened, and work is there."""
        if self._is_write_paused or self._is_closing:
            return
        if self._suspension.control is None:
            call = self._agenda.next_call(self._session)
        elif self._suspension.is_due:
            self._suspension.end()
            call = self._session.resume
        else:
            return
        self._run(call)

    def _run(self, call: Callable[[], Reply] | None) -> None:
        """Run the session until it asks for something or nothing is left; send all output at once."""
        self._send_pushes()
        if self._is_closing:
            return
        output: list[bytes] = []
        control: Control | None = None
        fault: Exception | None = None
        try:
            while call is not None and control is None:
                reply = call()
                if isinstance(reply, Step):
                    output.append(reply.output)
                    control = reply.control
                else:
                    output.append(reply)
                    call = self._agenda.next_call(self._session)
        except Exception as error:  # noqa: BLE001
            fault = error
        self._write(b"".join(output))
        if fault is not None:
            self._fail(fault)
        elif control is not None:
            self._ask(control)
        self._settle()

    def _take(self, step: Step) -> None:
        self._write(step.output)
        self._ask(step.control)
        self._settle()

    def _ask(self, control: Control) -> None:
        if isinstance(control, Close):
            is_stop = self._agenda.is_stopping and control.reason is CloseReason.FINISHED
            self._close(CloseReason.SHUTDOWN if is_stop else control.reason)
        elif isinstance(control, StartTls):
            self._start_tls(control)
        else:
            self._suspension.begin(control)

    def _settle(self) -> None:
        """Hold input or let it in, as the state now is."""
        is_suspended = self._suspension.control is not None
        self._is_held = is_suspended or self._is_write_paused or self._is_closing
        is_full = self._agenda.held_bytes >= self._limits.max_held_bytes
        self._wire.set_reading(self._is_closing or not is_full)

    def _hold(self, data: bytes) -> None:
        if not self._is_closing:  # then it is only read to see its end
            self._agenda.hold(data)
            self._settle()

    # --- beside the session ----------------------------------------------------------------

    def _refuse(self, reason: CloseReason) -> None:
        self._door.metrics.refused[reason] += 1
        is_flood = self._door.roster.refused > _REFUSED_AT_ONCE
        if is_flood or reason is CloseReason.SHUTDOWN:
            self.abort(reason)
            return
        if not self._door.is_tls_first:
            self._guard(lambda: self._write(self._door.protocol.refusal(reason)))
        self._close(reason)

    def _check_handshake(self) -> None:
        if self._wire.bytes_in > self._limits.max_handshake_bytes:
            self.finish(CloseReason.OVERSIZE)

    def _start_tls(self, control: StartTls) -> None:
        context = self._door.services.tls
        if context is None:
            self._fail(TlsUnavailable("the host has no certificate"))
            return
        self._wire.start_tls(context)
        self._suspension.begin(control)
        self._is_held = True
        if control.received:
            received = self._decrypt(control.received)
            if received:
                self._hold(received)

    def _decrypt(self, data: bytes) -> bytes:
        wire = self._wire
        if self._is_closing:
            return b""
        was_handshaking = wire.is_handshaking
        try:
            received = wire.decrypt(data)
        except ssl.SSLError:
            self._close(CloseReason.TLS_FAILED)
            return b""
        if wire.is_ended:
            self._door.crew.loop.call_soon(self._close, CloseReason.LOST)  # after this input
        if was_handshaking and not wire.is_handshaking:
            self.facts.tls = wire.tls_facts
            self._suspension.end()
            self._go_on()
        return received

    def _send_pushes(self) -> None:
        if self._is_closing or self._wire.is_handshaking or not self._outbox.is_filled:
            return
        pushed = self._outbox.take(self._limits.max_output_bytes - self._wire.unsent_bytes)
        if pushed is None:
            self.abort(CloseReason.SLOW_READER)
        else:
            self._write(pushed)

    def _wake(self) -> None:
        self._agenda.is_woken = True
        self._go_on()

    def _set_alarm(self, delay_s: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if not self._is_closing:
            self._alarm = self._door.crew.loop.call_later(delay_s, self._wake)

    def _write(self, data: bytes) -> None:
        if data:
            self._wire.write(data)

    # --- the end ---------------------------------------------------------------------------

    def _fail(self, error: Exception) -> None:
        reason = reason_of(error)
        if reason is CloseReason.FAULT:
            self._door.metrics.faults += 1
            self._log(error)
        self.finish(reason)

    def _log(self, error: Exception) -> None:
        log_fault(self._door.protocol.name, self.facts.number, error)

    def _guard(self, call: Callable[[], object]) -> None:
        """Make a call of the session's from which nothing can be answered any more."""
        try:
            call()
        except Exception as error:  # noqa: BLE001
            self._log(error)

    def _close(self, reason: CloseReason) -> None:
        if self._is_closing:
            return
        self._is_closing = self._is_held = True
        self._reason = reason
        self._agenda.drop()
        if self._suspension.is_working:
            self._guard(self._session.cancel)
        self._wire.finish(lingers=not self._agenda.is_stopping)

    def _end(self) -> None:
        self._suspension.end()
        self._count_bytes()
        if self._alarm is not None:
            self._alarm.cancel()
        if self._is_admitted:
            self._door.metrics.open_connections -= 1
            self._door.metrics.closed[self._reason] += 1
            self._door.cancellations.forget(self.facts.number)
            self._guard(lambda: self._session.closed(self._reason))
        self._door.roster.forget(self)

    def _count_bytes(self) -> None:
        counted_in, counted_out = self._counted_bytes
        self._counted_bytes = self._wire.bytes_in, self._wire.bytes_out
        self._door.metrics.bytes_in += self._wire.bytes_in - counted_in
        self._door.metrics.bytes_out += self._wire.bytes_out - counted_out
