"""What a session waits for, and the word that it has happened, from whatever thread it comes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from dotdo.serving.doorbell import Doorbell
from dotdo.serving.session import DoneCallback, Drain, StartTls, Wait, Work

Suspending = Wait | Work[object] | Drain | StartTls


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the waiting and working for sessions."""

    loop: asyncio.AbstractEventLoop
    doorbell: Doorbell
    workers: Executor


class Suspension:
    """The one thing a session waits for at a time.

    Args:
        crew: Of the host.
        when_due: Called on the loop when it has happened.

    Attributes:
        control: What is waited for; None when nothing is.
        is_due: It has happened; the session can be resumed.
    """

    __slots__ = ("_crew", "_timer", "_when_due", "control", "is_due")

    def __init__(self, crew: Crew, when_due: Callable[[], None]) -> None:
        self._crew = crew
        self._when_due = when_due
        self._timer: asyncio.TimerHandle | None = None
        self.control: Suspending | None = None
        self.is_due = False

    @property
    def is_working(self) -> bool:
        """A call runs in a worker thread."""
        return isinstance(self.control, Work) and not self.is_due

    @property
    def ends_on_stop(self) -> bool:
        """What is waited for may never happen."""
        return isinstance(self.control, Wait) and self.control.ends_on_stop

    def begin(self, control: Suspending) -> None:
        """Start waiting; the end of a TLS handshake is told by `end`, not from here."""
        self.control = control
        match control:
            case Wait(waiter, timeout_s):
                if timeout_s is not None:
                    self._timer = self._crew.loop.call_later(timeout_s, self._time_out, control)
                resume = self._callback(control)
                control.bind(resume)
                waiter.add_done_callback(resume)
            case Work():
                future = self._crew.workers.submit(control.run)
                future.add_done_callback(self._callback(control))
            case Drain():
                self.is_due = True
                self._crew.loop.call_soon(self._when_due)
            case StartTls():
                pass

    def end(self) -> None:
        """Wait no longer."""
        self.control, self.is_due = None, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _callback(self, control: Suspending) -> DoneCallback:
        def done(*_ignored: object) -> None:
            self._crew.doorbell.ring(partial(self._arrive, control))

        return done

    def _arrive(self, control: Suspending) -> None:
        if self.control is control:  # else it came too late
            self.is_due = True
            self._when_due()

    def _time_out(self, control: Wait) -> None:
        if self.control is control and not self.is_due:
            control.is_timed_out = True
            self._arrive(control)
