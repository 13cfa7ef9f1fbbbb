"""The one way from other threads into the loop: calls are gathered and made together, once a turn."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable

_LOG = logging.getLogger("dotdo.serving")


class Doorbell:
    """Makes calls on the loop for whoever rings from any thread.

    Args:
        loop: The running loop of the thread that makes it.
    """

    __slots__ = ("_calls", "_is_ringing", "_loop", "_thread")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._calls: deque[Callable[[], object]] = deque()
        self._is_ringing = False

    def ring(self, call: Callable[[], object]) -> None:
        """Have the call made soon; without effect once the loop is closed."""
        self._calls.append(call)
        if self._is_ringing:  # set before the calls are taken, so this one is taken too
            return
        self._is_ringing = True
        is_here = threading.get_ident() == self._thread
        schedule = self._loop.call_soon if is_here else self._loop.call_soon_threadsafe
        try:
            schedule(self._answer)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            self._calls.clear()

    def _answer(self) -> None:
        self._is_ringing = False
        for _ in range(len(self._calls)):  # those that ring meanwhile have their own turn
            try:
                self._calls.popleft()()
            except Exception:  # noqa: BLE001  (a fault of one call must not lose the others)
                _LOG.exception("a call from outside the loop failed")
