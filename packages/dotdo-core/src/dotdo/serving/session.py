"""The contract of a wire protocol: sessions that turn bytes into bytes and say what they wait for.

A session does no I/O, starts no thread and never blocks; the host calls it and does what it asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class CloseReason(Enum):
    """Why a connection ended, or was refused."""

    FINISHED = "finished"  # the session closed it
    LOST = "lost"  # the peer went away
    SHUTDOWN = "shutdown"
    TERMINATED = "terminated"  # by another session or an operator
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_FROM_PEER = "too_many_from_peer"
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    SLOW_READER = "slow_reader"
    OVERSIZE = "oversize"
    VIOLATION = "violation"
    TLS_FAILED = "tls_failed"
    FAULT = "fault"  # the session raised what it should not


# --- what a session asks for ---------------------------------------------------------------


class DoneCallback(Protocol):
    """Called once a waiter is done, with the waiter or with nothing."""

    def __call__(self, *ignored: object) -> object:
        """Note that the waiter is done."""


class Waiter(Protocol):
    """Anything that says when it is done: the kernel's lock waiters, futures of either kind."""

    def add_done_callback(self, callback: DoneCallback, /) -> object:
        """Call `callback` once, from any thread; at once when it is done already."""


@dataclass(slots=True)
class Wait:
    """Resume me when the waiter is done, after the timeout, or when the wait is cancelled.

    Args:
        waiter: What is waited for; the session keeps it to read its result.
        timeout_s: Resume after so long at the latest.
        ends_on_stop: The wait may take for ever (a blocking pop): a stopping host ends it at once.

    Attributes:
        is_timed_out: Resumed because time was out; the session withdraws its waiter.
        is_cancelled: Resumed by `cancel`; the session withdraws its waiter.
    """

    waiter: Waiter
    timeout_s: float | None = None
    ends_on_stop: bool = False
    is_timed_out: bool = field(default=False, init=False)
    is_cancelled: bool = field(default=False, init=False)
    _resume: DoneCallback | None = field(default=None, init=False, repr=False)

    def cancel(self) -> None:
        """Have the session resumed although the waiter is not done; any thread, any number."""
        self.is_cancelled = True
        if self._resume is not None:
            self._resume()

    def bind(self, resume: DoneCallback) -> None:
        """Take what resumes the session; the host does this."""
        self._resume = resume
        if self.is_cancelled:
            resume()


class Work(Generic[T_co]):
    """Run this call in a worker thread and resume me when it has returned or raised."""

    __slots__ = ("_call", "_error", "_value")

    def __init__(self, call: Callable[[], T_co]) -> None:
        self._call = call
        self._value: T_co | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Make the call and keep its outcome; the host does this, in a worker thread."""
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001  (kept, and raised where the result is read)
            self._error = error

    def result(self) -> T_co:
        """Return what the call returned, or raise what it raised; read it in `resume`."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set by run, which comes before


@dataclass(frozen=True, slots=True)
class Drain:
    """Resume me when the peer has taken the output; between two parts of a long answer."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on in TLS once the output is sent.

    Args:
        received: Bytes of the TLS handshake that the session got before it knew; nothing else
            may have been received, or a plain-text prefix could be smuggled in.
    """

    received: bytes = b""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection once the output is sent; the session has said its own farewell."""

    reason: CloseReason = CloseReason.FINISHED


DRAIN = Drain()
CLOSE = Close()
Control = Wait | Work[object] | Drain | StartTls | Close


@dataclass(slots=True)
class Step:
    """Output, and what must happen before the session goes on."""

    output: bytes
    control: Control


Reply = bytes | Step
"""What the host does next: send these whole messages; a Step asks for more than that."""


# --- the session ---------------------------------------------------------------------------


class Session:
    """One connection's state; subclasses override `receive` and what they need of the rest.

    All methods run on the loop, one at a time. While a `Wait`, `Work`, `Drain` or `StartTls` is
    pending only `cancel` is called, and `closed` if nothing runs in a worker thread.

    Attributes:
        is_established: Authenticated; until then the handshake limits apply.
        expects_pushes: Subscribed to something: silence is no reason to close it.
    """

    is_established = False
    expects_pushes = False

    def receive(self, data: bytes) -> Reply:
        """Take input in whatever pieces it comes; answer every whole request in it.

        A session that suspends keeps the rest of `data` and goes on with it in `resume`.
        An error that leaves this method takes the output of this call with it: a session that
        has answered something returns a Step with `Close(reason)` instead.

        Raises:
            OversizeMessage: A message exceeds the limits.
            ProtocolViolation: The input cannot be understood; `farewell` tells the peer.
        """
        raise NotImplementedError

    def resume(self) -> Reply:
        """Go on: what was asked for has happened; then with input received before."""
        return b""

    def woken(self) -> Reply:
        """Answer `Channel.wake`, once for any number of calls and sometimes for none."""
        return b""

    def stop(self) -> Reply:
        """Finish: the host stops. Without CLOSE the session may go on until the grace is over."""
        return Step(self.farewell(CloseReason.SHUTDOWN), CLOSE)

    def cancel(self) -> None:
        """Abandon the present request soon: cancel the `Wait`, interrupt the call of the `Work`.

        May come at any time, also while the call runs in its thread, and when nothing runs.
        """

    def farewell(self, reason: CloseReason) -> bytes:  # noqa: ARG002  (for subclasses)
        """Return the protocol's last words; no session runs after them."""
        return b""

    def closed(self, reason: CloseReason) -> None:
        """Give back what is held: transaction, subscriptions, waiters. Called once, at the end."""
